import type { mongo } from 'mongoose';
import type { HiddenIndex } from './difference.js';

/** Where it stands since when an index is hidden in order to be dropped, in the product's own database. */
export const INDEXES_COLLECTION = '_bulkhead.indexes';

interface Stored extends HiddenIndex {
  readonly _id: string;
  readonly format: 1;
}

const idOf = (collection: string, name: string): string => `hidden:${collection}/${name}`;
const records = (db: mongo.Db) => db.collection<Stored>(INDEXES_COLLECTION);

/** The indexes that were hidden in order to be dropped. */
export async function hiddenIndexes(db: mongo.Db): Promise<HiddenIndex[]> {
  const found = await records(db).find({ format: 1 }).toArray();
  return found.map(({ _id, format: _format, ...record }) => record);
}

/** Remembers that an index was hidden just now, by the server's clock, and for how long. */
export async function rememberHidden(
  db: mongo.Db,
  { collection, name, meaning, waitMs }: Required<Omit<HiddenIndex, 'hiddenAt'>>,
): Promise<void> {
  await records(db).updateOne(
    { _id: idOf(collection, name) },
    { $set: { format: 1, collection, name, meaning, waitMs }, $currentDate: { hiddenAt: true } },
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
