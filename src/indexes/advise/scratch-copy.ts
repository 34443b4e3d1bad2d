import { mongo } from 'mongoose';
import type { ExistingIndex } from '../existing-indexes.js';
import { type PathFacts } from './candidates.js';
import { Values } from './fill.js';
import { orderOf, valuesAt } from '../../monitor/explain/values.js';
import { hasArrayAt } from './arrays.js';

/** How much of a collection is copied. */
export interface CopyBudget {
  readonly documents: number;
  readonly bytes: number;
  /** Time limit of reading the sample. */
  readonly ms: number;
}
export const COPY_BUDGET: CopyBudget = { documents: 10_000, bytes: 64 * 2 ** 20, ms: 30_000 };

/** A part of a collection, on a scratch server, with the collection's indexes. */
export interface ScratchCopy {
  readonly db: mongo.Db;
  readonly name: string;
  readonly values: Values;
  /** Documents of the collection, and of the copy. */
  readonly documents: number;
  readonly sampled: number;
  /** Of queries and indexes that name none; missing for the simple one. */
  readonly collation?: mongo.CollationOptions;
  readonly facts: (path: string) => PathFacts;
  /** Index entries for each document, of an index on these paths. */
  readonly entries: (paths: readonly string[]) => number;
}

const BATCH = 500;

/**
 * Copies sampled documents into a scratch database: all of a collection within the budget, of a larger one so many at
 * random. Existing indexes are made there as well, without expiry (the copy must not shrink) and without uniqueness.
 */
export async function copyCollection(
  source: mongo.Collection,
  scratch: mongo.Db,
  {
    documents,
    indexes,
    budget = COPY_BUDGET,
    comment,
  }: {
    readonly documents: number;
    readonly indexes: readonly ExistingIndex[];
    readonly budget?: CopyBudget;
    readonly comment?: string;
  },
): Promise<ScratchCopy> {
  const collection = scratch.collection(source.collectionName);
  await collection.drop().catch(() => undefined);
  // Queries and indexes that name no collation have the collection's.
  const collation = await defaultCollation(source);
  await scratch.createCollection(source.collectionName, collation && { collation });
  const read: mongo.Document[] = [];
  let bytes = 0;
  const cursor = source.aggregate(
    documents > budget.documents ? [{ $sample: { size: budget.documents } }] : [],
    {
      maxTimeMS: budget.ms,
      promoteValues: true,
      allowDiskUse: true,
      ...(comment !== undefined && { comment }),
    },
  );
  const ids = new Set<string>();
  let batch: mongo.Document[] = [];
  for await (const document of cursor) {
    // A sample may hold a document twice.
    const id = orderOf(document['_id']).join(' ');
    if (ids.has(id)) continue;
    ids.add(id);
    bytes += mongo.BSON.calculateObjectSize(document);
    if (read.length > 0 && bytes > budget.bytes) break;
    read.push(document);
    batch.push(document);
    if (batch.length === BATCH) {
      await collection.insertMany(batch, { bypassDocumentValidation: true });
      batch = [];
    }
  }
  await cursor.close();
  if (batch.length > 0) await collection.insertMany(batch, { bypassDocumentValidation: true });
  for (const { name, spec } of indexes) if (!spec.hidden) await build(collection, name, spec, collation);
  return {
    db: scratch,
    name: source.collectionName,
    values: new Values(read),
    documents: Math.max(documents, read.length),
    sampled: read.length,
    ...(collation && { collation }),
    facts: remembered((path) => factsAt(read, path)),
    entries: (paths) => Math.max(1, ...paths.map((path) => entriesAt(read, path))),
  };
}

/** The collation of a collection's queries and indexes that name none; undefined for the simple one. */
export async function defaultCollation(
  source: mongo.Collection,
): Promise<mongo.CollationOptions | undefined> {
  const { collation } = ((await source.options()) as mongo.CreateCollectionOptions | undefined) ?? {};
  return collation;
}

/** Indexes of every kind: a hashed, partial or wildcard one may serve what another would be advised for. */
async function build(
  collection: mongo.Collection,
  name: string,
  spec: ExistingIndex['spec'],
  inherited: mongo.CollationOptions | undefined,
): Promise<void> {
  const { key, sparse, partialFilterExpression, special } = spec;
  const collation = spec.collation ?? (inherited && { locale: 'simple' });
  const definition = {
    key: Object.fromEntries(key),
    name,
    sparse,
    ...(partialFilterExpression && { partialFilterExpression }),
    ...(collation && { collation }),
    ...special,
  };
  try {
    await collection.createIndexes([definition as mongo.IndexDescription]);
  } catch (error) {
    // What another version of the server does not take is left.
    if (!(error instanceof mongo.MongoServerError)) throw error;
  }
}

function remembered<T>(of: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>();
  return (path) => {
    if (!known.has(path)) known.set(path, of(path));
    return known.get(path)!;
  };
}

function factsAt(documents: readonly mongo.Document[], path: string): PathFacts {
  const segments = path.split('.');
  const distinct = new Set<string>();
  for (const document of documents)
    for (const value of valuesAt(document, segments)) distinct.add(orderOf(value).join(' '));
  return { distinct: distinct.size, isArray: documents.some((one) => hasArrayAt(one, segments)) };
}

function entriesAt(documents: readonly mongo.Document[], path: string): number {
  const segments = path.split('.');
  const all = documents.reduce((sum, one) => sum + Math.max(1, valuesAt(one, segments).length), 0);
  return documents.length === 0 ? 1 : all / documents.length;
}
