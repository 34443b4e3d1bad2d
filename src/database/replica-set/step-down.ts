import { setTimeout as sleep } from 'node:timers/promises';
import { assign } from './assign.js';
import { letStand, type Line, lineUp } from './line.js';
import { type Member, withMembers } from './members.js';

/** For so long the one that stepped down does not stand for election. */
const STEPPED_DOWN_S = 60;
/** For so long it waits for the heir to have everything, before anybody is kept from writing for good. */
const CATCH_UP_S = 10;
/** An election that was handed over takes milliseconds. */
const ELECTED_MS = 15_000;
const LOOK_MS = 5;
const MAJORITY_MS = 10_000;

/** Options of {@link stepDown}. */
export interface StepDownOptions {
  /** Who shall be primary, as the set names it. Default: whoever is nearest to it. */
  readonly to?: string;
  /** Gives up as long as nobody has stepped down, and puts back what was prepared. */
  readonly signal: AbortSignal;
  /** Told what is done next, and with whom. */
  readonly onStep?: (step: 'line up' | 'step down', line: Line) => void;
}

/** A step-down as it went. */
export interface StepDown {
  /** Who was primary, and who is. */
  readonly from: string;
  readonly to: string;
  /** What it took to bring the set into line, in milliseconds; everything is served meanwhile. */
  readonly preparedMs: number;
  /** From the step-down until the new primary took writes, and until a majority acknowledged one. */
  readonly writableMs: number;
  readonly acknowledgedMs: number;
  /** What the operator should know. */
  readonly notes: readonly string[];
}

/** The set is not as it was wanted: what came of it instead, and what to do. */
export class StepDownError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StepDownError';
  }
}

/**
 * Hands a replica set's primary over to another member, without a gap for writes: the set is brought into one line
 * first ({@link lineUp}), so that a majority follows the new primary from its first moment.
 *
 * @param uri the administrator's connection string of the set; its user needs the role `clusterManager`.
 * @throws StartError where the set is not fit for it, and nothing was changed; NoLineError where members do not come
 *   into line; StepDownError where another was elected, or nobody; the signal's AbortError.
 */
export async function stepDown(uri: string, options: StepDownOptions): Promise<StepDown> {
  return withMembers(uri, async (members, facts) => {
    const { to, signal, onStep = () => {} } = options;
    const line = await assign(members, facts, to);
    const { primary, heir } = line;
    const notes: string[] = [];
    const begunAt = Date.now();
    onStep('line up', line);
    try {
      await lineUp(line, { heartbeatMs: facts.config.settings.heartbeatIntervalMillis, signal });
      const preparedMs = Date.now() - begunAt;
      onStep('step down', line);
      const went = await handOver(line, members);
      if (primary.priority > heir.priority)
        notes.push(
          `${primary.host} has a higher priority than ${heir.host}: in about ${STEPPED_DOWN_S} s it stands for election and takes its place back, unprepared`,
        );
      return { from: primary.host, to: heir.host, preparedMs, ...went, notes };
    } finally {
      await letStand(line).catch(() =>
        notes.push(
          `${line.last.host} could not be told that it may stand for election again: it may in two minutes`,
        ),
      );
    }
  });
}

async function handOver(
  { primary, heir }: Line,
  members: readonly Member[],
): Promise<Pick<StepDown, 'writableMs' | 'acknowledgedMs'>> {
  const at = performance.now();
  const since = () => Math.round(performance.now() - at);
  await primary.command({ replSetStepDown: STEPPED_DOWN_S, secondaryCatchUpPeriodSecs: CATCH_UP_S });
  const elected = await electedOf(members);
  const writableMs = since();
  if (elected !== heir)
    throw new StepDownError(
      elected
        ? `${primary.host} stepped down, and ${elected.host} was elected instead of ${heir.host}.`
        : `${primary.host} stepped down, and nobody was elected within ${ELECTED_MS / 1_000} s. Look at rs.status() on each member.`,
    );
  const written = await heir.command({
    appendOplogNote: 1,
    data: { for: 'step-down' },
    writeConcern: { w: 'majority', wtimeout: MAJORITY_MS },
  });
  if (written['writeConcernError'])
    throw new StepDownError(
      `${heir.host} is the primary in place of ${primary.host}, and no majority acknowledged a write within ${MAJORITY_MS / 1_000} s. Look at rs.status() on it.`,
    );
  return { writableMs, acknowledgedMs: since() };
}

async function electedOf(members: readonly Member[]): Promise<Member | undefined> {
  for (const until = Date.now() + ELECTED_MS; Date.now() < until; await sleep(LOOK_MS)) {
    // One that has just gone is not the one.
    const said = await Promise.all(
      members.map((member) => member.command({ hello: 1 }).catch(() => undefined)),
    );
    const found = members.find((_, n) => said[n]?.['isWritablePrimary'] === true);
    if (found) return found;
  }
  return undefined;
}
