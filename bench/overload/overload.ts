import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import config from '../../bulkhead.config.js';
import { startScratch } from '../../src/database/embedded/scratch.js';
import { writeFigures } from '../figures.js';
import type { Sample } from '../open-load.js';
import { writeResults } from '../results.js';
import { provisionSample } from '../sample-database.js';
import { bootstrapInterval, percentile, spreadOf } from '../statistics.js';
import type { Leg, LegResult } from './generator.js';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
/** Of overload, in one go. */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 30);
const PEAK_SECONDS = 8;
const RECOVERY_SECONDS = 6;
/** Set to a folder to have the gateway write a CPU profile there when it ends. */
const PROFILE = process.env['BENCH_PROFILE'];

const TIMES = 5;
const CONNECTIONS = 20;
/** After the overload: half of what it can do. */
const REST = 0.5;
/** An answer that comes later has not recovered. */
const SOON_MS = 500;
/** An answer that comes later finds nobody who waits for it: the deadline of an operation. */
const OF_USE_MS = 5_000;
/** The bars: answers kept, and the peak that makes the operation an expensive one. */
const KEEPS = 0.8;
const MOST_PER_SECOND = 300;
/** And bytes that may stay behind, in MiB, which is the noise of a heap that runs. */
const GROWS_MB = 10;

const PRODUCT = 'blog';
const BODY = JSON.stringify({
  query: `{ posts(first: 40) { nodes {
    id title body tags status publishedAt author { id name }
    comments(first: 3) { nodes { id body author { name } } }
  } } }`,
});

interface Stage {
  readonly address: string;
  readonly mongod: string;
  run(leg: Leg): Promise<LegResult>;
  /** What the gateway's heap holds after a full collection, in MiB. */
  heapMb(): Promise<number>;
  stop(): Promise<void>;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** The database, the gateway as it is started in production, and the generator: each a process of its own. */
async function setTheStage(): Promise<Stage> {
  const scratch = await startScratch();
  const admin = await new mongo.MongoClient(scratch.uri).connect();
  const uri = await provisionSample(admin, scratch.uri, PRODUCT, config.products[PRODUCT]!, 1);
  await admin.close();
  const gateway = fork(path('../../src/cli/main.js'), ['start', PRODUCT], {
    env: {
      ...process.env,
      PORT: '0',
      BLOG_MONGODB_URI: uri,
      AVIATION_MONGODB_URI: '',
      BULKHEAD_COMPOSED: 'off',
      BULKHEAD_LOG_LEVEL: 'info',
      // The generator is one client.
      BULKHEAD_RATE_LIMITS: 'false',
    },
    execArgv: [
      '--expose-gc',
      `--import=${path('heap-probe.js')}`,
      ...(PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${PROFILE}`] : []),
    ],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ listening }] = (await once(gateway, 'message')) as [{ listening: string }];
  const generator = fork(path('generator.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    address: listening,
    mongod: scratch.version,
    async run(leg) {
      generator.send(leg);
      const [result] = (await once(generator, 'message')) as [LegResult];
      return result;
    },
    async heapMb() {
      gateway.send('heap');
      const [{ heapUsed }] = (await once(gateway, 'message')) as [{ heapUsed: number }];
      return heapUsed / 2 ** 20;
    },
    async stop() {
      await end(generator);
      await end(gateway);
      await scratch.stop();
    },
  };
}

/** Answers that came while they were of use, and before the load was over. */
const goodPerSecond = (samples: readonly Sample[], seconds: number): number =>
  samples.filter(
    ({ outcome, dueMs, tookMs }) =>
      outcome === 'good' && tookMs <= OF_USE_MS && dueMs + tookMs <= seconds * 1_000,
  ).length / seconds;

/** When the last request was due that was not answered well and soon, in seconds since the load began. */
const recoveredAfter = (samples: readonly Sample[]): number =>
  Math.max(
    0,
    ...samples
      .filter(({ outcome, tookMs }) => outcome !== 'good' || tookMs > SOON_MS)
      .map(({ dueMs }) => dueMs / 1_000),
  );

/** Five times what the gateway can do: how much of that it still does, and what becomes of the rest. */
export async function overload(): Promise<boolean> {
  const stage = await setTheStage();
  try {
    const load = { address: stage.address, products: [PRODUCT], body: BODY };
    const peakOf = async (seconds: number) => {
      const [samples] = await stage.run({
        kind: 'closed',
        connections: CONNECTIONS,
        load: { ...load, seconds },
      });
      return goodPerSecond(samples!, seconds);
    };
    // One overload as well, so that what an overload makes once is there before memory is looked at.
    const warm = await peakOf(PEAK_SECONDS);
    await stage.run({ kind: 'open', loads: [{ ...load, rate: warm * TIMES, seconds: 5 }] });
    await sleep(1_000);
    const seen = {
      kept: [] as number[],
      peak: [] as number[],
      goodP99: [] as number[],
      refusedP99: [] as number[],
      heap: [] as number[],
      recovery: [] as number[],
      rest: [] as number[],
    };
    let unnamed = 0;
    let heap = await stage.heapMb();
    const heapBefore = heap;
    // A peak before each overload and one after it: a machine that changes meanwhile changes both.
    let before = await peakOf(PEAK_SECONDS);
    for (let round = 0; round < ROUNDS; round += 1) {
      const [overloaded, rest] = (await stage.run({
        kind: 'open',
        loads: [
          { ...load, rate: before * TIMES, seconds: SECONDS },
          { ...load, rate: before * REST, seconds: RECOVERY_SECONDS },
        ],
      })) as [Sample[], Sample[]];
      await sleep(1_000);
      heap = await stage.heapMb();
      const after = await peakOf(PEAK_SECONDS);
      const peak = (before + after) / 2;
      before = after;
      const took = (outcome: string) =>
        overloaded.filter((sample) => sample.outcome === outcome).map(({ tookMs }) => tookMs);
      seen.peak.push(peak);
      seen.kept.push(goodPerSecond(overloaded, SECONDS) / peak);
      seen.goodP99.push(percentile(took('good'), 0.99));
      seen.refusedP99.push(percentile(took('unavailable'), 0.99));
      seen.recovery.push(recoveredAfter(rest));
      seen.rest.push(rest.filter(({ outcome }) => outcome === 'good').length / rest.length);
      seen.heap.push(heap);
      unnamed += [...overloaded, ...rest].filter(({ outcome }) => outcome === 'other').length;
      process.stdout.write(
        `round ${round + 1}: peak ${peak.toFixed(0)}/s, kept ${seen.kept.at(-1)!.toFixed(3)}, ` +
          `good p50 ${percentile(took('good'), 0.5).toFixed(0)} p99 ${seen.goodP99.at(-1)!.toFixed(0)} ms, ` +
          `refused ${took('unavailable').length} p50 ${percentile(took('unavailable'), 0.5).toFixed(0)} ` +
          `p99 ${seen.refusedP99.at(-1)!.toFixed(0)} ms, ` +
          `heap ${heap.toFixed(1)} MiB, recovered after ${seen.recovery.at(-1)!.toFixed(2)} s ` +
          `(${seen.rest.at(-1)!.toFixed(3)} good), ${unnamed} others\n`,
      );
    }
    const [kept, grown] = [spreadOf(seen.kept), heap - heapBefore];
    const { low, high } = bootstrapInterval(seen.kept);
    writeResults('overload', {
      rounds: ROUNDS,
      mongod: stage.mongod,
      figures: {
        peakPerSecond: spreadOf(seen.peak),
        'goodput.low95': low,
        'goodput.high95': high,
        'good.p99Ms': spreadOf(seen.goodP99),
        'refused.p99Ms': spreadOf(seen.refusedP99),
        secondsToRecover: spreadOf(seen.recovery),
        goodInRecovery: spreadOf(seen.rest),
        'heapMb.before': Math.round(heapBefore * 10) / 10,
        'heapMb.after': spreadOf(seen.heap),
        errorsWithoutAName: unnamed,
      },
      ratios: { goodput: kept },
    });
    writeFigures('docs/reliability.md', 'overload', 'npm run bench -- overload');
    process.stdout.write(
      `goodput ${kept.median} of the peak (bar ${KEEPS}; 95 %: ${low} to ${high}), heap ${grown.toFixed(1)} MiB more (bar ${GROWS_MB})\n`,
    );
    return (
      kept.median >= KEEPS &&
      spreadOf(seen.peak).median <= MOST_PER_SECOND &&
      grown <= GROWS_MB &&
      unnamed === 0
    );
  } finally {
    await stage.stop();
  }
}
