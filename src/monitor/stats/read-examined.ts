import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import { readFrom, readOptions, type StatsQuery } from './read-stats.js';
import { SLOT_MS } from './stats.js';

/** What the profiler has seen commands of a shape examine: not as explained, but as it was. */
export interface Examined {
  /** Those that the profiler has seen. */
  readonly calls: number;
  /** By all of them. */
  readonly documents: number;
  readonly keys: number;
  /** Of the calls, those that read their collection whole, and those that sorted in memory. */
  readonly scans: number;
  readonly sorts: number;
}
export const EXAMINED_KEYS = ['calls', 'documents', 'keys', 'scans', 'sorts'] as const;

/** An hour of a shape, by its twelfths. */
export interface ExaminedRow {
  readonly shape: string;
  readonly hour: Date;
  readonly slots: Readonly<Record<string, Partial<Examined>>>;
}

const NOTHING: Examined = { calls: 0, documents: 0, keys: 0, scans: 0, sorts: 0 };
/** What was examined longer ago says nothing about what is. */
const RECENT_MS = 24 * 3_600_000;
const MOST_ROWS = 20_000;

/**
 * What the profiler has seen shapes examine in a time, of that no more than the last day; where it is off, nothing.
 *
 * @param begins since when a shape's indexes are what they are: what was before is left out.
 */
export async function readExamined(
  db: mongo.Db,
  query: StatsQuery,
  begins: (shape: string) => Date | undefined,
): Promise<ReadonlyMap<string, Examined>> {
  const { since, until = new Date(), shape } = query;
  const from = readFrom(new Date(Math.max(since.getTime(), until.getTime() - RECENT_MS)));
  const rows = await db
    .collection<ExaminedRow>(STATS_COLLECTION)
    .find(
      {
        kind: 'examined',
        hour: { $gte: from },
        ...(shape !== undefined && { shape }),
      } as mongo.Filter<ExaminedRow>,
      readOptions(query),
    )
    .sort({ hour: -1 })
    .limit(MOST_ROWS)
    .toArray();
  const found = new Map<string, Examined>();
  for (const { shape: id, hour, slots } of rows)
    for (const [slot, counted] of Object.entries(slots)) {
      const begin = begins(id);
      if (begin && hour.getTime() + Number(slot) * SLOT_MS < begin.getTime()) continue;
      const before = found.get(id) ?? NOTHING;
      const sum = EXAMINED_KEYS.map((key) => [key, before[key] + (counted[key] ?? 0)] as const);
      found.set(id, Object.fromEntries(sum) as unknown as Examined);
    }
  // The rest of a read whose beginning was not seen is no call.
  return new Map([...found].filter(([, { calls }]) => calls > 0));
}
