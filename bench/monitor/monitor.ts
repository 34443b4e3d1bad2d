import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import config from '../../bulkhead.config.js';
import { startScratch } from '../../src/database/embedded/scratch.js';
import { writeFigures } from '../figures.js';
import { load } from '../load.js';
import { writeResults } from '../results.js';
import { provisionSample } from '../sample-database.js';
import { type BenchServer, startServer } from '../servers.js';
import { bootstrapInterval, spreadOf } from '../statistics.js';
import { recorderMemory } from './memory.js';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 18);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 2);
/** Until what is hot is compiled. */
const WARM_UP_SECONDS = 4;
/** After so many rounds the process is another. */
const ROUNDS_OF_PROCESS = 3;
const CONNECTIONS = 20;
const COMMAND = 'npm run bench -- monitor';
const BARS = { throughput: 0.97, p99: 1.05, cpuPerRequest: 1.03, memoryMb: 20 };

type Kind = 'on' | 'off';
/** Whatever drifts within a round touches both alike, and so does coming first or after oneself: each costs a twentieth. */
const ORDER: readonly Kind[] = ['on', 'off', 'off', 'on', 'off', 'on', 'on', 'off'];
const KINDS: readonly (readonly Kind[])[] = [
  ['on', 'off'],
  ['off', 'on'],
];

/** What one stretch of load gave. */
interface Leg {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** Of the gateway's processor, per request. */
  readonly cpuMs: number;
}

const QUERIES = [
  'query Front { posts(first: 10) { nodes { id title publishedAt author { id name } } } }',
  'query Page { posts(first: 5) { nodes { title comments(first: 3) { nodes { body author { name } } } } } }',
  'query Newest { posts(first: 1) { nodes { id title tags } } }',
];

/** The same gateway with the monitor on and off, over one database, in turn. */
export async function monitor(): Promise<boolean> {
  const scratch = await startScratch();
  const admin = await new mongo.MongoClient(scratch.uri).connect();
  const uri = await provisionSample(admin, scratch.uri, 'blog', config.products['blog']!, 1);
  await admin.close();
  // Production asks for it, though nobody serves it.
  const other = new URL(uri);
  other.pathname = '/aviation';
  const secret = randomBytes(32).toString('hex');
  const start = (kinds: readonly Kind[]) =>
    startServer('bench/monitor/two-gateways.js', kinds, {
      NODE_ENV: 'production',
      PORT: '0',
      BULKHEAD_RATE_LIMITS: 'false',
      BLOG_JWT_SECRET: secret,
      AVIATION_JWT_SECRET: randomBytes(32).toString('hex'),
      BLOG_MONGODB_URI: uri,
      AVIATION_MONGODB_URI: other.href,
      BULKHEAD_LOG_LEVEL: 'warn',
      BULKHEAD_COMPOSED: 'off',
    });
  const bodies = QUERIES.map((query) => JSON.stringify({ query }));
  const leg = async (server: BenchServer, address: string, seconds: number): Promise<Leg> => {
    const before = server.cpuMs();
    const { requestsPerSecond, p99Ms } = await load({
      url: `${address}/graphql/blog`,
      bodies,
      connections: CONNECTIONS,
      seconds,
    });
    return { requestsPerSecond, p99Ms, cpuMs: (server.cpuMs() - before) / (requestsPerSecond * seconds) };
  };
  const roundsOf = async (first: number): Promise<Record<Kind, Leg>[]> => {
    // Which of them is made first, and warm first, is another each time.
    const kinds = KINDS[(first / ROUNDS_OF_PROCESS) % KINDS.length]!;
    const server = await start(kinds);
    try {
      const addresses = server.address.split(' ');
      const addressOf = (kind: Kind) => addresses[kinds.indexOf(kind)]!;
      for (const kind of kinds) await leg(server, addressOf(kind), WARM_UP_SECONDS);
      const rounds: Record<Kind, Leg>[] = [];
      for (let round = first; round < Math.min(first + ROUNDS_OF_PROCESS, ROUNDS); round += 1) {
        const legs: Record<Kind, Leg[]> = { on: [], off: [] };
        for (const kind of ORDER) legs[kind].push(await leg(server, addressOf(kind), SECONDS));
        rounds.push({ on: meanOf(legs.on), off: meanOf(legs.off) });
      }
      return rounds;
    } finally {
      await server.stop();
    }
  };
  try {
    const ratios = { throughput: [] as number[], p99: [] as number[], cpuPerRequest: [] as number[] };
    const cpu = { on: [] as number[], off: [] as number[] };
    for (let first = 0; first < ROUNDS; first += ROUNDS_OF_PROCESS)
      for (const { on, off } of await roundsOf(first)) {
        ratios.throughput.push(on.requestsPerSecond / off.requestsPerSecond);
        ratios.p99.push(on.p99Ms / off.p99Ms);
        ratios.cpuPerRequest.push(on.cpuMs / off.cpuMs);
        cpu.on.push(on.cpuMs);
        cpu.off.push(off.cpuMs);
        process.stdout.write(
          `round ${cpu.on.length}: throughput ${ratios.throughput.at(-1)!.toFixed(3)}, p99 ${ratios.p99.at(-1)!.toFixed(3)}, processor per request ${ratios.cpuPerRequest.at(-1)!.toFixed(3)}\n`,
        );
      }
    const memoryMb = recorderMemory(20, 2_000);
    const spreads = {
      throughput: spreadOf(ratios.throughput),
      p99: spreadOf(ratios.p99),
      cpuPerRequest: spreadOf(ratios.cpuPerRequest),
    };
    const intervals = Object.entries(ratios).flatMap(([name, values]) => {
      const { low, high } = bootstrapInterval(values);
      return [
        [`${name}.low95`, low],
        [`${name}.high95`, high],
      ] as const;
    });
    writeResults('monitor', {
      rounds: ROUNDS,
      mongod: scratch.version,
      figures: {
        'on.cpuMsPerRequest': spreadOf(cpu.on),
        'off.cpuMsPerRequest': spreadOf(cpu.off),
        memoryMb,
        ...Object.fromEntries(intervals),
      },
      ratios: spreads,
    });
    writeFigures('docs/monitoring.md', 'monitor', COMMAND);
    process.stdout.write(`${JSON.stringify(spreads)} ${memoryMb} MB\n`);
    return (
      spreads.throughput.median >= BARS.throughput &&
      spreads.p99.median <= BARS.p99 &&
      spreads.cpuPerRequest.median <= BARS.cpuPerRequest &&
      memoryMb <= BARS.memoryMb
    );
  } finally {
    await scratch.stop();
  }
}

const meanOf = (legs: readonly Leg[]): Leg => {
  const mean = (of: (leg: Leg) => number) => legs.reduce((sum, leg) => sum + of(leg), 0) / legs.length;
  return {
    requestsPerSecond: mean((leg) => leg.requestsPerSecond),
    p99Ms: mean((leg) => leg.p99Ms),
    cpuMs: mean((leg) => leg.cpuMs),
  };
};
