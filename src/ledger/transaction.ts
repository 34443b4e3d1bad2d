import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { noTurn, type WriteTurn } from '../database/write-turn.js';
import type { TimeLimit } from './time-limit.js';

const { MongoError, MongoNetworkError, MongoServerSelectionError, MongoWriteConcernError } = mongoose.mongo;

const DUPLICATE_KEY = 11_000;
const MAX_TIME_EXPIRED = 50;
/** How long an undecided commit is sent again after the caller has been answered. */
const SETTLE_MS = 5_000;
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 100;

/** Where a transaction stands; kept while it runs, so that whoever gives up can say what had been going on. */
export interface Progress<Step extends string> {
  step: Step | 'commit';
  /** Why the last attempt failed, and at which step. */
  obstacle?: { readonly step: Step | 'commit'; readonly error: unknown };
  /** Whether a commit was sent that nobody answered: it may have happened. */
  undecided: boolean;
}

/** What a transaction does: reads afresh on every attempt and passes on the session and the time that is left. */
export type TransactionBody<T, Step extends string> = (
  command: () => { readonly session: mongo.ClientSession; readonly maxTimeMS: number },
  progress: Progress<Step>,
) => Promise<T>;

const labelled = (error: unknown, label: string) => error instanceof MongoError && error.hasErrorLabel(label);

/** The database did not answer: as opposed to having answered with a refusal. */
const isSilence = (error: unknown): boolean =>
  error instanceof MongoNetworkError ||
  error instanceof MongoServerSelectionError ||
  (error instanceof Error && /^Mongo(WaitQueueTimeout|PoolCleared|OperationTimeout)Error$/.test(error.name));

/**
 * Whether another attempt with fresh reads can succeed. A duplicate key is one of these: another transaction
 * inserted after this one had looked.
 */
const isTransient = (error: unknown): boolean =>
  labelled(error, 'TransientTransactionError') ||
  isSilence(error) ||
  (error instanceof MongoError && error.code === DUPLICATE_KEY);

/** Whether a failed commit may have happened all the same. */
const isUndecided = (error: unknown): boolean =>
  !labelled(error, 'TransientTransactionError') &&
  (labelled(error, 'UnknownTransactionCommitResult') ||
    // Named besides the label above, which the driver leaves out when its own retries are used up.
    labelled(error, 'RetryableWriteError') ||
    error instanceof MongoWriteConcernError ||
    (error instanceof MongoError && error.code === MAX_TIME_EXPIRED) ||
    isSilence(error));

/** Between attempts: longer each time, and at random, so that those who collided do not collide again. */
const backoffMs = (attempt: number) =>
  Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** Math.min(attempt, 20));

/**
 * Runs `body` in a transaction of its own — snapshot reads, majority and journaled writes, on the primary — and
 * once more from the start after every transient failure, until it commits, is refused, or time is up.
 *
 * The driver's `withTransaction` is not used: its 120 seconds are longer than any request. Every command carries
 * the time that is left, and the whole is raced against the limit besides, so that a frozen server holds nobody;
 * a command nobody answers ends by the client's `socketTimeoutMS`. What was left open is aborted, or its commit
 * decided, after the caller has been answered: an abandoned transaction would lock its accounts for up to a minute.
 *
 * Not the driver's `timeoutMS` either: after a freeze it takes the long round trip it measured for the rule, and
 * refuses every command with a shorter limit for seconds after the server is back.
 *
 * @param turn held until all of it has settled, also after the caller was answered.
 * @throws OutOfTime with `progress` telling how far it came; what the body throws; errors of the driver.
 */
export async function inTransaction<T, Step extends string>(
  client: mongo.MongoClient,
  time: TimeLimit,
  progress: Progress<Step>,
  body: TransactionBody<T, Step>,
  turn: WriteTurn = noTurn,
): Promise<T> {
  time.check();
  const session = client.startSession();
  // One session for all attempts: a new transaction on it ends the one before on the server, whatever became of it.
  const work = turn(() => attempts(session, time, progress, body), time.signal);
  void work
    .then(
      () => session.endSession(),
      () => session.endSession(),
    )
    .catch(() => {});
  return await time.race(work);
}

async function attempts<T, Step extends string>(
  session: mongo.ClientSession,
  time: TimeLimit,
  progress: Progress<Step>,
  body: TransactionBody<T, Step>,
): Promise<T> {
  const first = progress.step;
  for (let attempt = 0; ; attempt += 1) {
    progress.step = first;
    try {
      session.startTransaction({
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority', j: true },
        readPreference: 'primary',
        maxCommitTimeMS: time.remainingMs,
      });
      const result = await body(() => {
        time.check();
        return { session, maxTimeMS: time.remainingMs };
      }, progress);
      time.check();
      await commit(session, time, progress);
      return result;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => {});
      if (!isTransient(error)) throw error;
      progress.obstacle = { step: progress.step, error };
    }
    await time.pause(backoffMs(attempt));
  }
}

/** Commits, and asks again for as long as the answer is unknown: the server remembers what became of it. */
async function commit<Step extends string>(
  session: mongo.ClientSession,
  time: TimeLimit,
  progress: Progress<Step>,
): Promise<void> {
  progress.step = 'commit';
  progress.undecided = true;
  let settleUntil: number | undefined;
  for (let attempt = 0; ; attempt += 1) {
    try {
      await session.commitTransaction();
      progress.undecided = false;
      return;
    } catch (error) {
      if (!isUndecided(error)) throw error;
      if (time.isUp) settleUntil ??= Date.now() + SETTLE_MS;
      if (settleUntil !== undefined && Date.now() >= settleUntil) throw error;
    }
    await sleep(backoffMs(attempt), undefined, { ref: settleUntil === undefined });
  }
}
