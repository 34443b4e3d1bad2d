import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client.js';
import { writeFigures } from '../figures.js';
import { load } from '../load.js';
import { openLoad } from '../open-load.js';
import { writeResults } from '../results.js';
import { bootstrapInterval, percentile, type Spread, spreadOf } from '../statistics.js';
import { NAMES } from './eight.config.js';
import { FAULTS } from './faults.js';
import { startFleet, STRICKEN } from './fleet.js';

/** Of each fault: a leg with it and one without, in alternating order. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
/** Long enough for a major collection of the heap in every leg: one comes every ten seconds and is a percent of six. */
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 12);
/** Of the peak: what a server that is not overloaded has to bear. */
const LOAD = 0.5;
/** The bars: answers kept, and how much slower the slowest may be. */
const KEEPS = 0.95;
const SLOWER = 1.5;

const BODY = JSON.stringify({
  query: '{ posts(first: 20) { nodes { id title tags authorName publishedAt author { id name } } } }',
});

/** Waits until all products are ready, and the one that was struck answers. */
async function settle(address: string): Promise<void> {
  const isReady = async () => {
    const answer = await fetch(`${address}/health/ready`);
    const { products } = (await answer.json()) as { products: Record<string, { state: string }> };
    return Object.values(products).every(({ state }) => state === 'ready');
  };
  const client = new Client(address);
  while (!(await isReady()) || (await client.send(STRICKEN, BODY)) !== 'good') await sleep(100);
  client.close();
  await sleep(500);
}

/** The peak, by as many connections as it takes, on the products in turn. */
async function peakOf(address: string): Promise<number> {
  const peaks: number[] = [];
  for (const name of NAMES) {
    const url = `${address}/graphql/${name}`;
    await load({ url, bodies: [BODY], connections: 20, seconds: 1 });
    peaks.push((await load({ url, bodies: [BODY], connections: 20, seconds: 2 })).requestsPerSecond);
  }
  return spreadOf(peaks).median;
}

/**
 * One of eight products in trouble, under a fixed load on all of them: what the other seven notice.
 *
 * @param wanted faults by the name of their figures; none means all.
 */
export async function siege(wanted: readonly string[]): Promise<boolean> {
  const names = wanted.length > 0 ? wanted : Object.keys(FAULTS);
  const unknown = names.filter((name) => !(name in FAULTS));
  if (unknown.length > 0)
    throw new Error(`No such fault: ${unknown.join(', ')}. Known: ${Object.keys(FAULTS).join(', ')}.`);
  const fleet = await startFleet();
  try {
    const { address, stricken } = fleet;
    await settle(address);
    const peak = await peakOf(address);
    const rate = peak * LOAD;
    process.stdout.write(`peak ${peak.toFixed(0)} requests/s; the load is ${rate.toFixed(0)}\n`);
    const leg = async () => {
      const samples = await openLoad({ address, products: NAMES, body: BODY, rate, seconds: SECONDS });
      const others = samples.filter(({ product }) => product !== STRICKEN);
      const good = others.filter(({ outcome }) => outcome === 'good');
      return {
        good: good.length / others.length,
        p99: percentile(
          good.map(({ tookMs }) => tookMs),
          0.99,
        ),
        crossed: others.length - good.length,
        unnamed: samples.filter(({ product, outcome }) => product === STRICKEN && outcome === 'other').length,
      };
    };
    for (let warm = 0; warm < 2; warm += 1) await leg();
    const whole: number[] = [];
    const figures: Record<string, number | Spread> = {};
    const ratios: Record<string, Spread> = {};
    let crossed = 0;
    let unnamed = 0;
    let passes = true;
    for (const name of names) {
      const strickenLeg = async () => {
        const mend = await FAULTS[name]!(stricken);
        try {
          return await leg();
        } finally {
          await mend();
          await settle(address);
        }
      };
      const seen = { kept: [] as number[], slower: [] as number[], beside: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = round % 2 === 0 ? await leg() : undefined;
        const beside = await strickenLeg();
        const without = before ?? (await leg());
        seen.kept.push(beside.good / without.good);
        seen.slower.push(beside.p99 / without.p99);
        seen.beside.push(beside.p99);
        whole.push(without.p99);
        crossed += beside.crossed;
        unnamed += beside.unnamed;
        process.stdout.write(
          `${name} ${round + 1}: kept ${beside.good.toFixed(4)} against ${without.good.toFixed(4)}, ` +
            `p99 ${beside.p99.toFixed(1)} against ${without.p99.toFixed(1)} ms, ` +
            `${beside.crossed} crossed over, ${beside.unnamed} without a name\n`,
        );
      }
      const [kept, slower] = [spreadOf(seen.kept), spreadOf(seen.slower)];
      ratios[`throughputBeside${name}`] = kept;
      ratios[`p99Beside${name}`] = slower;
      figures[`beside${name}.p99Ms`] = spreadOf(seen.beside);
      for (const [key, values] of [
        [`throughputBeside${name}`, seen.kept],
        [`p99Beside${name}`, seen.slower],
      ] as const) {
        const { low, high } = bootstrapInterval(values);
        figures[`${key}.low95`] = low;
        figures[`${key}.high95`] = high;
      }
      const isKept = kept.median >= KEEPS && slower.median <= SLOWER;
      passes &&= isKept;
      process.stdout.write(
        `${name}: answers kept ${kept.median} (bar ${KEEPS}), p99 ${slower.median} times (bar ${SLOWER})${isKept ? '' : ': NOT KEPT'}\n`,
      );
    }
    writeResults('siege', {
      rounds: ROUNDS,
      mongod: stricken.server.version,
      figures: {
        peakPerSecond: Math.round(peak),
        ratePerSecond: Math.round(rate),
        'whole.p99Ms': spreadOf(whole),
        ...figures,
        errorsCrossedOver: crossed,
        errorsWithoutAName: unnamed,
      },
      ratios,
    });
    writeFigures('docs/reliability.md', 'siege', 'npm run bench -- siege');
    process.stdout.write(`${crossed} errors crossed over, ${unnamed} without a name\n`);
    return passes && crossed === 0 && unnamed === 0;
  } finally {
    await fleet.stop();
  }
}
