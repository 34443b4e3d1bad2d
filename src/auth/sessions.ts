import { createHash, randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';

/** Passed through to the driver, but for `client`. */
export interface SessionOptions {
  /** `bulkhead:<product>:<operation or ->:<Type.field>`, as on every command. */
  readonly comment: string;
  readonly maxTimeMS?: number;
  readonly signal?: AbortSignal;
  /** Who asks, by what clients are told apart. */
  readonly client?: string;
  /** The driver's session, where the command is part of a transaction. */
  readonly session?: mongo.ClientSession;
}

/** The signed-in users of one product. */
export interface Sessions {
  /** Signs a user in. The token is shown once; only its hash is stored. */
  readonly open: (
    userId: mongo.ObjectId,
    options: SessionOptions,
  ) => Promise<{ token: string; expiresAt: Date }>;
  /** The user's id, or null for a token that is unknown, expired or another product's. */
  readonly find: (token: string, options: SessionOptions) => Promise<string | null>;
  /** Signs out; false where there was nothing to close. */
  readonly close: (token: string, options: SessionOptions) => Promise<boolean>;
}

/** Where sessions are kept, and for how long. */
export interface SessionsConfig {
  /** The collection of the product's `Session` class; asked for each time, as connections come and go. */
  readonly collection: () => mongo.Collection;
  readonly product: string;
  /** Default: 7 days. */
  readonly lifetimeMs?: number;
}

const tokenForm = /^bhs_([a-z][a-z0-9-]{0,30})_[\w-]{43}$/;

/** The product a session token says it belongs to, or null where it is no such token. */
export const productOfSessionToken = (token: string): string | null => tokenForm.exec(token)?.[1] ?? null;

/**
 * Sessions with opaque tokens, `bhs_<product>_<32 random bytes>`. A token is random, so a plain SHA-256 of it
 * is enough to keep whoever reads the collection from using it.
 */
export function createSessions(config: SessionsConfig): Sessions {
  const { collection, product, lifetimeMs = 7 * 24 * 60 * 60 * 1000 } = config;
  const isOwn = (token: string) => productOfSessionToken(token) === product;

  return {
    async open(userId, options) {
      const token = `bhs_${product}_${randomBytes(32).toString('base64url')}`;
      const now = new Date();
      const expiresAt = new Date(now.getTime() + lifetimeMs);
      await collection().insertOne(
        {
          _id: new mongo.ObjectId(),
          user: userId,
          tokenHash: hashOf(token),
          expiresAt,
          createdAt: now,
          updatedAt: now,
        },
        driverOptions(options),
      );
      return { token, expiresAt };
    },

    async find(token, options) {
      if (!isOwn(token)) return null;
      const found = await collection().findOne<{ user: mongo.ObjectId }>(
        // The database deletes expired documents only once a minute, and not at all while it is busy.
        { tokenHash: hashOf(token), expiresAt: { $gt: new Date() } },
        { ...driverOptions(options), projection: { _id: 0, user: 1 } },
      );
      return found ? found.user.toHexString() : null;
    },

    async close(token, options) {
      if (!isOwn(token)) return false;
      const { deletedCount } = await collection().deleteOne(
        { tokenHash: hashOf(token) },
        driverOptions(options),
      );
      return deletedCount === 1;
    },
  };
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The driver tells a missing option from an undefined one, and writes take no signal but accept it unread. */
const driverOptions = (options: SessionOptions) => ({
  comment: options.comment,
  ...(options.maxTimeMS !== undefined && { maxTimeMS: options.maxTimeMS }),
  ...(options.signal && { signal: options.signal }),
  ...(options.session && { session: options.session }),
});
