import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import type { LoadFacts } from './facts.js';
import { readOptions, type StatsScope } from '../stats/read-stats.js';

const HOUR_MS = 3_600_000;
/** A week has nights and a weekend in it wherever it begins. */
export const LOAD_DAYS = 7;

const WRITES: ReadonlySet<unknown> = new Set(['insert', 'update', 'delete', 'findAndModify']);

/** How collections were read and written in the last week, also those that were not. */
export async function readLoads(
  db: mongo.Db,
  scope: StatsScope,
  collections: readonly string[],
  now: Date,
): Promise<readonly LoadFacts[]> {
  if (collections.length === 0) return [];
  const stats = db.collection(STATS_COLLECTION);
  const options = readOptions(scope);
  const shapes = await stats
    .find({ kind: 'shape', collection: { $in: collections } }, options)
    .project<{ shape: string; collection: string; command: string }>({
      _id: 0,
      shape: 1,
      collection: 1,
      command: 1,
    })
    .toArray();
  const loads: LoadFacts[] = [];
  for (const collection of collections) {
    const own = shapes.filter((one) => one.collection === collection);
    const writing = own.filter(({ command }) => WRITES.has(command)).map(({ shape }) => shape);
    const isWriting = { $in: ['$shape', writing] };
    const hours = await stats
      .aggregate<{ calls: number; writing: number; writes: number }>(
        [
          {
            $match: {
              kind: 'commands',
              hour: { $gte: new Date(now.getTime() - LOAD_DAYS * 24 * HOUR_MS) },
              shape: { $in: own.map(({ shape }) => shape) },
            },
          },
          {
            $group: {
              _id: '$hour',
              calls: { $sum: '$calls' },
              writing: { $sum: { $cond: [isWriting, '$calls', 0] } },
              // One command may write thousands.
              writes: { $sum: { $cond: [isWriting, { $max: ['$calls', '$documents'] }, 0] } },
            },
          },
        ],
        options,
      )
      .toArray();
    const sum = (of: (hour: (typeof hours)[number]) => number) =>
      hours.reduce((total, hour) => total + of(hour), 0);
    loads.push({
      collection,
      writes: sum((hour) => hour.writes),
      reads: sum((hour) => hour.calls - hour.writing),
      mostWritesInHour: Math.max(0, ...hours.map((hour) => hour.writes)),
    });
  }
  return loads;
}
