import { mongo } from 'mongoose';
import type { IndexChange } from './changes.js';
import { codeOf } from '../database/driver-words.js';
import { existingIndexes, rawIndexes } from './existing-indexes.js';
import { INDEXES_COLLECTION } from './hidden-indexes.js';

/** Indexes that were dropped to make room for one that the server does not hold beside them, until that one stands. */
interface Replaced {
  readonly _id: string;
  /** Another than that of hidden ones: older versions leave it alone. */
  readonly format: 2;
  readonly collection: string;
  /** The index that is to come. */
  readonly name: string;
  /** Definitions as the server had them, as EJSON: paths and operators are no names of fields. */
  readonly indexes: readonly string[];
}

type Target = Pick<IndexChange, 'collection' | 'name'>;

const records = (db: mongo.Db) => db.collection<Replaced>(INDEXES_COLLECTION);
const idOf = ({ collection, name }: Target): string => `replaced:${collection}/${name}`;

/** Notes the indexes that a replacement drops, before it does. */
export async function rememberReplaced(db: mongo.Db, change: IndexChange): Promise<void> {
  const { collection, name, replaces = [] } = change;
  const indexes = (await rawIndexes(db, collection))
    .filter((one) => replaces.includes(String(one['name'])))
    .map((one) => mongo.BSON.EJSON.stringify(one, { relaxed: false }));
  // Of a run that was cut short some may be gone already.
  if (indexes.length === 0) return;
  await records(db).updateOne(
    { _id: idOf(change) },
    { $set: { format: 2, collection, name }, $addToSet: { indexes: { $each: indexes } } },
    { upsert: true },
  );
}

/** Forgets them, once the new index stands, or they stand again. */
export async function forgetReplaced(db: mongo.Db, target: Target): Promise<void> {
  await records(db).deleteOne({ _id: idOf(target) });
}

/** Forgets all of which the one or the other stands, whoever made it. */
export async function forgetSettled(db: mongo.Db): Promise<void> {
  for (const record of await records(db).find({ format: 2 }).toArray()) {
    const there = (await existingIndexes(db, record.collection)).map(({ name }) => name);
    const old = record.indexes.map(nameIn);
    if (there.includes(record.name) || old.every((name) => there.includes(name)))
      await forgetReplaced(db, record);
  }
}

/**
 * Makes indexes again whose replacement could not be built.
 *
 * @returns what is the state now, in words; undefined where none was dropped.
 */
export async function putBack(db: mongo.Db, target: Target): Promise<string | undefined> {
  const record = await records(db).findOne({ _id: idOf(target) });
  if (!record) return undefined;
  const { collection, indexes } = record;
  const told: string[] = [];
  let isLost = false;
  for (const text of indexes) {
    const name = nameIn(text);
    try {
      await db.command({
        createIndexes: collection,
        indexes: [mongo.BSON.EJSON.parse(text, { relaxed: false })],
      });
      told.push(`${name} was put back and serves as before`);
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError)) throw error;
      isLost = true;
      told.push(
        `${name} was dropped and cannot be put back (${codeOf(error.code, error.codeName)}): ${collection} has neither of the two`,
      );
    }
  }
  if (!isLost) await forgetReplaced(db, target);
  return told.join('; ');
}

const nameIn = (text: string): string => String((JSON.parse(text) as { name: unknown }).name);

/** An empty collection on which a definition is tried before anything is dropped for it. */
const TRIAL = '_bulkhead.trial';

/** Tries a definition where there is no document. @throws the server's error where it does not take it. */
export async function tryDefinition(db: mongo.Db, { name, definition }: IndexChange): Promise<void> {
  const trial = db.collection(TRIAL);
  await trial.drop();
  try {
    await db.command({ createIndexes: TRIAL, indexes: [{ name, ...definition }] });
  } finally {
    await trial.drop();
  }
}
