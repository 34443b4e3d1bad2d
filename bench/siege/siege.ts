import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { type EmbeddedServer } from '../../src/database/embedded/supervisor.js';
import { startScratch } from '../../src/database/embedded/scratch.js';
import { writeFigures } from '../figures.js';
import { load } from '../load.js';
import { writeResults } from '../results.js';
import { provisionSample } from '../sample-database.js';
import { bootstrapInterval, percentile, spreadOf } from '../statistics.js';
import eight, { NAMES } from './eight.config.js';
import { openLoad } from '../open-load.js';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
/** Long enough for a major collection of the heap in every leg: one comes every ten seconds and is a percent of six. */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 12);
/** Of the peak: what a server that is not overloaded has to bear. */
const LOAD = 0.5;
const SCALE = 0.05;
const FROZEN = NAMES[0];
/** The bars: answers kept, and how much slower the slowest may be. */
const KEEPS = 0.95;
const SLOWER = 1.5;

const BODY = JSON.stringify({
  query: '{ posts(first: 20) { nodes { id title tags authorName publishedAt author { id name } } } }',
});

interface Fleet {
  readonly address: string;
  readonly servers: ReadonlyMap<string, EmbeddedServer>;
  stop(): Promise<void>;
}

/** Eight products, each on a server of its own (with a cache of 0.25 GB, as scratch servers have), behind one gateway. */
async function startFleet(): Promise<Fleet> {
  const servers = new Map<string, EmbeddedServer>();
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PORT: '0',
    BULKHEAD_LOG_LEVEL: 'error',
    BULKHEAD_RATE_LIMITS: 'false',
  };
  for (const name of NAMES) {
    const server = await startScratch();
    servers.set(name, server);
    const admin = await new mongo.MongoClient(server.uri).connect();
    env[`${name.toUpperCase()}_MONGODB_URI`] = await provisionSample(
      admin,
      server.uri,
      name,
      eight.products[name]!,
      SCALE,
    );
    await admin.close();
  }
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const gateway = fork(path('../../src/cli/main.js'), ['start', '--config', path('eight.config.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = (await once(gateway, 'message')) as [{ listening: string }];
  return {
    address: message.listening,
    servers,
    async stop() {
      const exit = once(gateway, 'exit');
      gateway.kill('SIGTERM');
      await exit;
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
  };
}

async function isReady(address: string): Promise<boolean> {
  const answer = await fetch(`${address}/health/ready`);
  const { products } = (await answer.json()) as { products: Record<string, { state: string }> };
  return Object.values(products).every(({ state }) => state === 'ready');
}

async function settle(address: string): Promise<void> {
  while (!(await isReady(address))) await sleep(100);
  await sleep(500);
}

/** One of eight products frozen, under a fixed load on all of them: what the other seven notice. */
export async function siege(): Promise<boolean> {
  const fleet = await startFleet();
  try {
    const { address, servers } = fleet;
    await settle(address);
    // The peak, by as many connections as it takes, on all products in turn.
    const peaks: number[] = [];
    for (const name of NAMES) {
      const url = `${address}/graphql/${name}`;
      await load({ url, bodies: [BODY], connections: 20, seconds: 1 });
      peaks.push((await load({ url, bodies: [BODY], connections: 20, seconds: 2 })).requestsPerSecond);
    }
    const peak = spreadOf(peaks).median;
    const rate = peak * LOAD;
    process.stdout.write(`peak ${peak.toFixed(0)} requests/s; the load is ${rate.toFixed(0)}\n`);
    const leg = async () => {
      const samples = await openLoad({ address, products: NAMES, body: BODY, rate, seconds: SECONDS });
      const others = samples.filter(({ product }) => product !== FROZEN);
      const good = others.filter(({ outcome }) => outcome === 'good');
      return {
        good: good.length / others.length,
        p99: percentile(
          good.map(({ tookMs }) => tookMs),
          0.99,
        ),
        crossed: others.length - good.length,
        unnamed: samples.filter(({ product, outcome }) => product === FROZEN && outcome === 'other').length,
      };
    };
    for (let warm = 0; warm < 2; warm += 1) await leg();
    const seen = {
      kept: [] as number[],
      slower: [] as number[],
      whole: [] as number[],
      beside: [] as number[],
    };
    let crossed = 0;
    let unnamed = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const frozenLeg = async () => {
        const { pid } = servers.get(FROZEN)!;
        process.kill(pid, 'SIGSTOP');
        try {
          return await leg();
        } finally {
          process.kill(pid, 'SIGCONT');
          await settle(address);
        }
      };
      const [whole, beside] =
        round % 2 === 0
          ? [await leg(), await frozenLeg()]
          : await frozenLeg().then(async (frozen) => [await leg(), frozen] as const);
      seen.kept.push(beside.good / whole.good);
      seen.slower.push(beside.p99 / whole.p99);
      seen.whole.push(whole.p99);
      seen.beside.push(beside.p99);
      crossed += beside.crossed;
      unnamed += beside.unnamed;
      process.stdout.write(
        `round ${round + 1}: kept ${beside.good.toFixed(4)} against ${whole.good.toFixed(4)}, p99 ${beside.p99.toFixed(1)} against ${whole.p99.toFixed(1)} ms\n`,
      );
    }
    const [kept, slower] = [bootstrapInterval(seen.kept), bootstrapInterval(seen.slower)];
    writeResults('siege', {
      rounds: ROUNDS,
      mongod: servers.get(FROZEN)!.version,
      figures: {
        peakPerSecond: Math.round(peak),
        ratePerSecond: Math.round(rate),
        'whole.p99Ms': spreadOf(seen.whole),
        'besideFrozen.p99Ms': spreadOf(seen.beside),
        errorsCrossedOver: crossed,
        errorsWithoutAName: unnamed,
        'throughputBesideFrozen.low95': kept.low,
        'throughputBesideFrozen.high95': kept.high,
        'p99BesideFrozen.low95': slower.low,
        'p99BesideFrozen.high95': slower.high,
      },
      ratios: { throughputBesideFrozen: spreadOf(seen.kept), p99BesideFrozen: spreadOf(seen.slower) },
    });
    writeFigures('docs/reliability.md', 'siege', 'npm run bench -- siege');
    const [keeps, slows] = [spreadOf(seen.kept).median, spreadOf(seen.slower).median];
    process.stdout.write(
      `answers kept ${keeps} (bar ${KEEPS}), p99 ${slows} times (95 %: ${slower.low} to ${slower.high}; bar ${SLOWER}), ${crossed} errors crossed over\n`,
    );
    return keeps >= KEEPS && slows <= SLOWER && crossed === 0 && unnamed === 0;
  } finally {
    await fleet.stop();
  }
}
