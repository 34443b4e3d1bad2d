import type { mongo } from 'mongoose';
import type { HiddenIndex } from './difference.js';
import { existingIndexes } from './existing-indexes.js';
import { meaningOf } from './index-spec.js';

/** Where it stands since when an index is hidden in order to be dropped, in the product's own database. */
export const INDEXES_COLLECTION = '_bulkhead.indexes';

interface Stored extends HiddenIndex {
  readonly _id: string;
  readonly format: 1;
}

const idOf = (collection: string, name: string): string => `hidden:${collection}/${name}`;
const records = (db: mongo.Db) => db.collection<Stored>(INDEXES_COLLECTION);

/** The indexes that were hidden in order to be dropped, and that nobody has shown since, if only for a moment. */
export async function hiddenIndexes(db: mongo.Db): Promise<HiddenIndex[]> {
  return (await sortRecords(db)).hidden;
}

/** Forgets those that somebody has made visible, that were changed, or that are gone: they are not on their way out any more. */
export async function forgetWanted(db: mongo.Db): Promise<void> {
  const { wanted } = await sortRecords(db);
  for (const record of wanted) await forgetHidden(db, record);
}

async function sortRecords(db: mongo.Db): Promise<{ hidden: HiddenIndex[]; wanted: HiddenIndex[] }> {
  const found = await records(db).find({ format: 1 }).toArray();
  const [hidden, wanted]: [HiddenIndex[], HiddenIndex[]] = [[], []];
  for (const { _id, format: _format, ...record } of found) {
    const { collection, name, meaning } = record;
    const index = (await existingIndexes(db, collection)).find((one) => one.name === name);
    const isAsNoted = index && meaningOf(index.spec) === meaning && !(await wasTouched(db, record));
    (isAsNoted ? hidden : wanted).push(record);
  }
  return { hidden, wanted };
}

/** Members apply a change one after the other, and by their own clocks. */
const APART_MS = 5_000;
/** At its start a server begins to count the uses of all indexes of a collection. */
const STARTING_MS = 1_000;
/** May not be asked. */
const UNAUTHORIZED = 13;

/** Since when each member counts the uses of an index, and since when those of `_id_`. */
async function countsOf(
  db: mongo.Db,
  { collection, name }: Pick<HiddenIndex, 'collection' | 'name'>,
): Promise<{ since: Date; start: Date | undefined }[]> {
  const stats = await db
    .collection(collection)
    .aggregate<{ name: string; host: string; accesses: { since: Date } }>([{ $indexStats: {} }])
    .toArray()
    .catch((error: { code?: unknown }) => {
      if (error.code !== UNAUTHORIZED) throw error;
      return [];
    });
  return stats
    .filter((one) => one.name === name)
    .map(({ host, accesses: { since } }) => ({
      since,
      start: stats.find((one) => one.name === '_id_' && one.host === host)?.accesses.since,
    }));
}

/** Whether an index was shown or hidden after it was noted: its uses are counted anew since then, and not since a start. */
async function wasTouched(db: mongo.Db, record: HiddenIndex): Promise<boolean> {
  const { hiddenAt, countedSince = hiddenAt } = record;
  return (await countsOf(db, record)).some(
    ({ since, start }) =>
      since.getTime() > countedSince.getTime() + APART_MS &&
      since.getTime() > (start?.getTime() ?? 0) + STARTING_MS,
  );
}

/** Remembers that an index was hidden just now, by the server's clock, and for how long. */
export async function rememberHidden(
  db: mongo.Db,
  index: Required<Omit<HiddenIndex, 'hiddenAt' | 'countedSince'>>,
): Promise<void> {
  const { collection, name, meaning, waitMs } = index;
  const [counts] = await countsOf(db, index);
  const countedSince = counts && { countedSince: counts.since };
  await records(db).updateOne(
    { _id: idOf(collection, name) },
    {
      $set: { format: 1, collection, name, meaning, waitMs, ...countedSince },
      $currentDate: { hiddenAt: true },
    },
    { upsert: true },
  );
}

/** Forgets an index that is gone, or wanted again. */
export async function forgetHidden(
  db: mongo.Db,
  { collection, name }: Pick<HiddenIndex, 'collection' | 'name'>,
): Promise<void> {
  await records(db).deleteOne({ _id: idOf(collection, name) });
}
