import type { mongo } from 'mongoose';
import type { ClassType } from '../../database/class-type.js';
import { ownComment } from '../../monitor/comment.js';
import { collectionFacts } from '../assess.js';
import { collectionOf, schemaOf } from '../../database/schema.js';
import {
  collationKey,
  type Collations,
  declaredCollections,
  type DeclaredIndex,
  declaredIndexes,
} from '../declared-indexes.js';
import { existingIndexes, type ExistingIndex, resolveCollations, viewsAmong } from '../existing-indexes.js';
import { type IndexSpec, isSameCollation, meaningOf } from '../index-spec.js';
import { adviseCollection, type CollectionAdvice } from './advise-collection.js';
import { specOf } from './candidates.js';
import { adviseDrops, type DropAdvice } from './drops.js';
import { type Need, needsOf, type ObservedShape, shapesOf, type Unread } from './need.js';
import type { CopyBudget } from './scratch-copy.js';
import { writeLoadOf } from './writes.js';

/** What advice is given from. */
export interface AdviseOptions {
  readonly product: string;
  readonly shapes: readonly ObservedShape[];
  /** Shapes of any time that name an index in their hint: it stays. */
  readonly hinted?: readonly Pick<ObservedShape, 'text'>[];
  /** A database on a scratch server; what is made in it is the caller's to drop. */
  readonly scratch: mongo.Db;
  readonly budget?: CopyBudget;
  readonly onCollection?: (collection: string) => void;
}

/** Advice for one collection. */
export interface ProductCollectionAdvice extends Omit<CollectionAdvice, 'used' | 'measured' | 'isArray'> {
  /** The classes that are stored in it. */
  readonly classes: readonly string[];
  /** What an advised line has to name, since its class has another collation than the collection's queries. */
  readonly collation?: mongo.Document;
  readonly drops: readonly (DropAdvice & { readonly declaredBy?: string })[];
}

/** Advice for a product. */
export interface IndexAdvice {
  readonly product: string;
  readonly database: string;
  readonly shapes: number;
  readonly collections: readonly ProductCollectionAdvice[];
  /** Shapes that could not be taken into account. */
  readonly unread: readonly Unread[];
  /** Declared indexes that the database lacks: building those comes first, and advice is reckoned with them. */
  readonly missing: readonly { readonly collection: string; readonly name: string; readonly by: string }[];
}

/**
 * Which indexes a product should have, and which it could do without, by what was asked of it. Reads documents of the
 * collections that were asked, and writes to the scratch database only.
 *
 * @throws StartError where classes contradict each other.
 */
export async function adviseIndexes(
  db: mongo.Db,
  classes: readonly ClassType[],
  { product, shapes, hinted = [], scratch, budget, onCollection }: AdviseOptions,
): Promise<IndexAdvice> {
  const collations = await resolveCollations(db, classes);
  const declared = declaredIndexes(classes, collations);
  const { needs, unread } = needsOf(shapes);
  const { localTime } = await db.command({ hello: 1 });
  const views = await viewsAmong(db, declaredCollections(classes));
  const collections: ProductCollectionAdvice[] = [];
  const missing: DeclaredIndex[] = [];
  for (const collection of declaredCollections(classes)) {
    const own = needs.filter((need) => need.collection === collection);
    const existing = await existingIndexes(db, collection);
    const facts = await collectionFacts(db, collection);
    const lacking = declared.filter(
      (one) => one.collection === collection && !existing.some(({ spec }) => isSame(spec, one.spec)),
    );
    missing.push(...lacking);
    if (own.length === 0 && existing.length === 0) continue;
    onCollection?.(collection);
    const { used, measured, isArray, ...advice } = await adviseCollection(
      {
        source: db.collection(collection),
        documents: facts.documents,
        isTimeSeries: facts.isTimeSeries,
        isView: views.includes(collection),
        needs: together(own),
        load: writeLoadOf(shapes, collection),
        indexes: [...existing, ...lacking.map((one): ExistingIndex => ({ ...one, building: false }))],
        comment: ownComment(product),
        ...(budget && { budget }),
      },
      scratch,
    );
    const drops = adviseDrops({
      collection,
      indexes: existing,
      advised: advice.indexes.map(({ key }) => specOf(key)),
      uses: facts.uses,
      sizes: facts.indexBytes,
      shapes: [...shapes, ...hinted],
      used,
      unmeasured: shapes.filter(({ shape, text }) => !measured.has(shape) && reads(text, collection)),
      isArray,
      now: localTime as Date,
    }).map((drop) => {
      const by = declared.find((one) => one.collection === collection && isSame(one.spec, drop.spec))?.by;
      return { ...drop, ...(by !== undefined && { declaredBy: by }) };
    });
    const collation = collationToName(classes, collection, collations);
    collections.push({
      ...advice,
      classes: classNames(classes, collection),
      drops,
      ...(collation && { collation }),
    });
  }
  return {
    product,
    database: db.databaseName,
    shapes: shapes.length,
    collections,
    unread,
    missing: missing.map(({ collection, name, by }) => ({ collection, name, by })),
  };
}

/** Whether a shape may look into a collection, by itself or by a join. */
const reads = (text: string, collection: string): boolean => text.includes(`:${JSON.stringify(collection)}`);

const isSame = (one: IndexSpec, other: IndexSpec): boolean =>
  meaningOf({ ...one, hidden: false }) === meaningOf({ ...other, hidden: false });

const classNames = (classes: readonly ClassType[], collection: string): string[] =>
  classes.filter((one) => declaredCollections([one])[0] === collection).map(({ name }) => name);

/** Mongoose gives an index the collation of its class, and the gateway's queries have the collection's. */
function collationToName(
  classes: readonly ClassType[],
  collection: string,
  collations: Collations,
): mongo.Document | undefined {
  const inherited = collations.get(`collection:${collection}`);
  const isOther = classes.some((target) => {
    const own = schemaOf(target).get('collation') as mongo.Document | undefined;
    const settings = own && (collations.get(collationKey(own)) ?? own);
    return collectionOf(target) === collection && settings && !isSameCollation(settings, inherited);
  });
  return isOther ? (inherited ?? { locale: 'simple' }) : undefined;
}

/** Needs that look in the same way are one: shapes differ in what they return, too. */
function together(needs: readonly Need[]): Need[] {
  const byText = new Map<string, Need>();
  for (const need of needs) {
    const { filter, sort, isLimited, reads, distinct, group, isHinted, isPart } = need;
    const text = JSON.stringify([filter, sort, isLimited, reads, distinct, group, isHinted, isPart]);
    const known = byText.get(text);
    if (!known) byText.set(text, need);
    else {
      const calls = known.calls + need.calls;
      const found =
        known.found === undefined || need.found === undefined
          ? undefined
          : (known.found * known.calls + need.found * need.calls) / calls;
      const { found: _, ...rest } = known;
      const alike = [...shapesOf(known), need];
      byText.set(text, { ...rest, calls, alike, ...(found !== undefined && { found }) });
    }
  }
  return [...byText.values()];
}
