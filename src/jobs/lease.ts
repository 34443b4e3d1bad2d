import { mongo } from 'mongoose';
import { ownComment } from '../monitor/comment.js';
import { STATS_COLLECTION } from '../product/grants.js';

/** How long a lease is good without being renewed: after that the worker that held it counts as gone. */
export const LEASE_SECONDS = 120;
const ASK_MS = 5_000;
const DUPLICATE_KEY = 11_000;

interface Lease {
  readonly _id: string;
  readonly owner: string;
  readonly until: Date;
}

/** The worker that holds a lease. */
export interface LeaseHolder {
  readonly owner: string;
  /** When it has taken or renewed it last, by the server's clock. */
  readonly renewedAt: Date;
  /** Until when it is good without being renewed. */
  readonly until: Date;
  /** How long ago it was renewed, in ms, by the server's clock. */
  readonly silentMs: number;
}

const idOf = (job: string) => `lease:${job}`;
const options = (product: string) => ({ comment: ownComment(product), maxTimeMS: ASK_MS });

/**
 * Takes a job of a product for one worker, or keeps it: of several workers, one does it. The server's clock decides, so
 * that it does not matter whether the workers' agree. @returns the other worker that has it; undefined where this one
 * holds it now.
 */
export async function holdLease(
  db: mongo.Db,
  product: string,
  job: string,
  owner: string,
): Promise<LeaseHolder | undefined> {
  const isFree = {
    $or: [{ $eq: ['$owner', owner] }, { $lte: [{ $ifNull: ['$until', new Date(0)] }, '$$NOW'] }],
  };
  const later = { $dateAdd: { startDate: '$$NOW', unit: 'second', amount: LEASE_SECONDS } };
  const take = () =>
    db.collection<Lease & { readonly updatedAt: Date }>(STATS_COLLECTION).findOneAndUpdate(
      { _id: idOf(job) },
      [
        { $set: { isFree } },
        {
          $set: {
            kind: 'lease',
            owner: { $cond: ['$isFree', owner, '$owner'] },
            until: { $cond: ['$isFree', later, '$until'] },
            createdAt: { $ifNull: ['$createdAt', '$$NOW'] },
            updatedAt: '$$NOW',
          },
        },
        { $unset: 'isFree' },
      ],
      { upsert: true, returnDocument: 'after', ...options(product) },
    );
  // Two workers that begin together: the other one was first.
  const lease = (await take().catch((error: unknown) => {
    if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return take();
    throw error;
  }))!;
  if (lease.owner === owner) return undefined;
  const renewedAt = new Date(lease.until.getTime() - LEASE_SECONDS * 1_000);
  // It was asked about now.
  const silentMs = Math.max(0, lease.updatedAt.getTime() - renewedAt.getTime());
  return { owner: lease.owner, renewedAt, until: lease.until, silentMs };
}

/** Gives a job back, so that another worker need not wait. */
export async function endLease(db: mongo.Db, product: string, job: string, owner: string): Promise<void> {
  await db.collection<Lease>(STATS_COLLECTION).deleteOne({ _id: idOf(job), owner }, options(product));
}
