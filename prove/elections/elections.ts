import { mongo } from 'mongoose';
import { writeFigures } from '../../bench/figures.js';
import { writeResults } from '../../bench/results.js';
import { type Spread, spreadOf } from '../../bench/statistics.js';
import { findMongod } from '../../src/database/embedded/find-mongod.js';
import { LEAKS } from '../siege/bodies.js';
import { randomFrom } from '../siege/mutate.js';
import { BareDriver } from './bare-driver.js';
import { startGateway } from './gateway.js';
import one from './one.config.js';
import { PRODUCT } from './product.js';
import { checkPromises } from './promises.js';
import { ReplicaSet } from './replica-set.js';
import { type Fault, FAULTS, playRound, type Round, waitsOf } from './rounds.js';
import { type Answer, Traffic } from './traffic.js';

const WHOLE = 20;
const ROUNDS = Number(process.env['PROVE_ROUNDS'] ?? WHOLE);
const CHOSEN = (process.env['PROVE_FAULTS'] ?? FAULTS.join()).split(',') as Fault[];
const COMMAND = 'npm run prove -- elections';
const SEED = Number(process.env['PROVE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** The bars: the median gap, of reads and of writes. */
const BARS_MS: Readonly<Partial<Record<Fault, number>>> = {
  kill: 3_000,
  killTuned: 3_000,
  stepDown: 500,
  stepDownPrepared: 500,
};
/**
 * A bar that a client without a gateway misses in the same rounds is the servers' to keep, and the gateway may add so
 * much: after a step-down no majority acknowledges for as long as the third member waits on its old source.
 */
const ADDED_MS = 100;
/** How a request may be refused while there is no primary. */
const TYPED = new Set(['PRODUCT_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'IDEMPOTENCY_IN_FLIGHT']);
/** On top of the deadline: what lies between client and gateway, on a machine that everything here shares. */
const MARGIN_MS = 500;
/** A maximum that is so many times the median is explained. */
const STRIKING = 3;

/**
 * The primary of a product's replica set killed, asked to step down and frozen, under open load: reads and writes
 * resume, refusals are typed and in time, and what was acknowledged is there.
 */
export async function elections(): Promise<boolean> {
  process.stdout.write(`seed ${SEED}: PROVE_SEED=${SEED} ${COMMAND} draws the same again\n`);
  // Handlers of the process's end run when it is asked to end, and not when a signal ends it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const { path } = await findMongod({ env: process.env });
  const set = await ReplicaSet.start(path);
  try {
    return await prove(set);
  } finally {
    await set.stop();
  }
}

async function prove(set: ReplicaSet): Promise<boolean> {
  const mongod = await set.version();
  const { gateway, token } = await startGateway(set);
  const admin = new mongo.MongoClient(set.uri);
  const traffic = new Traffic({ address: gateway.address, token }, SEED);
  const bare = new BareDriver(set.uri);
  try {
    await traffic.prepare(admin);
    const random = randomFrom(SEED + 1);
    const rounds: Round[] = [];
    const running = Promise.all([traffic.run(), bare.run()]);
    for (const fault of CHOSEN) {
      await set.wait(waitsOf(fault));
      for (let n = 0; n < ROUNDS; n += 1) {
        const round = await playRound(fault, { set, gateway, traffic, bare, random });
        rounds.push(round);
        process.stdout.write(`${fault} ${n + 1}: ${tell(round)}\n`);
      }
    }
    traffic.stop();
    await bare.stop();
    await running;
    await traffic.settle();
    const found = await checkPromises(admin, traffic);
    const wrong = wrongAnswers(traffic.answers);
    const failures = [
      ...found.lost.map((what) => `lost: ${what}`),
      ...found.doubled.map((what) => `doubled: ${what}`),
      ...found.drifted.map((what) => `drifted: ${what}`),
      ...found.negative.map((what) => `negative: ${what}`),
      ...traffic.contradictions.map((what) => `contradicted: ${what}`),
      ...gateway.faults.map((line) => `log: ${line.slice(0, 800)}`),
      ...wrong,
      ...(gateway.hasEnded ? ['the gateway has ended'] : []),
      ...CHOSEN.flatMap((fault) => missed(fault, rounds)),
    ];
    for (const line of failures.slice(0, 30)) process.stdout.write(`  ${line}\n`);
    const gaps = Object.fromEntries(CHOSEN.flatMap((fault) => Object.entries(figuresOf(fault, rounds))));
    const figures: Readonly<Record<string, number | Spread>> = {
      ...gaps,
      acknowledged: found.acknowledged,
      lost: found.lost.length,
      doubled: found.doubled.length + traffic.contradictions.length,
      drifted: found.drifted.length,
      negative: found.negative.length,
      untyped: wrong.length,
      masked: gateway.faults.length,
      slowestRefusalMs: Math.max(...rounds.map(({ slowestRefusalMs }) => slowestRefusalMs)),
      seed: SEED,
    };
    for (const [name, value] of Object.entries(figures))
      process.stdout.write(
        `${name.padEnd(32)} ${typeof value === 'number' ? value : `${value.median} (${value.min} to ${value.max})`}\n`,
      );
    for (const fault of CHOSEN) for (const line of explain(fault, rounds)) process.stdout.write(`${line}\n`);
    // The page tells of twenty rounds; what was promised, of all faults together.
    if (ROUNDS >= WHOLE) {
      const written = CHOSEN.length === FAULTS.length ? figures : gaps;
      writeResults('elections', { command: COMMAND, rounds: ROUNDS, mongod, figures: written, ratios: {} });
      writeFigures('docs/reliability.md', 'elections', COMMAND);
    }
    return failures.length === 0;
  } finally {
    traffic.close();
    await admin.close();
    await gateway.end();
  }
}

/** What is wrong with refusals: no name or another, words of the driver, no hint when to come back, or too late. */
function wrongAnswers(answers: readonly Answer[]): string[] {
  const limitMs = one.products[PRODUCT]!.limits.deadlineMs + MARGIN_MS;
  return answers
    .filter(({ code }) => code !== 'OK')
    .flatMap((answer) => {
      const { kind, code, text, sentAt, answeredAt, isRefusalComplete } = answer;
      const ms = answeredAt - sentAt;
      if (TYPED.has(code) && isRefusalComplete && !LEAKS.test(text) && ms <= limitMs) return [];
      return [`${kind} answered ${code} after ${ms} ms: ${text.slice(0, 300)}`];
    });
}

const of = (fault: Fault, rounds: readonly Round[]) => rounds.filter((round) => round.fault === fault);

function figuresOf(fault: Fault, rounds: readonly Round[]) {
  const own = of(fault, rounds);
  const spread = (value: (round: Round) => number) => spreadOf(own.map(value));
  return {
    [`${fault}.readGapMs`]: spread(({ readGapMs }) => readGapMs),
    [`${fault}.writeGapMs`]: spread(({ writeGapMs }) => writeGapMs),
    [`${fault}.bareDriver.readGapMs`]: spread(({ bareReadGapMs }) => bareReadGapMs),
    [`${fault}.bareDriver.writeGapMs`]: spread(({ bareWriteGapMs }) => bareWriteGapMs),
    [`${fault}.electionMs`]: spread(({ electionMs }) => electionMs),
    [`${fault}.readyMs`]: spread(({ readyMs }) => readyMs),
    [`${fault}.refused`]: spread(({ refusals }) => sum(refusals)),
    [`${fault}.asked`]: spread(({ asked }) => asked),
    ...(own.some(({ preparing }) => preparing) && {
      [`${fault}.preparing.ms`]: spread(({ preparing }) => preparing?.ms ?? 0),
      [`${fault}.preparing.writeGapMs`]: spread(({ preparing }) => preparing?.writeGapMs ?? 0),
    }),
  };
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, one) => total + one, 0);

function missed(fault: Fault, rounds: readonly Round[]): string[] {
  const bar = BARS_MS[fault];
  if (bar === undefined) return [];
  const median = (of: (round: Round) => number) => spreadOf(own.map(of)).median;
  const own = of(fault, rounds);
  return [
    ['reads', median(({ readGapMs }) => readGapMs), median(({ bareReadGapMs }) => bareReadGapMs)] as const,
    [
      'writes',
      median(({ writeGapMs }) => writeGapMs),
      median(({ bareWriteGapMs }) => bareWriteGapMs),
    ] as const,
  ].flatMap(([what, found, bare]) =>
    found <= Math.max(bar, bare > bar ? bare + ADDED_MS : 0)
      ? []
      : [`${fault}: the median gap of ${what} is ${found} ms, above ${bar}; of the bare driver ${bare}`],
  );
}

/** Where the time of a round went. */
const tell = (round: Round): string =>
  [
    `reads ${round.readGapMs} ms, writes ${round.writeGapMs} ms, of the bare driver ${round.bareReadGapMs} and ${round.bareWriteGapMs}`,
    `(${round.elections === 1 ? 'election' : `${round.elections} elections`} ${round.electionMs} ms after the fault`,
    `ready ${round.readyMs} ms later, first read ${round.readAnswerMs} ms and first write ${round.writeAnswerMs} ms after that)`,
    ...(round.preparing
      ? [`prepared for ${round.preparing.ms} ms, writes meanwhile ${round.preparing.writeGapMs} ms`]
      : []),
    `of ${round.asked}: ${JSON.stringify(round.refusals)}, slowest refusal ${round.slowestRefusalMs} ms`,
  ].join(', ');

/** A maximum over three times its median, with what its time was spent in. */
function explain(fault: Fault, rounds: readonly Round[]): string[] {
  const own = of(fault, rounds);
  return (['readGapMs', 'writeGapMs'] as const).flatMap((gap) => {
    const { median, max } = spreadOf(own.map((round) => round[gap]));
    if (max <= STRIKING * median) return [];
    return [
      `${fault}: ${gap} ${max} is over three times the median ${median}: ${tell(own.find((round) => round[gap] === max)!)}`,
    ];
  });
}
