import type { mongo } from 'mongoose';
import type { IndexSpec } from './index-spec.js';

/** What a TTL index would do as soon as it is there. */
export interface Expiring {
  /** Documents it deletes within the next minute or so. */
  readonly documents: number;
  /** Date of the oldest of them, ISO 8601. */
  readonly oldest?: string;
  /** Documents that have something else than a date there: they never expire. */
  readonly withoutDate: number;
}

/**
 * Counts what a TTL index would delete at once.
 *
 * @throws the server's error 50 where it takes longer than `maxTimeMs`.
 */
export async function findExpiring(
  db: mongo.Db,
  collection: string,
  spec: IndexSpec,
  maxTimeMs: number,
): Promise<Expiring> {
  const path = spec.key[0]![0];
  const seconds = spec.expireAfterSeconds ?? 0;
  const limit = { $subtract: ['$$NOW', { $multiply: [seconds, 1_000] }] };
  // Of an array, the earliest date decides.
  const dates = {
    $filter: {
      input: { $cond: [{ $isArray: `$${path}` }, `$${path}`, [`$${path}`]] },
      cond: { $eq: [{ $type: '$$this' }, 'date'] },
    },
  };
  const [found] = await db
    .collection(collection)
    .aggregate<{ documents: number; oldest: Date | null; withoutDate: number }>(
      [
        { $match: { ...spec.partialFilterExpression } },
        { $match: { [path]: { $exists: true } } },
        { $project: { _id: 0, at: { $min: dates } } },
        {
          $group: {
            _id: null,
            documents: {
              $sum: { $cond: [{ $and: [{ $gt: ['$at', null] }, { $lte: ['$at', limit] }] }, 1, 0] },
            },
            oldest: { $min: '$at' },
            withoutDate: { $sum: { $cond: [{ $gt: ['$at', null] }, 0, 1] } },
          },
        },
      ],
      { maxTimeMS: maxTimeMs },
    )
    .toArray();
  if (!found) return { documents: 0, withoutDate: 0 };
  const { documents, oldest, withoutDate } = found;
  return { documents, withoutDate, ...(documents > 0 && oldest && { oldest: oldest.toISOString() }) };
}
