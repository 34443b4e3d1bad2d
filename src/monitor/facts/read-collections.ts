import { createHash } from 'node:crypto';
import type { mongo } from 'mongoose';
import { formOf, toIndexSpec } from '../../indexes/index-spec.js';
import { withArrayPaths } from './array-paths.js';
import { ownComment } from '../comment.js';
import type { CollectionFacts, IndexFacts } from './facts.js';

const READ_MS = 5_000;
/** Each takes two commands. */
const MOST_COLLECTIONS = 500;
const UNAUTHORIZED = 13;
/** Gone, or no collection but a view, since they were listed. */
const NOT_THERE = new Set<unknown>([26, 166]);

/** What the server says of the collections of one product. */
export interface ReadCollections {
  readonly collections: readonly CollectionFacts[];
  /** Those beyond the most that are read, and those whose indexes may not be: that nothing is known of them says nothing. */
  readonly unread: ReadonlySet<string>;
  /** Rights that were missing: what is not seen must not look like nothing. */
  readonly missing: readonly string[];
}

type Answer = Readonly<Record<string, unknown>>;

/**
 * Sizes and indexes of a product's collections, but those of Bulkhead itself.
 *
 * @param first those that matter, the most important first: of very many, the others are left out.
 * @param most how many are read. Default: 500.
 * @throws the driver's error.
 */
export async function readCollections(
  db: mongo.Db,
  product: string,
  first: readonly string[] = [],
  most = MOST_COLLECTIONS,
): Promise<ReadCollections> {
  const options = { comment: ownComment(product), maxTimeMS: READ_MS };
  const listed = await db
    .listCollections({ type: { $in: ['collection', 'timeseries'] } }, { nameOnly: true, ...options })
    .toArray();
  const own = new Map(
    listed
      .filter(({ name }) => !/^(?:system\.|_bulkhead\.)/.test(name))
      .map(({ name, type }) => [name, type]),
  );
  const names = [...new Set([...first.filter((name) => own.has(name)), ...own.keys()])];
  const missing = new Set<string>();
  const allowed = async (right: string, work: Promise<Answer[]>): Promise<Answer[] | undefined> => {
    try {
      return await work;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === UNAUTHORIZED) missing.add(right);
      else if (!NOT_THERE.has(code)) throw error;
      return undefined;
    }
  };
  const ask = (collection: string, right: string, stage: mongo.Document) =>
    allowed(right, db.collection(collection).aggregate([stage], options).toArray());
  const unread = new Set(names.slice(most));
  const collections: CollectionFacts[] = [];
  for (const name of names.slice(0, most)) {
    // The documents of a time series are not counted, and asking for that is an error.
    const about = { storageStats: {}, ...(own.get(name) !== 'timeseries' && { count: {} }) };
    const [stats] = (await ask(name, 'collStats', { $collStats: about })) ?? [];
    const used = await ask(name, 'indexStats', { $indexStats: {} });
    const storage = (stats?.['storageStats'] ?? {}) as Answer;
    const sizes = (storage['indexSizes'] ?? {}) as Readonly<Record<string, number>>;
    const specs = used
      ? used.map((one) => (one['spec'] ?? one) as Answer)
      : await allowed('listIndexes', listIndexes(db, name, options));
    if (!specs) {
      unread.add(name);
      continue;
    }
    const byName = new Map(specs.map((spec) => [String(spec['name']), spec]));
    collections.push({
      name,
      documents: documentsIn(stats),
      bytes: Number(storage['storageSize'] ?? 0),
      indexes: await withArrayPaths(
        db,
        product,
        name,
        [...byName].map(([index, spec]) => indexFacts(spec, sizes[index] ?? 0, usesOf(used, index))),
      ),
    });
  }
  return { collections, unread, missing: [...missing] };
}

/** Of a time series at least so many: its buckets, or what this node has put into them since it started. */
function documentsIn(stats: Answer | undefined): number {
  const { timeseries } = (stats?.['storageStats'] ?? {}) as { timeseries?: Answer };
  if (!timeseries) return Number(stats?.['count'] ?? 0);
  const { bucketCount = 0, numMeasurementsCommitted = 0 } = timeseries;
  return Math.max(Number(bucketCount), Number(numMeasurementsCommitted));
}

const listIndexes = (db: mongo.Db, name: string, options: object): Promise<Answer[]> =>
  db.collection(name).listIndexes(options).toArray();

/** On a sharded cluster each shard counts for itself: a use is a use, and the youngest count is the one to go by. */
function usesOf(
  used: readonly Answer[] | undefined,
  index: string,
): { uses: number; since: Date } | undefined {
  const accesses = (used ?? [])
    .filter(({ name }) => name === index)
    .map((one) => one['accesses'] as { ops: number | mongo.Long; since: Date });
  if (accesses.length === 0) return undefined;
  return {
    uses: accesses.reduce((sum, { ops }) => sum + Number(ops), 0),
    since: new Date(Math.max(...accesses.map(({ since }) => since.getTime()))),
  };
}

function indexFacts(spec: Answer, bytes: number, used: ReturnType<typeof usesOf>): IndexFacts {
  return {
    name: String(spec['name']),
    key: spec['key'] as IndexFacts['key'],
    bytes,
    form: formOf(toIndexSpec(spec)),
    isUnique: spec['unique'] === true || spec['prepareUnique'] === true || spec['name'] === '_id_',
    isTtl: spec['expireAfterSeconds'] !== undefined,
    isPartial: spec['partialFilterExpression'] !== undefined,
    isSparse: spec['sparse'] === true,
    hasCollation: spec['collation'] !== undefined,
    isHidden: spec['hidden'] === true,
    ...used,
  };
}

/** The layouts of collections as they are now: what is cheap enough to be asked in every round. */
export async function readLayouts(
  db: mongo.Db,
  product: string,
  collections: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const options = { comment: ownComment(product), maxTimeMS: READ_MS };
  const layouts = new Map<string, string>();
  for (const name of collections) {
    const specs = await listIndexes(db, name, options).catch((error: unknown) => {
      if (NOT_THERE.has((error as { code?: unknown }).code)) return undefined;
      throw error;
    });
    if (specs) layouts.set(name, layoutOf({ indexes: specs.map((spec) => indexFacts(spec, 0, undefined)) }));
  }
  return layouts;
}

/** A collection's indexes as one text: another text, and plans made before are not believed. Partial filters hold values. */
export const layoutOf = ({ indexes }: Pick<CollectionFacts, 'indexes'>): string =>
  indexes
    .map(({ name, key, isUnique, isHidden, form = '' }) => {
      const kind = createHash('sha256').update(`${form}${isUnique}`).digest('hex').slice(0, 10);
      return `${name}${JSON.stringify(key)}${kind}${isHidden ? '-' : ''}`;
    })
    .sort()
    .join(' ');
