import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, inject } from 'vitest';
import { adviseCollection, type CollectionAdvice } from '../../src/indexes/advise/advise-collection.js';
import { textOfKey } from '../../src/indexes/advise/candidates.js';
import { needsOf } from '../../src/indexes/advise/need.js';
import { writeLoadOf } from '../../src/indexes/advise/writes.js';
import { existingIndexes } from '../../src/indexes/existing-indexes.js';
import { readExplain } from '../../src/monitor/explain/read-explain.js';
import { shapeOf } from '../../src/monitor/shape/shape.js';

/** A command with values, how often it was sent, and how many documents each call found. */
export type Asked = readonly [command: mongo.Document, calls: number, found: number];

/** A database of the test file's own, and one to try indexes in; both are dropped in the end. */
export function useDatabases() {
  let client: mongo.MongoClient;
  let db: mongo.Db;
  let scratch: mongo.Db;
  beforeAll(async () => {
    client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
    const run = randomBytes(4).toString('hex');
    db = client.db(`t${run}_advise`);
    scratch = client.db(`t${run}_scratch`);
  });
  afterAll(async () => {
    await db.dropDatabase();
    await scratch.dropDatabase();
    await client.close();
  });
  return { database: () => db, scratch: () => scratch };
}

/** A database of the test file's own, asked for advice about one of its collections. */
export function useAdvice() {
  const { database, scratch } = useDatabases();

  async function advise(
    collection: string,
    asked: readonly Asked[],
    budget?: number,
  ): Promise<CollectionAdvice> {
    const shapes = asked.map(([command, calls, found], n) => ({
      shape: `s${n}`,
      text: shapeOf(Object.keys(command)[0]!, command)!,
      calls,
      documents: calls * found,
      origins: [],
    }));
    const { needs, unread } = needsOf(shapes);
    if (unread.length > 0) throw new Error(JSON.stringify(unread));
    return adviseCollection(
      {
        source: database().collection(collection),
        documents: await database().collection(collection).countDocuments(),
        needs,
        load: writeLoadOf(shapes, collection),
        indexes: await existingIndexes(database(), collection),
        ...(budget !== undefined && { budget: { documents: budget, bytes: 2 ** 24, ms: 10_000 } }),
      },
      scratch(),
    );
  }

  /** Documents and keys that the server reads for a command as it plans by itself, with these indexes built. */
  async function readWith(
    collection: string,
    keys: readonly Readonly<Record<string, 1 | -1>>[],
    command: mongo.Document,
  ): Promise<number> {
    const db = database();
    for (const [n, key] of keys.entries())
      await db.collection(collection).createIndex(key, { name: `t${n}` });
    const answer = await db.command({ explain: command, verbosity: 'executionStats' });
    for (const n of keys.keys()) await db.collection(collection).dropIndex(`t${n}`);
    const { documentsExamined, keysExamined } = readExplain(answer);
    return documentsExamined + keysExamined;
  }

  return { database, scratch, advise, readWith };
}

/** The keys of advised indexes. */
export const keysIn = ({ indexes }: CollectionAdvice): Record<string, 1 | -1>[] =>
  indexes.map(({ key }) => JSON.parse(textOfKey(key)) as Record<string, 1 | -1>);
