import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { StartError } from '../errors/bulkhead-error.js';
import {
  collationKey,
  type Collations,
  declaredCollations,
  declaredCollections,
} from './declared-indexes.js';
import { type IndexSpec, toIndexSpec } from './index-spec.js';

/** An index that a collection has. */
export interface ExistingIndex {
  readonly name: string;
  readonly spec: IndexSpec;
  /** Whether the server is still building it. */
  readonly building: boolean;
}

/** Gone, or a view, which has none. */
const WITHOUT_INDEXES = new Set<unknown>([26, 166]);
const UNAUTHORIZED = 13;
const BAD_VALUE = 2;

/** The indexes of a collection, `_id_` left out; none where there is no such collection, or it is a view. */
export async function existingIndexes(db: mongo.Db, collection: string): Promise<ExistingIndex[]> {
  try {
    // Without this option an index whose build is under way looks like one that is there.
    const cursor = await db.runCursorCommand({ listIndexes: collection, includeBuildUUIDs: true }).toArray();
    return cursor.flatMap((one: mongo.Document) => {
      const building = one['buildUUID'] !== undefined;
      const raw = (building ? one['spec'] : one) as mongo.Document;
      return isIdIndex(raw) ? [] : [{ name: String(raw['name']), spec: toIndexSpec(raw), building }];
    });
  } catch (error) {
    if (WITHOUT_INDEXES.has((error as { code?: unknown }).code)) return [];
    throw error;
  }
}

/** Those of these collections that are views, and have no indexes of their own. */
export async function viewsAmong(db: mongo.Db, collections: readonly string[]): Promise<string[]> {
  const found = await db
    .listCollections(
      { type: 'view', name: { $in: [...collections] } },
      { nameOnly: true, authorizedCollections: true },
    )
    .toArray();
  return found.map(({ name }) => name).sort();
}

/** What is said of a view. */
export const tellView = (name: string): string =>
  `${name} is a view: it has no indexes, its reads use those of the collection that it is of`;

/** The indexes of a collection as the server tells them, those that are being built left out. */
export async function rawIndexes(db: mongo.Db, collection: string): Promise<mongo.Document[]> {
  const all = await db.runCursorCommand({ listIndexes: collection, includeBuildUUIDs: true }).toArray();
  return all.filter((one: mongo.Document) => one['buildUUID'] === undefined);
}

/** The index that the server made itself and lets nobody change; a hashed one on `_id` is another. */
const isIdIndex = ({ key, name }: mongo.Document): boolean =>
  name === '_id_' || JSON.stringify(key) === '{"_id":1}';

/**
 * Asks the server for what it fills in: every setting of each declared collation, and the default collations of
 * collections, which their indexes inherit.
 *
 * @throws StartError when it does not know a locale.
 */
export async function resolveCollations(db: mongo.Db, classes: readonly ClassType[]): Promise<Collations> {
  const found = new Map<string, mongo.Document>();
  for (const { by, collection, collation } of declaredCollations(classes)) {
    const find = { find: collection, filter: { a: 'a' }, collation };
    try {
      const { queryPlanner } = await db.command({ explain: find, verbosity: 'queryPlanner' });
      const settings = (queryPlanner as mongo.Document)['collation'] as mongo.Document | undefined;
      if (settings) found.set(collationKey(collation), settings);
    } catch (error) {
      if ((error as { code?: unknown }).code !== BAD_VALUE) throw error;
      throw new StartError([
        `The server refuses the collation ${JSON.stringify(collation)}, which ${by} declares: ${(error as Error).message}.`,
      ]);
    }
  }
  for (const [name, collation] of await defaultCollations(db, declaredCollections(classes)))
    found.set(`collection:${name}`, collation);
  return found;
}

async function defaultCollations(
  db: mongo.Db,
  collections: readonly string[],
): Promise<[string, mongo.Document][]> {
  try {
    const infos: mongo.CollectionInfo[] = await db
      .listCollections({ name: { $in: collections } }, { nameOnly: false })
      .toArray();
    return infos.flatMap(({ name, options }): [string, mongo.Document][] =>
      options?.collation ? [[name, options.collation]] : [],
    );
  } catch (error) {
    // The serving credential may not ask; it is the doctor's second choice, and collections with a default are rare.
    if ((error as { code?: unknown }).code === UNAUTHORIZED) return [];
    throw error;
  }
}
