import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import { ownComment } from '../comment.js';
import { type ProfileEntry, ProfileSums } from './profile-sums.js';
import { escaped } from '../shape/regex.js';
import { forgottenAt, slotOf, writeStats } from '../stats/stats.js';

const READ_MS = 2_000;
/** Entries of one round: the server keeps about as many. */
const MOST_ENTRIES = 1_000;
/** How far the first round looks back. */
const FIRST_LOOK_MS = 10 * 60_000;
const MARK = 'mark:profile';
const UNAUTHORIZED = 13;

/** What was read of a database's profiler. */
export interface Profiled {
  /** Entries of clients other than the gateway; its own are counted already. */
  readonly others: number;
  /** The profiler is there, and may not be read. */
  readonly isRefused: boolean;
}

/** How far a profiler was read: times are whole milliseconds, and more may come of the last one. */
interface Mark {
  readonly until: Date;
  /** Entries of that millisecond that were read. */
  readonly seen: number;
}

/**
 * Reads what the database's profiler has noted since the last time, where somebody has switched it on (Bulkhead does
 * not). Commands without a gateway's comment are another client's: they are counted as a shape like any other, under the
 * operation `(other client)` and its name. With a sampled profiler those are as many as were sampled. The gateway's own
 * are counted already. Of both it is noted what they examined.
 *
 * @throws the driver's error.
 */
export async function readProfile(db: mongo.Db, product: string, now: Date): Promise<Profiled> {
  const options = { comment: ownComment(product), maxTimeMS: READ_MS };
  const stats = db.collection<{ _id: string } & Partial<Mark>>(STATS_COLLECTION);
  const { until = new Date(now.getTime() - FIRST_LOOK_MS), seen = 0 } =
    (await stats.findOne({ _id: MARK }, options)) ?? {};
  let entries: ProfileEntry[];
  try {
    entries = await db
      .collection<ProfileEntry>('system.profile')
      .find(
        { ts: { $gte: until }, ns: { $regex: `^${escaped(db.databaseName)}\\.(?!system\\.|_bulkhead\\.)` } },
        // Not every expression of the server's is one here.
        { ...options, bsonRegExp: true },
      )
      .sort({ $natural: 1 })
      .limit(seen + MOST_ENTRIES)
      .project<ProfileEntry>({ execStats: 0, locks: 0, storage: 0, flowControl: 0 })
      .toArray();
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNAUTHORIZED) throw error;
    return { others: 0, isRefused: true };
  }
  const isOf = (time: Date) => (entry: ProfileEntry) => entry.ts.getTime() === time.getTime();
  const read = new Set(entries.filter(isOf(until)).slice(0, seen));
  const fresh = entries.filter((entry) => !read.has(entry));
  if (fresh.length === 0) return { others: 0, isRefused: false };
  const sums = new ProfileSums();
  for (const entry of fresh) sums.add(entry);
  const { others, examined } = sums;
  for (const { at, commands } of others)
    await writeStats(db, product, { commands, operations: [], unbatched: [], fields: [], dropped: 0 }, at);
  const last = new Date(Math.max(...fresh.map(({ ts }) => ts.getTime())));
  await stats.updateOne(
    { _id: MARK },
    {
      $setOnInsert: { kind: 'mark', createdAt: now },
      $set: {
        until: last,
        seen: entries.filter(isOf(last)).length,
        updatedAt: now,
        expiresAt: forgottenAt(now),
      },
    },
    { upsert: true, ...options },
  );
  if (examined.length > 0)
    await stats.bulkWrite(
      examined.map(({ shape, ts, ...counts }): mongo.AnyBulkWriteOperation<{ _id: string }> => {
        const { hour, slot } = slotOf(ts);
        return {
          updateOne: {
            filter: { _id: `examined:${hour.toISOString().slice(0, 13)}:${shape}` },
            update: {
              $setOnInsert: { kind: 'examined', hour, shape, createdAt: now },
              $set: { updatedAt: now, expiresAt: forgottenAt(now) },
              $inc: Object.fromEntries(
                Object.entries(counts).map(([key, sum]) => [`slots.${slot}.${key}`, sum]),
              ),
            },
            upsert: true,
          },
        };
      }),
      { ordered: false, ...options },
    );
  const calls = others.flatMap(({ commands }) => commands.map((one) => one.calls));
  return { others: calls.reduce((sum, one) => sum + one, 0), isRefused: false };
}
