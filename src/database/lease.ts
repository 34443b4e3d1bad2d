import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { BulkheadError } from '../errors/bulkhead-error.js';

/** Where leases stand, in the product's own database: one document for each piece of work that only one may do. */
export const LEASES_COLLECTION = '_bulkhead.leases';

interface StoredLease {
  readonly _id: string;
  readonly format: 1;
  readonly owner: string;
  /** For people: machine and process. */
  readonly holder: string;
  /** Grows by one with each owner. */
  readonly fence: number;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** How a lease is asked for. */
export interface LeaseOptions {
  /** How long it is good without a sign of life. Default 15 s. */
  readonly ttlMs?: number;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
  /** Told once for each holder that has to be waited for. */
  readonly onWait?: (holder: string) => void;
}

const TTL_MS = 15_000;
const POLL_MS = 250;
const DUPLICATE_KEY = 11_000;

/**
 * The right to do one kind of work in one database, held by at most one process at a time. It lives on signs of life;
 * whoever is killed loses it after `ttlMs`, by the server's clock. A holder that was asleep for longer finds out
 * with {@link Lease.assertHeld} before its next step.
 */
export class Lease {
  #renewedAt = performance.now();
  #isLost = false;
  #timer: NodeJS.Timeout;

  private constructor(
    private readonly db: mongo.Db,
    private readonly stored: Pick<StoredLease, '_id' | 'owner' | 'fence'>,
    private readonly ttlMs: number,
  ) {
    this.#timer = setInterval(() => void this.#renew().catch(() => {}), ttlMs / 3);
    this.#timer.unref();
  }

  /** Takes a lease, waiting for whoever has it. @throws the signal's reason when that is aborted. */
  static async take(db: mongo.Db, name: string, options: LeaseOptions = {}): Promise<Lease> {
    const { ttlMs = TTL_MS, signal, onWait } = options;
    const leases = db.collection<StoredLease>(LEASES_COLLECTION);
    const owner = randomUUID();
    const holder = `${hostname()}, process ${process.pid}`;
    // The server does not let an upsert compare with its clock, so the document has to be there first.
    const now = new Date();
    const stamps = { expiresAt: new Date(0), createdAt: now, updatedAt: now };
    const vacant = { _id: name, format: 1 as const, owner: '', holder: '', fence: 0, ...stamps };
    await leases.insertOne(vacant).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
    });
    for (let told = ''; ;) {
      signal?.throwIfAborted();
      const taken = await leases.findOneAndUpdate(
        { _id: name, $expr: { $lte: ['$expiresAt', '$$NOW'] } },
        [
          {
            $set: {
              format: 1,
              owner,
              holder,
              fence: { $add: ['$fence', 1] },
              expiresAt: soon(ttlMs),
              updatedAt: '$$NOW',
            },
          },
        ],
        { returnDocument: 'after' },
      );
      if (taken) return new Lease(db, { _id: name, owner, fence: taken.fence }, ttlMs);
      const other = await leases.findOne({ _id: name });
      if (other && other.owner !== told) {
        told = other.owner;
        onWait?.(other.holder);
      }
      await sleep(POLL_MS, undefined, signal && { signal });
    }
  }

  /** Which holder this is: higher than that of every earlier one. */
  get fence(): number {
    return this.stored.fence;
  }

  /** Asks the database whether the lease is still ours, and lengthens it. @throws BulkheadError `PRODUCT_UNAVAILABLE` when it is not. */
  async assertHeld(): Promise<void> {
    await this.#renew();
    if (this.#isLost)
      throw new BulkheadError(
        'PRODUCT_UNAVAILABLE',
        `Another process has taken over "${this.stored._id}": this one gave no sign of life for ${Math.round((performance.now() - this.#renewedAt) / 1_000)} s. Run it again.`,
      );
  }

  /** Gives the lease back; does nothing where it is lost. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const { _id, owner } = this.stored;
    await this.db
      .collection<StoredLease>(LEASES_COLLECTION)
      .updateOne({ _id, owner }, { $set: { expiresAt: new Date(0), updatedAt: new Date() } });
  }

  async #renew(): Promise<void> {
    const { _id, owner, fence } = this.stored;
    const { matchedCount } = await this.db
      .collection<StoredLease>(LEASES_COLLECTION)
      .updateOne({ _id, owner, fence }, [{ $set: { expiresAt: soon(this.ttlMs), updatedAt: '$$NOW' } }]);
    if (matchedCount === 0) this.#isLost = true;
    else this.#renewedAt = performance.now();
  }
}

const soon = (ttlMs: number) => ({ $add: ['$$NOW', ttlMs] });
