import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import { BUCKETS } from '../stats/histogram.js';
import { readOptions, type StatsScope } from '../stats/read-stats.js';
import { slotBefore, slotOf } from '../stats/stats.js';

/** What a shape did in the last five to ten minutes. */
export interface Lately {
  readonly calls: number;
  /** Of those that took `FELT_MS` or longer, how many by bucket. */
  readonly counts: readonly number[];
}

/** Of a shape that was not sent. */
export const NOT_LATELY: Lately = { calls: 0, counts: [] };

const CALLS = 'calls';

/** What each shape that was sent in the last five to ten minutes did in them: long before the hour is over it shows what was mended. */
export async function readLately(
  db: mongo.Db,
  scope: StatsScope,
  now: Date,
): Promise<ReadonlyMap<string, Lately>> {
  const slots = [slotOf(now), slotBefore(now)];
  const rows = await db
    .collection(STATS_COLLECTION)
    .aggregate<{ _id: { shape: string; what: string }; n: number }>(
      [
        { $match: { kind: 'commands', hour: { $in: slots.map(({ hour }) => hour) } } },
        {
          $project: {
            shape: 1,
            all: {
              $concatArrays: slots.map(({ hour, slot }) => ({
                $cond: [
                  { $eq: ['$hour', hour] },
                  {
                    $concatArrays: [
                      [{ k: CALLS, v: { $ifNull: [`$slots.${slot}.calls`, 0] } }],
                      { $objectToArray: { $ifNull: [`$slots.${slot}.counts`, {}] } },
                    ],
                  },
                  [],
                ],
              })),
            },
          },
        },
        { $unwind: '$all' },
        { $group: { _id: { shape: '$shape', what: '$all.k' }, n: { $sum: '$all.v' } } },
      ],
      readOptions(scope),
    )
    .toArray();
  const found = new Map<string, { calls: number; counts: number[] }>();
  for (const { _id: id, n } of rows) {
    const one = found.get(id.shape) ?? { calls: 0, counts: Array.from({ length: BUCKETS }, () => 0) };
    found.set(id.shape, one);
    if (id.what === CALLS) one.calls = n;
    else if (Number(id.what) in one.counts) one.counts[Number(id.what)] = n;
  }
  return found;
}
