import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { readHinted } from '../monitor/facts/gather.js';
import { StatsRow } from '../monitor/stats/stats-row.js';
import { assess, type CollectionFacts, collectionFacts, type PlannedChange } from './assess.js';
import { type ChangeWithSpec, takenBy } from './changes.js';
import { declaredCollections, declaredIndexes } from './declared-indexes.js';
import {
  type Difference,
  differenceOf,
  type DropPolicy,
  type HiddenIndex,
  type UndeclaredIndex,
} from './difference.js';
import { existingIndexes, resolveCollations, viewsAmong } from './existing-indexes.js';
import { hiddenIndexes } from './hidden-indexes.js';

/** Time limit of each look through the documents of a collection. */
const SCAN_MS = 60_000;

/** What is planned, and how. */
export interface PlanOptions {
  /** Also hides indexes that no class declares, and drops those whose wait is over. Default false. */
  readonly dropUndeclared?: boolean;
  /** Hides or drops these undeclared indexes (`collection.index`), also of collections of no class, and does nothing else. */
  readonly drop?: readonly string[];
  /** How long an index stays hidden before it is dropped. Default: as was said when it was hidden, or 7 days. */
  readonly waitMs?: number;
  /** Time limit of each count of duplicates and of documents that expire. Default 60 s. */
  readonly scanMs?: number;
}

/** What has to be done so that a database has the indexes its classes declare. */
export interface IndexPlan {
  readonly database: string;
  readonly dropUndeclared: boolean;
  /** Where they were said. */
  readonly drop?: readonly string[];
  readonly waitMs?: number;
  /** In the order in which they are done, one collection after another. */
  readonly changes: readonly PlannedChange[];
  /** Classes' collections that are views: nothing can be done there. */
  readonly views: readonly string[];
  /** Indexes that no class declares, and that nothing happens to. */
  readonly undeclared: readonly UndeclaredIndex[];
}

/** May not be asked, or takes too long. */
const UNTOLD = new Set<unknown>([13, 50]);

/** The known shapes that name an index; undefined where that cannot be told. */
async function hintsIn(db: mongo.Db): Promise<CollectionFacts['hinted']> {
  try {
    return (await readHinted(db, db.databaseName)).map(({ text }) => text);
  } catch (error) {
    if (UNTOLD.has((error as { code?: unknown }).code)) return undefined;
    throw error;
  }
}

/** Compares all collections of a product, and those of the gateway in its database. Reads catalogues only. */
export async function compareIndexes(
  db: mongo.Db,
  productClasses: readonly ClassType[],
  { hidden = [], policy = KEEP }: { hidden?: readonly HiddenIndex[]; policy?: DropPolicy } = {},
): Promise<Difference> {
  const classes = [...productClasses, StatsRow];
  const declared = declaredIndexes(classes, await resolveCollations(db, classes));
  const changes: ChangeWithSpec[] = [];
  const undeclared: UndeclaredIndex[] = [];
  for (const collection of [...declaredCollections(classes), ...(await namedIn(db, classes, policy))]) {
    const found = differenceOf(
      collection,
      declared.filter((one) => one.collection === collection),
      await existingIndexes(db, collection),
      hidden,
      policy,
    );
    changes.push(...found.changes);
    undeclared.push(...found.undeclared);
  }
  return { changes, undeclared };
}

/** Collections of no class of which an index is named to be dropped. */
async function namedIn(
  db: mongo.Db,
  classes: readonly ClassType[],
  { drop = [] }: DropPolicy,
): Promise<string[]> {
  if (drop.length === 0) return [];
  const known = new Set(declaredCollections(classes));
  const there = await db.listCollections({}, { nameOnly: true }).toArray();
  return there
    .map(({ name }) => name)
    .filter((name) => !known.has(name) && !/^(?:system\.|_bulkhead\.)/.test(name))
    .filter((name) => drop.some((one) => one.startsWith(`${name}.`)));
}

const KEEP: DropPolicy = { dropUndeclared: false, now: new Date(0) };

/** What a plan would change, without what it costs. Reads catalogues only. */
export async function findChanges(
  db: mongo.Db,
  classes: readonly ClassType[],
  { dropUndeclared = false, drop, waitMs }: PlanOptions = {},
): Promise<Difference> {
  const { localTime } = await db.command({ hello: 1 });
  return compareIndexes(db, classes, {
    hidden: await hiddenIndexes(db),
    policy: {
      dropUndeclared,
      now: localTime as Date,
      ...(drop && { drop }),
      ...(waitMs !== undefined && { waitMs }),
    },
  });
}

/**
 * Plans what has to be done, with what it costs and what stands in the way. Writes nothing.
 *
 * @param db with a credential that may read the product's documents and statistics.
 * @throws StartError where classes contradict each other.
 */
export async function planIndexes(
  db: mongo.Db,
  classes: readonly ClassType[],
  options: PlanOptions = {},
): Promise<IndexPlan> {
  const { dropUndeclared = false, drop, waitMs, scanMs = SCAN_MS } = options;
  const { changes, undeclared } = await findChanges(db, classes, options);
  const views = await viewsAmong(db, declaredCollections(classes));
  const planned: PlannedChange[] = [];
  const takesAway = changes.some(({ change }) => takenBy(change).length > 0);
  const hinted = takesAway ? await hintsIn(db) : [];
  for (const collection of new Set(changes.map(({ change }) => change.collection))) {
    const own = changes.filter(({ change }) => change.collection === collection);
    const gone = new Set(own.flatMap(({ change }) => takenBy(change)));
    const there = await existingIndexes(db, collection);
    const facts: CollectionFacts = {
      ...(await collectionFacts(db, collection)),
      hinted,
      isView: views.includes(collection),
      leaving: there.filter(({ name }) => gone.has(name)),
      staying: there.filter(({ name, spec, building }) => !gone.has(name) && !spec.hidden && !building),
    };
    let addedBefore = 0;
    for (const one of own) {
      planned.push(await assess(db, one, { facts, addedBefore, scanMs }));
      if (one.change.kind === 'create' && !one.change.building) addedBefore += 1;
    }
  }
  return {
    database: db.databaseName,
    dropUndeclared,
    ...(drop && { drop }),
    ...(waitMs !== undefined && { waitMs }),
    changes: planned,
    views,
    undeclared,
  };
}
