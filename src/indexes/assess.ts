import type { mongo } from 'mongoose';
import { isOfItsKind, namesIndex, needsKind } from '../monitor/facts/hints.js';
import { wordsOf } from '../monitor/shape/shape-words.js';
import type { ShapeText } from '../monitor/shape/shape.js';
import { type ChangeWithSpec, type IndexChange, takenBy } from './changes.js';
import { count } from './count.js';
import { type Duplicates, findDuplicates, tellDuplicates } from './duplicates.js';
import { type ExistingIndex, tellView } from './existing-indexes.js';
import { type Expiring, findExpiring } from './expiring.js';
import { keyStages } from './index-keys.js';
import type { IndexSpec } from './index-spec.js';
import { findMisfits, tellMisfits } from './misfits.js';

/** How long a change takes, in sizes that an operator plans with. */
export type Duration = 'a moment' | 'seconds' | 'minutes' | 'hours';

/** What a change costs. */
export interface Cost {
  /** Of a time series its buckets, as which it is stored and indexed: up to a thousand documents each. */
  readonly documents: number;
  readonly isTimeSeries: boolean;
  /** Bytes of the collection's documents, uncompressed. */
  readonly dataBytes: number;
  readonly duration: Duration;
  /** Who has to wait meanwhile. */
  readonly blocks: string;
  /** What later writes pay, or save. */
  readonly writes: string;
}

/** A change as an operator decides about it. */
export interface PlannedChange extends IndexChange {
  readonly cost: Cost;
  /** Worth knowing before it is done. */
  readonly warnings: readonly string[];
  /** Why it cannot be done now; it is left until that is mended. */
  readonly blockers: readonly string[];
  /** Documents that share a key which has to be unique. */
  readonly duplicates?: Duplicates;
  /** Documents that are deleted as soon as it is done. */
  readonly deletes?: Expiring;
}

/** What a collection is like before anything is done. */
export interface CollectionFacts {
  /** Of a time series its buckets. */
  readonly documents: number;
  readonly isTimeSeries: boolean;
  readonly dataBytes: number;
  readonly indexes: number;
  /** Uses of each index, and since when, by name; missing where the credential may not ask. */
  readonly uses: ReadonlyMap<string, { readonly uses: number; readonly since: Date }>;
  /** Bytes of each index, by name. */
  readonly indexBytes: ReadonlyMap<string, number>;
  readonly isView: boolean;
  /** Known shapes that fail without an index (`readHinted`); undefined where that cannot be told. */
  readonly hinted: readonly ShapeText[] | undefined;
  /** Indexes that this plan takes away, and those that searches have as before. */
  readonly leaving: readonly ExistingIndex[];
  readonly staying: readonly ExistingIndex[];
}

const MAX_INDEXES = 64;
const MAX_PATHS = 32;
const MAX_TIME_EXPIRED = 50;
/** May not be asked; or there is nothing to ask, since it is gone or a view. */
const NOTHING = new Set<unknown>([13, 26, 166, 40_602]);

/** Asks how large a collection is and how its indexes are used. */
export async function collectionFacts(
  db: mongo.Db,
  collection: string,
): Promise<Omit<CollectionFacts, 'isView' | 'hinted' | 'leaving' | 'staying'>> {
  const ask = async (stage: mongo.Document): Promise<mongo.Document[]> => {
    try {
      return await db.collection(collection).aggregate([stage]).toArray();
    } catch (error) {
      if (NOTHING.has((error as { code?: unknown }).code)) return [];
      throw error;
    }
  };
  // A sharded collection answers once per shard.
  const stats = (await ask({ $collStats: { storageStats: {} } })).map(
    (one) => one['storageStats'] as mongo.Document,
  );
  const sum = (name: string) => stats.reduce((total, one) => total + Number(one[name] ?? 0), 0);
  const indexBytes = new Map<string, number>();
  for (const { indexSizes = {} } of stats)
    for (const [name, bytes] of Object.entries(indexSizes as Record<string, number>))
      indexBytes.set(name, (indexBytes.get(name) ?? 0) + bytes);
  const uses = new Map<string, { uses: number; since: Date }>();
  for (const { name, accesses } of await ask({ $indexStats: {} })) {
    const { ops, since } = accesses as { ops: unknown; since: Date };
    const known = uses.get(String(name));
    uses.set(String(name), {
      uses: Number(ops) + (known?.uses ?? 0),
      since: known && known.since > since ? known.since : since,
    });
  }
  // The server counts no documents of a time series, only what it keeps them in.
  const buckets = stats.flatMap(
    ({ timeseries }) => (timeseries as { bucketCount?: number } | undefined) ?? [],
  );
  return {
    documents: sum('count') + buckets.reduce((total, one) => total + (one.bucketCount ?? 0), 0),
    isTimeSeries: buckets.length > 0,
    dataBytes: sum('size'),
    indexes: Math.max(0, ...stats.map((one) => Number(one['nindexes'] ?? 0))),
    uses,
    indexBytes,
  };
}

/** What is looked into before a change, and how long that may take. */
export interface AssessOptions {
  readonly facts: CollectionFacts;
  /** Indexes that the plan adds to the collection before this one. */
  readonly addedBefore: number;
  /** Time limit of each look through the documents. */
  readonly scanMs: number;
}

/** Adds to a change what it costs, what to know, and what stands in its way. */
export async function assess(
  db: mongo.Db,
  { change, spec }: ChangeWithSpec,
  { facts, addedBefore, scanMs }: AssessOptions,
): Promise<PlannedChange> {
  const warnings: string[] = [];
  const blockers: string[] = [];
  const { kind, collection } = change;
  const makes = kind === 'create' || kind === 'replace';
  const within = async <T>(what: string, look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      if ((error as { code?: unknown }).code !== MAX_TIME_EXPIRED) throw error;
      warnings.push(`${what} could not be counted within ${scanMs / 1_000} s`);
      return undefined;
    }
  };

  if (facts.isView) blockers.push(tellView(collection));
  const becomesUnique = spec.unique && (makes || change.set?.['unique'] === true);
  if (becomesUnique && facts.isTimeSeries) blockers.push('a time series can have no unique index');
  const duplicates =
    becomesUnique && facts.documents > 0 && !facts.isTimeSeries
      ? await within('duplicates', () => findDuplicates(db, collection, spec, scanMs))
      : undefined;
  if (duplicates) blockers.push(tellDuplicates(duplicates));
  else if (becomesUnique && !keyStages(spec.key.map(([path]) => path)))
    warnings.push('duplicates are found by the build only: its paths are places and elements of one array');

  // What has to go first must not go in vain.
  const misfits =
    kind === 'replace' && facts.documents > 0
      ? await within('documents that do not fit', () => findMisfits(db, collection, spec, scanMs))
      : undefined;
  if (misfits) blockers.push(`the build would stop at documents that do not fit: ${tellMisfits(misfits)}`);

  const setsExpiry =
    spec.expireAfterSeconds !== undefined && (makes || change.set?.['expireAfterSeconds'] !== undefined);
  const expiring =
    setsExpiry && facts.documents > 0
      ? await within('documents that expire', () => findExpiring(db, collection, spec, scanMs))
      : undefined;
  if (expiring && expiring.documents > 0)
    warnings.push(
      `deletes ${count(expiring.documents, 'document')} at once; the oldest is of ${expiring.oldest}`,
    );
  if (expiring && expiring.withoutDate > 0)
    warnings.push(`never expires what has no date there: ${count(expiring.withoutDate, 'document')}`);

  const leaving = leavingIn(change, spec);
  if (leaving.length > 0 && !facts.hinted)
    warnings.push('whether queries name it in a hint, or need its kind, could not be read: those would fail');
  const hinting = (facts.hinted ?? []).filter((text) =>
    leaving.some((one) => namesIndex(text, collection, one)),
  );
  if (hinting.length > 0)
    blockers.push(`observed queries name it in a hint, and would fail: ${tellShapes(hinting)}`);

  const needing = (facts.hinted ?? []).filter((text) => needsLeaving(text, change, spec, facts));
  if (needing.length > 0)
    blockers.push(`observed queries cannot be answered without it, and would fail: ${tellShapes(needing)}`);

  const indexes = facts.indexes + addedBefore + (kind === 'create' && !change.building ? 1 : 0);
  if (kind === 'create' && indexes > MAX_INDEXES)
    blockers.push(`a collection has at most ${MAX_INDEXES} indexes, and this would be number ${indexes}`);
  if (makes && spec.key.length > MAX_PATHS)
    blockers.push(`an index has at most ${MAX_PATHS} paths, and this has ${spec.key.length}`);
  warnings.push(...tellMeaning(change, spec, facts));
  return {
    ...change,
    cost: costOf(change, spec, facts),
    warnings,
    blockers,
    ...(duplicates && { duplicates }),
    ...(expiring && expiring.documents > 0 && { deletes: expiring }),
  };
}

/** The indexes, by name or key, that a hint cannot name any more afterwards. */
function leavingIn(change: IndexChange, spec: IndexSpec) {
  const { kind, name } = change;
  if (kind === 'replace') return takenBy(change).flatMap((old) => (old === name ? [] : [{ name: old }]));
  return takenBy(change).map(() => ({ name, key: Object.fromEntries(spec.key) }));
}

/** Whether a shape needs a text or place index that a change takes away, and none that stays or comes is like it. */
function needsLeaving(
  text: ShapeText,
  change: IndexChange,
  spec: IndexSpec,
  facts: CollectionFacts,
): boolean {
  const names = takenBy(change);
  const others = facts.staying.map((one) => one.spec);
  if (change.kind === 'replace') others.push(spec);
  const needs = ({ key }: IndexSpec) => needsKind(text, change.collection, Object.fromEntries(key));
  return facts.leaving.some((one) => names.includes(one.name) && needs(one.spec)) && !others.some(needs);
}

const SHOWN_SHAPES = 3;
const tellShapes = (texts: readonly ShapeText[]): string => {
  const words = [...new Set(texts.map(wordsOf))];
  return `${words.slice(0, SHOWN_SHAPES).join('; ')}${words.length > SHOWN_SHAPES ? '; …' : ''}`;
};

function tellMeaning({ kind, name, set }: IndexChange, spec: IndexSpec, facts: CollectionFacts): string[] {
  const told: string[] = [];
  if (kind === 'create' && spec.partialFilterExpression)
    told.push('partial: serves only reads whose filter says at least as much');
  else if (kind === 'create' && spec.sparse)
    told.push('sparse: serves no read that wants documents without its paths');
  if (kind === 'hide' || set?.['hidden'] === true) {
    const used = facts.uses.get(name);
    if (used && used.uses > 0)
      told.push(`used ${count(used.uses, 'time')} since ${used.since.toISOString()}`);
    if (spec.unique) told.push('refuses duplicates while it is hidden, and no longer once it is dropped');
    if (spec.expireAfterSeconds !== undefined)
      told.push('goes on deleting while it is hidden; once it is dropped, nothing expires');
  }
  return told;
}

const MILLION = 1_000_000;
const GB = 1_000_000_000;

/** A build reads every document and sorts the keys: 200,000 small ones take about half a second, more where disks are slow. */
function durationOf({ documents, dataBytes }: CollectionFacts): Duration {
  if (documents <= 10_000) return 'a moment';
  if (documents <= 2 * MILLION && dataBytes <= 2 * GB) return 'seconds';
  return documents <= 100 * MILLION && dataBytes <= 100 * GB ? 'minutes' : 'hours';
}

function costOf({ kind, set }: IndexChange, spec: IndexSpec, facts: CollectionFacts): Cost {
  const { documents, dataBytes, indexes, isTimeSeries } = facts;
  const paths = spec.key.map(([path]) => path).filter((path) => path !== '_ftsx');
  const ofThese = spec.special['weights'] ? Object.keys(spec.special['weights']) : paths;
  const builds = kind === 'create' || kind === 'replace' || set?.['unique'] === true;
  const blocks = {
    create: 'nobody; reads and writes pause for a moment at its beginning and end',
    replace: 'nobody, but until it is built reads have no index, and a unique one lets duplicates in',
    modify: set?.['unique'] === true ? 'nobody, but new duplicates are refused from its beginning' : 'nobody',
    unhide: 'nobody',
    hide: isOfItsKind(Object.fromEntries(spec.key))
      ? 'nobody; searches for text or near a place that need it fail at once'
      : 'nobody; reads that used it take another plan at once',
    drop: 'nobody',
  }[kind];
  // It has the least and the greatest of each path in a bucket; what buckets are made by is the same in all of one.
  const when = isTimeSeries
    ? `for every new bucket, not for every document; written again where the least or greatest ${ofThese.join(', ')} of a bucket changes`
    : `for every insert, and for every update of ${ofThese.join(', ')}`;
  const writes = {
    create: `one entry more ${when} (beside ${count(indexes, 'index', 'indexes')})`,
    replace: 'as before',
    modify:
      set?.['expireAfterSeconds'] === undefined ? 'as before' : 'as before, and deletes of what expires',
    unhide: 'as before',
    hide: 'as before: a hidden index is kept up to date',
    drop: `one entry less ${when}`,
  }[kind];
  return {
    documents,
    isTimeSeries,
    dataBytes,
    duration: builds ? durationOf(facts) : 'a moment',
    blocks,
    writes,
  };
}
