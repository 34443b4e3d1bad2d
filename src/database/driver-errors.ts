import mongoose, { mongo } from 'mongoose';
import { BulkheadError } from '../errors/bulkhead-error.js';

const MAX_TIME_EXPIRED = 50;
const DUPLICATE_KEY = 11_000;
/** `$dateToString` and its like with a time zone that the server's own table lacks. */
const UNKNOWN_TIME_ZONE = 40_485;
/** Unauthorized, and authentication failed. */
const REFUSED = new Set<unknown>([13, 18]);
/** Interrupted or no longer primary: the server cannot answer now. */
const NOT_NOW = new Set<unknown>([6, 7, 89, 91, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);
/** Out of disk space. WiredTiger itself mostly ends the server then; commands that look first answer this. */
const DISK_IS_FULL = 14_031;

/** What the system says of a socket that broke under a write; the driver hands some of these on as they are. */
const BROKEN = new Set<unknown>([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** The last is Node's own: a write after the other side has ended, of which no system call tells. */
const isBroken = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return ('syscall' in error && BROKEN.has(code)) || code === 'EPIPE';
};

/** Whether a read that failed so may be sent once more: the connection broke, or the server is no longer primary. */
export const isRetryableRead = (error: unknown): boolean =>
  error instanceof mongo.MongoNetworkError ||
  isBroken(error) ||
  (error instanceof mongo.MongoServerError && NOT_NOW.has(error.code));

/** Whether a database could not be asked: the driver's own errors, and those of a name that cannot be looked up. */
export const isAway = (error: unknown): boolean =>
  error instanceof mongo.MongoError ||
  (error instanceof Error && 'syscall' in error && /^(?:query|getaddrinfo)/.test(String(error.syscall)));

/** How deep an error may lie under those that were made of it. */
const MOST_LAYERS = 5;

/** Whether the server would not let its user do something, or would not have the user, in whatever that was wrapped since. */
export function isCredentialRefused(error: unknown): boolean {
  let one = error;
  for (let layer = 0; layer < MOST_LAYERS && one instanceof Error; layer += 1) {
    if (one instanceof mongo.MongoServerError && REFUSED.has(one.code)) return true;
    one = (one as { readonly originalError?: unknown }).originalError ?? one.cause;
  }
  return false;
}

/** Why a command did not get a connection in time. */
export const BUSY = 'All its connections are busy.';

function reasonOf(cause: unknown): string {
  if (cause instanceof mongo.MongoServerError && REFUSED.has(cause.code))
    return 'Its database refuses its credential.';
  if (cause instanceof Error && cause.name === 'MongoWaitQueueTimeoutError') return BUSY;
  return cause instanceof mongo.MongoServerError && cause.code === DISK_IS_FULL
    ? 'Its database has no room.'
    : 'Its database cannot be reached.';
}

function unavailable(cause: unknown): BulkheadError {
  const why = reasonOf(cause);
  return new BulkheadError('PRODUCT_UNAVAILABLE', `The product is not available. ${why}`, {
    cause,
    retryAfterS: 1,
  });
}

/**
 * The fields of the unique index that refused a value. A bulk error names the index only, in its text; there the
 * fields are read from the name, where it is the one that MongoDB gives by default.
 */
function duplicateFields(error: mongo.MongoServerError): string[] {
  const { keyPattern } = error as { readonly keyPattern?: object };
  if (keyPattern) return Object.keys(keyPattern);
  const [, name = ''] =
    /^E11000 duplicate key error collection: \S+ index: (\S+) dup key:/.exec(error.message) ?? [];
  const parts = name.split(/_(?:-?1|text|hashed|2dsphere)(?:_|$)/);
  return parts.at(-1) === '' ? parts.slice(0, -1) : [];
}

/**
 * An error of the driver or of Mongoose as one of the catalogue, with its `cause`; anything else as it is.
 *
 * A duplicate key names the fields, never the value: it may be another user's.
 */
export function translateDriverError(error: unknown): unknown {
  if (error instanceof BulkheadError) return error;
  if (error instanceof mongoose.Error.ValidationError) {
    const fields = Object.entries(error.errors).map(([path, one]) => `${path} (${one.kind})`);
    return new BulkheadError('BAD_USER_INPUT', `Not valid: ${fields.join(', ')}.`, {
      cause: error,
      details: { fields: Object.keys(error.errors) },
    });
  }
  if (error instanceof mongoose.Error.CastError) {
    return new BulkheadError('BAD_USER_INPUT', `Not valid: ${error.path} (expected ${error.kind}).`, {
      cause: error,
      details: { fields: [error.path] },
    });
  }
  if (error instanceof mongo.MongoServerError) {
    if (error.code === DUPLICATE_KEY) {
      const fields = duplicateFields(error);
      const message = fields.length > 0 ? `Taken: ${fields.join(', ')}.` : 'A unique value is taken.';
      return new BulkheadError('ALREADY_EXISTS', message, {
        cause: error,
        details: { fields },
      });
    }
    if (error.code === UNKNOWN_TIME_ZONE) {
      return new BulkheadError('BAD_USER_INPUT', 'timeZone: the database does not know it.', {
        cause: error,
      });
    }
    if (error.code === MAX_TIME_EXPIRED) {
      return new BulkheadError('DEADLINE_EXCEEDED', 'The database did not finish before the deadline.', {
        cause: error,
        retryAfterS: 1,
      });
    }
    if (REFUSED.has(error.code) || NOT_NOW.has(error.code) || error.code === DISK_IS_FULL)
      return unavailable(error);
    // What ended a bulk write without a word of the server has no code: the network, or no connection in time.
    if (error instanceof mongo.MongoBulkWriteError && error.code === undefined) return unavailable(error);
    return error;
  }
  if (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    (error instanceof Error &&
      /^Mongo(WaitQueueTimeout|PoolCleared|PoolClosed|OperationTimeout|ClientClosed|ServerClosed)Error/.test(
        error.name,
      )) ||
    (error instanceof mongoose.Error && /before initial connection|buffering timed out/.test(error.message))
  ) {
    return unavailable(error);
  }
  return error;
}

/** Whether the driver runs the whole transaction again, or its commit, when it sees the error as it is. */
const isRetried = (error: unknown): boolean =>
  error instanceof mongo.MongoError &&
  (error.hasErrorLabel('TransientTransactionError') || error.hasErrorLabel('UnknownTransactionCommitResult'));

/**
 * Runs work on the database and rejects with the translated error.
 *
 * @param scope with a `session` the work is part of a transaction: an error that makes the driver run it again is
 *   left as it is, for a translated one has lost its label. Whoever runs the transaction translates the last one.
 */
export async function translating<T>(
  work: () => Promise<T>,
  scope?: { readonly session?: mongo.ClientSession | undefined },
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (scope?.session && isRetried(error)) throw error;
    // Only here is it known that the socket was the database's.
    throw isBroken(error) ? unavailable(error) : translateDriverError(error);
  }
}
