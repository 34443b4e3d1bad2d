import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { createQueue, type Line } from './queue.js';

/** OWASP's minimum for argon2id, which is the library's default algorithm. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const longest = 1024;

/**
 * Hashing fills whole threads of the pool that DNS, files and compression also need, so that only two run at
 * once in this process. Products take turns, and the clients of each, and few wait, of each and in all: whoever waits here
 * holds a place of the product for as long, and a crowd would keep its readers out.
 */
const queue = createQueue({ atOnce: 2, waiting: 40 });
const MOST_OF_A_CLIENT = 10;
/** Of those who name no client, such as a script of yours. */
const MOST_OF_NOBODY = 100;

/** For whom a password is worked on: `context.signIns` is one. */
export interface PasswordAsker {
  /** Products take turns. */
  readonly product: string;
  /** And so do a product's clients. */
  readonly client: string;
  /** Whose turn is not waited for any more when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

const lineOf = (asker: PasswordAsker | undefined): Line => ({
  group: asker?.product ?? '',
  name: asker?.client ?? '',
  waiting: asker ? MOST_OF_A_CLIENT : MOST_OF_NOBODY,
});

const base64 = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '');

/** A hash of nothing, with the same cost as a real one: no password fits it. */
const dummyHash = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=1$${base64(16)}$${base64(32)}`;

/**
 * Hashes a password with argon2id; `BAD_USER_INPUT` past 1024 bytes, `RATE_LIMITED` when too many wait.
 *
 * @param asker left out by a script of yours.
 */
export async function hashPassword(password: string, asker?: PasswordAsker): Promise<string> {
  const bytes = toBytes(password);
  if (bytes.length > longest)
    throw new BulkheadError('BAD_USER_INPUT', `A password has at most ${longest} bytes.`);
  return await queue(lineOf(asker), () => hash(bytes, parameters), asker?.signal);
}

/**
 * Whether a password fits a stored hash. Without a hash (nobody of that name) the same work is done against
 * a dummy, so that the time of the answer does not tell who has an account.
 *
 * @param asker left out by a script of yours.
 */
export async function verifyPassword(
  stored: string | undefined,
  password: string,
  asker?: PasswordAsker,
): Promise<boolean> {
  const bytes = toBytes(password);
  const fits = await queue(lineOf(asker), () => verifyOrDummy(stored, startOf(bytes)), asker?.signal);
  return fits && stored !== undefined && bytes.length <= longest;
}

async function verifyOrDummy(stored: string | undefined, bytes: Uint8Array): Promise<boolean> {
  try {
    return await verify(stored ?? dummyHash, bytes);
  } catch {
    // A stored text that is no hash: nobody can sign in with it, and nobody learns that from the time it takes.
    return await verify(dummyHash, bytes);
  }
}

/** As much as is hashed. The library takes UTF-8 only: a character that would be cut is left out. */
function startOf(bytes: Buffer): Buffer {
  let end = Math.min(bytes.length, longest);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** Keyboards differ in how they compose a letter; the same password must give the same bytes. */
const toBytes = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));
