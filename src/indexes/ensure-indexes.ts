import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { collectionOf, schemaOf } from '../database/schema.js';

/** An index as a class declares it. */
export interface DeclaredIndex {
  readonly collection: string;
  readonly key: Readonly<Record<string, 1 | -1 | string>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The indexes that classes declare with `@index`. */
export const declaredIndexes = (classes: readonly ClassType[]): DeclaredIndex[] =>
  classes.flatMap((target) =>
    schemaOf(target)
      .indexes()
      .map(([key, options]) => ({
        collection: collectionOf(target),
        key: key as DeclaredIndex['key'],
        // Mongoose adds `background`, which servers have ignored for years.
        options: Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'background')),
      })),
  );

/** Creates the declared indexes that are missing; those that exist are left as they are. Answers how many were made. */
export async function ensureIndexes(db: mongo.Db, classes: readonly ClassType[]): Promise<number> {
  let made = 0;
  for (const [collection, indexes] of grouped(declaredIndexes(classes))) {
    const answer = await db.command({
      createIndexes: collection,
      indexes: indexes.map(({ key, options }) => ({ name: indexName(key), ...options, key })),
    });
    made += Math.max(0, Number(answer['numIndexesAfter']) - Number(answer['numIndexesBefore']));
  }
  return made;
}

/** The server's own name for a key. */
export const indexName = (key: DeclaredIndex['key']): string => Object.entries(key).flat().join('_');

/** Declared indexes that a database lacks, by collection and key. */
export async function missingIndexes(db: mongo.Db, classes: readonly ClassType[]): Promise<DeclaredIndex[]> {
  const missing: DeclaredIndex[] = [];
  for (const [collection, indexes] of grouped(declaredIndexes(classes))) {
    const existing = await db
      .collection(collection)
      .listIndexes()
      .toArray()
      .catch(() => []);
    const keys = new Set(existing.map((one) => JSON.stringify(one['key'])));
    missing.push(...indexes.filter(({ key }) => !keys.has(JSON.stringify(key))));
  }
  return missing;
}

function grouped(indexes: readonly DeclaredIndex[]): Map<string, DeclaredIndex[]> {
  const groups = new Map<string, DeclaredIndex[]>();
  for (const one of indexes) groups.set(one.collection, [...(groups.get(one.collection) ?? []), one]);
  return groups;
}
