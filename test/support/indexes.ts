import { randomBytes } from 'node:crypto';
import { index, modelOptions, prop } from '@typegoose/typegoose';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, inject } from 'vitest';
import type { ClassType } from '../../src/database/class-type.js';
import { addIndexes } from '../../src/indexes/apply.js';
import { existingIndexes } from '../../src/indexes/existing-indexes.js';

/** An index as `@index` takes it. */
export type Declaration = readonly [key: Record<string, 1 | -1 | string>, options?: mongo.Document];

/** A class that declares indexes for a collection. */
export function classWith(collection: string, ...declarations: readonly Declaration[]): ClassType {
  class Parcel {
    @prop({ type: Number })
    number?: number;
  }
  modelOptions({ schemaOptions: { collection } })(Parcel);
  for (const [key, options] of declarations) index(key as never, options as never)(Parcel);
  return Parcel;
}

/** A database of the test file's own, with a connection; dropped in the end. */
export function useDatabase(): () => mongo.Db {
  let client: mongo.MongoClient;
  let db: mongo.Db;
  beforeAll(async () => {
    client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
    db = client.db(`t${randomBytes(4).toString('hex')}_indexes`);
    // The monitor's own are there already: what is planned is what the class asks for.
    await addIndexes(db, []);
  });
  afterAll(async () => {
    await db.dropDatabase();
    await client.close();
  });
  return () => db;
}

/** Names of a collection's indexes, without `_id_`, in order. */
export const namesOf = async (db: mongo.Db, collection: string): Promise<string[]> =>
  (await existingIndexes(db, collection)).map(({ name }) => name).sort();

/** {@link useDatabase}, and a maker of collections in it. */
export function useCollections() {
  const database = useDatabase();
  let collections = 0;
  /** A collection with documents and indexes, and a class that declares some. */
  async function given(documents: object[], existing: mongo.IndexDescription[], ...declared: Declaration[]) {
    const db = database();
    const collection = `a${(collections += 1)}`;
    await db.createCollection(collection);
    if (documents.length > 0) await db.collection(collection).insertMany(documents);
    if (existing.length > 0) await db.collection(collection).createIndexes(existing);
    const classes = [classWith(collection, ...declared)];
    return { db, collection, classes, indexes: () => db.collection(collection).listIndexes().toArray() };
  }
  return { database, given };
}
