import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { collectionOf } from '../database/schema.js';
import { optionsOf } from '../indexes/changes.js';
import { declaredIndexes } from '../indexes/declared-indexes.js';
import { resolveCollations } from '../indexes/existing-indexes.js';
import { forgetWanted } from '../indexes/hidden-indexes.js';
import { formOf } from '../indexes/index-spec.js';
import type { ChoiceKind } from '../monitor/explain/choices.js';
import type { ProductFacts, ShapeFacts } from '../monitor/facts/facts.js';
import type { Finding } from '../monitor/finding.js';
import { type FindingChanges, storeFindings } from '../monitor/findings.js';
import { expiringFields, readHinted, readSizes, readUnbatched } from '../monitor/facts/gather.js';
import { refreshPlans } from '../monitor/explain/plans.js';
import { readProfile } from '../monitor/profiler/profiled.js';
import { readExamined } from '../monitor/stats/read-examined.js';
import {
  layoutOf,
  readCollections,
  type ReadCollections,
  readLayouts,
} from '../monitor/facts/read-collections.js';
import { readFindings } from '../monitor/stats/read-findings.js';
import { NOT_LATELY, readLately } from '../monitor/facts/read-lately.js';
import { readLoads } from '../monitor/facts/read-loads.js';
import { readShapes, type ShapeStats } from '../monitor/stats/read-stats.js';
import { joinedBy } from '../monitor/explain/rebuild.js';
import { examine } from '../monitor/rules/index.js';
import { MORE_MS } from '../monitor/rules/regression.js';
import { hasManyIndexes } from '../monitor/rules/too-many-indexes.js';
import { type FailedPart, Parts } from './parts.js';

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 7 * 24;
/** Sizes and uses change slowly. While something is wrong, somebody may be mending it: then every round looks. */
const COLLECTIONS_MS = 5 * 60_000;

/** What one round of the watch works on. */
export interface WatchOptions {
  readonly db: mongo.Db;
  readonly product: string;
  readonly classes: readonly ClassType[];
  readonly now: () => Date;
  readonly isStopped?: () => boolean;
  /** Time that explanations may take in a round. Default: 2,000 ms. */
  readonly budgetMs?: number;
}

/** What a round has found. */
export interface WatchRound extends FindingChanges {
  /** Shapes that were seen lately. */
  readonly shapes: number;
  /** Rights without which a part is not seen. */
  readonly missing: readonly string[];
  /** What could not be read otherwise: the findings of it stay as they are. */
  readonly failed: readonly FailedPart[];
}

interface Kept<T> {
  readonly at: number;
  readonly value: T;
}

/** The watch of one product: plans, findings. It keeps between rounds what is dear to ask for. */
export class Watch {
  #isCalm = false;
  readonly #fits = new Map<string, ChoiceKind>();
  readonly #parts = new Parts();
  #collections: Kept<ReadCollections> | undefined;
  #before: ReadonlyMap<string, Kept<ShapeFacts['before']> | undefined> = new Map();
  #loads: Kept<ProductFacts['loads']> | undefined;
  #hinted: Kept<ProductFacts['hinted']> | undefined;
  #sizes: Kept<ProductFacts['sizes']> | undefined;

  /** One round. @throws the driver's error. */
  async round({ db, product, classes, now, isStopped, budgetMs }: WatchOptions): Promise<WatchRound> {
    const startedAt = now();
    const part = <T>(name: FailedPart['part'], read: () => Promise<T>, otherwise: T): Promise<T> =>
      this.#parts.read(name, startedAt, read, otherwise);
    const profiled = await part('the profiler', () => readProfile(db, product, startedAt), undefined);
    // The last whole hour, and what there is of this one.
    const since = new Date(Math.floor(startedAt.getTime() / HOUR_MS - 1) * HOUR_MS);
    const shapes = (await readShapes(db, { product, since })).filter(
      ({ collection }) => !/^(?:system\.|_bulkhead\.)/.test(collection),
    );
    const { collections, unread, missing } = await this.#collectionsOf(
      db,
      product,
      { declared: classes.map(collectionOf), asked: collectionsAskedBy(shapes) },
      startedAt,
    );
    const layouts = new Map(collections.map((one) => [one.name, layoutOf(one)]));
    const plans = await refreshPlans({
      db,
      product,
      shapes,
      now,
      fits: this.#fits,
      layoutOf: (collection) => layouts.get(collection),
      ...(isStopped && { isStopped }),
      ...(budgetMs !== undefined && { budgetMs }),
    });
    const query = { product, since, until: startedAt };
    const examined = await readExamined(db, query, (shape) => plans.get(shape)?.indexesSince);
    const before = await part(
      'the week before',
      () => this.#weekBefore(db, product, since, startedAt, shapes),
      new Map(),
    );
    const lately = await readLately(db, { product }, startedAt);
    const open = await readFindings(db, { product });
    const resolved = await readFindings(db, { product }, 'resolved');
    const collations = await resolveCollations(db, classes);
    const facts: ProductFacts = {
      product,
      now: startedAt,
      hours: (startedAt.getTime() - since.getTime()) / HOUR_MS,
      shapes: shapes.map((shape): ShapeFacts => {
        const [plan, earlier] = [plans.get(shape.shape), before.get(shape.shape)];
        const recent = lately.get(shape.shape) ?? NOT_LATELY;
        const seen = examined.get(shape.shape);
        return {
          ...shape,
          lately: recent,
          ...(plan && { plan }),
          ...(seen && { examined: seen }),
          ...(earlier && { before: earlier }),
        };
      }),
      hinted: await this.#hintedOf(db, product, startedAt),
      unbatched: await readUnbatched(db, product, startedAt),
      collections,
      unread,
      loads: await part('a week of writes', () => this.#loadsOf(db, product, collections, startedAt), []),
      declared: declaredIndexes(classes, collations).map(({ collection, definition, spec }) => ({
        collection,
        key: definition['key'] as Readonly<Record<string, unknown>>,
        form: formOf(spec),
        options: optionsOf({ ...spec, unique: false }),
        isUnique: definition['unique'] === true,
        isTtl: definition['expireAfterSeconds'] !== undefined,
        isHidden: definition['hidden'] === true,
      })),
      expiring: expiringFields(classes),
      open: new Set(open.map(({ id }) => id)),
      mended: new Set(resolved.filter(({ resolvedAt }) => resolvedAt! >= since).map(({ id }) => id)),
      sizes: await part('the sizes', () => this.#sizesOf(db, product, startedAt), []),
    };
    const seen = new Set(shapes.map(({ shape }) => shape));
    const { unseen } = this.#parts;
    const isUnseen = ({ rule, subject: { shape, collection } }: Finding): boolean =>
      unseen.has(rule) || (shape === undefined && collection !== undefined && unread.has(collection));
    const changes = await storeFindings(db, product, examine(facts), seen, now(), isUnseen);
    this.#isCalm = changes.open.every(({ severity }) => severity === 'info');
    return {
      ...changes,
      shapes: shapes.length,
      missing: [...missing, ...(profiled?.isRefused ? ['find on system.profile'] : [])],
      failed: this.#parts.failed,
    };
  }

  async #collectionsOf(
    db: mongo.Db,
    product: string,
    { declared, asked }: { readonly declared: readonly string[]; readonly asked: readonly string[] },
    now: Date,
  ): Promise<ReadCollections> {
    const known = this.#collections;
    const isOld = !known || now.getTime() - known.at >= COLLECTIONS_MS;
    if (isOld || !this.#isCalm || (await haveChanged(db, product, known.value, asked))) {
      const value = await readCollections(db, product, [...declared, ...asked]);
      this.#collections = { at: now.getTime(), value };
      // Who shows an index wants to keep it, also when it is hidden later for another reason.
      await forgetWanted(db);
    }
    return this.#collections!.value;
  }

  /** How shapes did in the week before the last hours: those that are slow enough to be compared, each once an hour. */
  async #weekBefore(
    db: mongo.Db,
    product: string,
    until: Date,
    now: Date,
    shapes: readonly ShapeStats[],
  ): Promise<ReadonlyMap<string, ShapeFacts['before']>> {
    const slow = shapes.filter(({ p95Ms }) => p95Ms >= MORE_MS).map(({ shape }) => shape);
    const known = new Map(slow.map((shape) => [shape, this.#before.get(shape)]));
    const isFresh = (one: Kept<unknown> | undefined) => one && now.getTime() - one.at < HOUR_MS;
    const wanted = slow.filter((shape) => !isFresh(known.get(shape)));
    if (wanted.length > 0) {
      const since = new Date(until.getTime() - WEEK_HOURS * HOUR_MS);
      const query = { product, since, until, shapes: wanted };
      const found = await readShapes(db, query);
      const byShape = new Map(found.map(({ shape, calls, p95Ms }) => [shape, { calls, p95Ms }]));
      for (const shape of wanted) known.set(shape, { at: now.getTime(), value: byShape.get(shape) });
    }
    this.#before = known;
    return new Map([...known].map(([shape, kept]) => [shape, kept?.value]));
  }

  /** How collections with many indexes were written in a week, each once an hour. */
  async #loadsOf(
    db: mongo.Db,
    product: string,
    collections: ProductFacts['collections'],
    now: Date,
  ): Promise<ProductFacts['loads']> {
    const names = collections.filter(hasManyIndexes).map(({ name }) => name);
    const known = this.#loads?.value ?? [];
    const isOld = !this.#loads || now.getTime() - this.#loads.at >= HOUR_MS;
    if (isOld || names.some((name) => !known.some(({ collection }) => collection === name)))
      this.#loads = {
        at: now.getTime(),
        value: await readLoads(db, { product }, names, now),
      };
    return this.#loads!.value;
  }

  async #hintedOf(db: mongo.Db, product: string, now: Date): Promise<ProductFacts['hinted']> {
    if (!this.#hinted || now.getTime() - this.#hinted.at >= COLLECTIONS_MS)
      this.#hinted = { at: now.getTime(), value: await readHinted(db, product) };
    return this.#hinted.value;
  }

  async #sizesOf(db: mongo.Db, product: string, now: Date): Promise<ProductFacts['sizes']> {
    if (!this.#sizes || now.getTime() - this.#sizes.at >= HOUR_MS)
      this.#sizes = { at: now.getTime(), value: await readSizes(db, product, now) };
    return this.#sizes.value;
  }
}

/** The collections that shapes read, those of the dearest first. */
const collectionsAskedBy = (shapes: readonly ShapeStats[]): readonly string[] => [
  ...new Set(shapes.flatMap(({ collection, text }) => [collection, ...joinedBy(text)])),
];

/** Whether an index of a collection that is asked has come, gone, or been hidden: it is seen in the next round. */
async function haveChanged(
  db: mongo.Db,
  product: string,
  { collections }: ReadCollections,
  asked: readonly string[],
): Promise<boolean> {
  const known = collections.filter(({ name }) => asked.includes(name));
  const layouts = await readLayouts(
    db,
    product,
    known.map(({ name }) => name),
  );
  return known.some((one) => layouts.get(one.name) !== layoutOf(one));
}
