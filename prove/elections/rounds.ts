import { setTimeout as sleep } from 'node:timers/promises';
import { stepDown } from '../../src/database/replica-set/step-down.js';
import type { ProvedGateway } from '../support/gateway.js';
import type { BareDriver } from './bare-driver.js';
import { PRODUCT } from './product.js';
import { type Member, type ReplicaSet, TWO_SECONDS, type Waits } from './replica-set.js';
import type { Answer, Traffic } from './traffic.js';

/**
 * What befalls the primary. `killTuned` is a kill under an election timeout that suits the servers, `stepDownPrepared`
 * a step-down by `bulkhead step-down`.
 */
export type Fault = 'kill' | 'killTuned' | 'stepDown' | 'stepDownPrepared' | 'freeze';
export const FAULTS: readonly Fault[] = ['kill', 'killTuned', 'stepDown', 'stepDownPrepared', 'freeze'];

/**
 * How the servers wait for each other, where not as in {@link TWO_SECONDS}.
 *
 * A member that lost its source looks for another once a second, and only with one there is a majority. Counted from
 * the kill, an election of two seconds is over after the look at the second full one and long before that at the third.
 * `kill` moves the looks by half a second, which members spend in trying the lost source again; a member that followed
 * another follower would begin to look later, so all follow the primary. `killTuned` moves the election instead: with
 * the up to 15 % that servers add, 1,700 ms are over before the second look.
 */
const WAITS: Readonly<Partial<Record<Fault, Waits>>> = {
  kill: { ...TWO_SECONDS, chainingAllowed: false, fetcherRestarts: 9 },
  killTuned: { ...TWO_SECONDS, electionTimeoutMillis: 1_700 },
};
export const waitsOf = (fault: Fault): Waits => WAITS[fault] ?? TWO_SECONDS;

/** How long a killed primary stays away, a frozen one is frozen, and one that stepped down is watched. */
const LASTS_MS: Readonly<Record<Fault, number>> = {
  kill: 6_000,
  killTuned: 6_000,
  stepDown: 4_000,
  stepDownPrepared: 4_000,
  freeze: 15_000,
};
const SETTLED_MS = 1_000;
/** For so long one that stepped down does not stand for election. */
const STEP_DOWN_S = 10;
/** Until the servers and the gateway are whole again. */
const WHOLE_MS = 120_000;

/** One fault and what clients saw of it. */
export interface Round {
  readonly fault: Fault;
  /** Longest time without a good answer, for reads, attempts and transfers together as writes. */
  readonly readGapMs: number;
  readonly writeGapMs: number;
  /** The same for a client of the driver without a gateway. */
  readonly bareReadGapMs: number;
  readonly bareWriteGapMs: number;
  /** From the fault until a member took writes, by the servers' own logs, for the last such member within the gap. */
  readonly electionMs: number;
  /** How many times a member became primary. */
  readonly elections: number;
  /** From then until the product was ready again, by the gateway's log; 0 when it was so already. */
  readonly readyMs: number;
  /** From the later of the two until the first good answer. */
  readonly readAnswerMs: number;
  readonly writeAnswerMs: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly asked: number;
  readonly slowestRefusalMs: number;
  /** How long the set was prepared, and the longest time without a good write from then until the fault. */
  readonly preparing?: { readonly ms: number; readonly writeGapMs: number };
  readonly answers: readonly Answer[];
}

/** What a round is played with. */
export interface Stage {
  readonly set: ReplicaSet;
  readonly gateway: ProvedGateway;
  readonly traffic: Traffic;
  readonly bare: BareDriver;
  readonly random: () => number;
}

/** Befalls the primary with a fault at a random moment under traffic, waits it out, and tells what was seen. */
export async function playRound(fault: Fault, stage: Stage): Promise<Round> {
  const { set, gateway, traffic, random } = stage;
  await whole(set, gateway);
  const first = traffic.answers.length;
  const begunAt = Date.now();
  // Long enough for good answers before the fault, and nowhere near the same beat of heart each time.
  await sleep(500 + random() * 1_000);
  const { at, mend } = await BEFALL[fault](await set.healthy(), set);
  await sleep(LASTS_MS[fault] - (Date.now() - at));
  await mend?.();
  await whole(set, gateway);
  await sleep(SETTLED_MS);
  const answers = traffic.answers.slice(Math.max(0, first - 200));
  const round = measure(fault, at, answers, stage);
  if (fault !== 'stepDownPrepared') return round;
  const writeGapMs = gapOf(goodOf(answers, isWrite), begunAt, at).ms;
  return { ...round, preparing: { ms: at - begunAt, writeGapMs } };
}

/** When the fault befell the primary, and what ends it. */
interface Befallen {
  readonly at: number;
  readonly mend?: () => Promise<void>;
}

async function kill(primary: Member): Promise<Befallen> {
  const at = Date.now();
  await primary.kill();
  return { at, mend: () => primary.restart() };
}

const BEFALL: Readonly<Record<Fault, (primary: Member, set: ReplicaSet) => Promise<Befallen>>> = {
  kill,
  killTuned: kill,
  async stepDown(primary) {
    const at = Date.now();
    await primary.client
      .db('admin')
      .command({ replSetStepDown: STEP_DOWN_S, secondaryCatchUpPeriodSecs: STEP_DOWN_S / 2 });
    return { at };
  },
  async stepDownPrepared(_, { uri }) {
    let at = 0;
    await stepDown(uri, {
      signal: new AbortController().signal,
      onStep: (step) => {
        if (step === 'step down') at = Date.now();
      },
    });
    return { at };
  },
  async freeze(primary) {
    const at = Date.now();
    primary.freeze();
    return { at, mend: async () => primary.thaw() };
  },
};

async function whole(set: ReplicaSet, gateway: ProvedGateway): Promise<void> {
  await set.healthy();
  for (const until = Date.now() + WHOLE_MS; !(await gateway.isReady(PRODUCT)); await sleep(50))
    if (Date.now() > until) throw new Error('The gateway does not serve again after two minutes.');
}

/** The longest time without a good answer, from the last one before the fault to the end of the watch. */
function gapOf(
  answeredAt: readonly number[],
  at: number,
  end: number,
): { readonly ms: number; readonly until: number } {
  const good = answeredAt.filter((moment) => moment < end).sort((one, other) => one - other);
  let since = good.findLast((moment) => moment < at) ?? at;
  let longest = { ms: 0, until: at };
  // A watch that saw no more good answers has a gap up to its end.
  for (const until of [...good.filter((moment) => moment >= at), end]) {
    if (until - since > longest.ms) longest = { ms: until - since, until };
    since = until;
  }
  return longest;
}

const isWrite = (kind: Answer['kind']) => kind !== 'read';

const goodOf = (answers: readonly Answer[], isWanted: (kind: Answer['kind']) => boolean): number[] =>
  answers.filter(({ kind, code }) => code === 'OK' && isWanted(kind)).map(({ answeredAt }) => answeredAt);

function measure(fault: Fault, at: number, answers: readonly Answer[], { set, gateway, bare }: Stage): Round {
  const end = Date.now();
  const reads = gapOf(
    goodOf(answers, (kind) => !isWrite(kind)),
    at,
    end,
  );
  const writes = gapOf(goodOf(answers, isWrite), at, end);
  const elected = set.writableSince(at).filter((moment) => moment <= Math.max(reads.until, writes.until));
  const writableAt = elected.at(-1) ?? at;
  const readyAt = gateway.changes
    .filter((change) => change.at >= at && change.at <= Math.max(reads.until, writes.until) + 50)
    .findLast(({ state }) => state === 'ready')?.at;
  const servedAt = Math.max(writableAt, readyAt ?? 0);
  const since = (moments: readonly number[]) => moments.filter((moment) => moment >= at - 1_000);
  const refused = answers.filter(({ code }) => code !== 'OK');
  const refusals: Record<string, number> = {};
  for (const { kind, code } of refused) refusals[`${kind}.${code}`] = (refusals[`${kind}.${code}`] ?? 0) + 1;
  return {
    fault,
    readGapMs: reads.ms,
    writeGapMs: writes.ms,
    bareReadGapMs: gapOf(since(bare.reads), at, end).ms,
    bareWriteGapMs: gapOf(since(bare.writes), at, end).ms,
    electionMs: writableAt - at,
    elections: elected.length,
    readyMs: servedAt - writableAt,
    readAnswerMs: Math.max(0, reads.until - servedAt),
    writeAnswerMs: Math.max(0, writes.until - servedAt),
    refusals,
    asked: answers.filter(({ sentAt }) => sentAt >= at).length,
    slowestRefusalMs: Math.max(0, ...refused.map((one) => one.answeredAt - one.sentAt)),
    answers,
  };
}
