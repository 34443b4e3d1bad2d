import { setTimeout as sleep } from 'node:timers/promises';
import { refusalOfRights, wordsOfDriverError } from '../driver-words.js';
import { assign } from './assign.js';
import { letStand, type Line, lineUp } from './line.js';
import { type Member, withMembers } from './members.js';
import { StepDownError } from './step-down-error.js';

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
  readonly to?: string | undefined;
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

/**
 * Hands a replica set's primary over to another member, without a gap for writes: the set is brought into one line
 * first ({@link lineUp}), so that a majority follows the new primary from its first moment.
 *
 * @param uri the administrator's connection string of the set; its user needs the role `clusterManager`.
 * @throws StartError where the set is not fit for it, and nothing was changed; StepDownError where it would not; the
 *   signal's AbortError.
 */
export async function stepDown(uri: string, options: StepDownOptions): Promise<StepDown> {
  return withMembers(uri, async (members, config) => {
    const { signal, onStep = () => {} } = options;
    const line = await untilAborted(assign(members, config, options), signal);
    const { primary, heir } = line;
    const begunAt = Date.now();
    onStep('line up', line);
    let isPrepared = false;
    try {
      await lineUp(line, { heartbeatMs: config.settings.heartbeatIntervalMillis, signal });
      isPrepared = true;
      const preparedMs = Date.now() - begunAt;
      onStep('step down', line);
      const went = await handOver(line, members);
      const notes = [...takenBack(line), ...(await putBack(line))];
      return { from: primary.host, to: heir.host, preparedMs, ...went, notes };
    } catch (error) {
      const left = await putBack(line);
      if ((!isPrepared && signal.aborted) || refusalOfRights(error)) throw error;
      const what = [wordsOfDriverError(error), ...(isPrepared ? [] : ['nobody stepped down']), ...left];
      throw new StepDownError(`${what.join('; ')}. Look at rs.status(), and try again.`, { cause: error });
    }
  });
}

/** Lets the last one stand for election again. @returns what to know where it could not be told so. */
const putBack = (line: Line): Promise<string[]> =>
  letStand(line).then(
    () => [],
    () => [
      `${line.last.host} could not be told that it may stand for election again: it does in two minutes`,
    ],
  );

const takenBack = ({ primary, heir }: Line): string[] =>
  primary.priority > heir.priority
    ? [
        `${primary.host} has a higher priority than ${heir.host}: in about ${STEPPED_DOWN_S} s it stands for election and takes its place back, unprepared`,
      ]
    : [];

/** What some work comes to, which has changed nothing that would have to be put back. @throws the signal's AbortError. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
  ]);
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
        ? `${primary.host} stepped down, and ${elected.host} was elected instead of ${heir.host}`
        : `${primary.host} stepped down, and nobody was elected within ${ELECTED_MS / 1_000} s`,
    );
  const written = await heir.command({
    appendOplogNote: 1,
    data: { for: 'step-down' },
    writeConcern: { w: 'majority', wtimeout: MAJORITY_MS },
  });
  if (written['writeConcernError'])
    throw new StepDownError(
      `${heir.host} is the primary in place of ${primary.host}, and no majority acknowledged a write within ${MAJORITY_MS / 1_000} s`,
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
