import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import type { ChoiceKind } from './choices.js';
import { ownComment } from '../comment.js';
import { countedOf, fitOf } from './counted.js';
import { explainShape, type ExplainedShape } from './explain-shape.js';
import type { ShapePlan } from './plan.js';
import { joinedBy } from './rebuild.js';
import { parseShape } from '../shape/shape.js';
import { forgottenAt } from '../stats/stats.js';

/** How long a plan is believed. */
const FRESH_MS = 3_600_000;
/** How long one that is bad is: somebody may be mending it. */
const BAD_FRESH_MS = 5 * 60_000;
/** Explanations of one product in one round. */
const MOST_EXPLAINS = 10;
const BUDGET_MS = 2_000;

const READ_MS = 5_000;

/** A plan as it is stored. */
export interface StoredPlan extends ShapePlan {
  /** The indexes of the collections that it reads when it was made: others, and it is made again. */
  readonly layout?: string;
}

/** A shape with its collection. */
export interface PlannedShape extends ExplainedShape {
  readonly collection: string;
}

/** What is needed to keep plans up to date. */
export interface RefreshPlans {
  readonly db: mongo.Db;
  readonly product: string;
  /** Shapes that were seen lately, the most expensive first. */
  readonly shapes: readonly PlannedShape[];
  /** What a collection's indexes are, as one text; undefined where it is not known. */
  readonly layoutOf: (collection: string) => string | undefined;
  readonly now: () => Date;
  /** Which kind of values has fitted a shape before, by its id: kept by the caller, from round to round. */
  readonly fits?: Map<string, ChoiceKind>;
  /** Time that explanations may take, with their samples. Default: 2,000 ms. */
  readonly budgetMs?: number;
  /** Whether the worker is about to end. */
  readonly isStopped?: () => boolean;
}

/** The plans of a product as they are stored, with the layout that they are of. */
async function storedPlans(db: mongo.Db, product: string): Promise<ReadonlyMap<string, StoredPlan>> {
  const plans = await db
    .collection<StoredPlan & { _id: string }>(STATS_COLLECTION)
    .find({ kind: 'plan' }, { comment: ownComment(product), maxTimeMS: READ_MS })
    .toArray();
  return new Map(plans.filter(isPlan).map((plan) => [plan.shape, plan]));
}

/** One of another version, or of nobody's, is made anew. */
const isPlan = ({ at, root, indexes }: Partial<StoredPlan>): boolean =>
  at instanceof Date && isStage(root) && Array.isArray(indexes);

const isStage = (stage: unknown): boolean => {
  const { inputs } = (stage ?? {}) as { inputs?: unknown };
  return Array.isArray(inputs) && inputs.every(isStage);
};

/**
 * Explains shapes whose plan is missing, old, or of other indexes: one at a time, the most expensive first, and no more
 * than the budget of one round. Answers all plans there are, by shape.
 */
export async function refreshPlans(options: RefreshPlans): Promise<ReadonlyMap<string, StoredPlan>> {
  const { db, product, shapes, now, fits, budgetMs = BUDGET_MS, isStopped } = options;
  const searchMs = budgetMs / 2;
  const plans = new Map(await storedPlans(db, product));
  const layoutOf = (one: PlannedShape) => layoutsOf(one, options.layoutOf);
  const due = shapes.filter((one) => isDue(plans.get(one.shape), one, layoutOf(one), now()));
  const [known, unknown] = [
    due.filter(({ shape }) => plans.has(shape)),
    due.filter(({ shape }) => !plans.has(shape)),
  ];
  // In turn: neither do many that are new keep the most expensive from being seen mended, nor the other way round.
  const queue = Array.from({ length: Math.max(known.length, unknown.length) }, (_, at) => [
    unknown[at],
    known[at],
  ])
    .flat()
    .filter((shape) => shape !== undefined);
  const startedAt = performance.now();
  let explained = 0;
  for (const shape of queue) {
    if (explained >= MOST_EXPLAINS || performance.now() - startedAt >= budgetMs || isStopped?.()) break;
    if (parseShape(shape.text).command === 'insert') continue;
    const plan = await explainShape(db, product, shape, now(), { searchMs, ...(fits && { fits }) });
    if (!plan) continue;
    explained += 1;
    const layout = layoutOf(shape);
    const before = plans.get(shape.shape);
    const hasChanged = before?.layout !== undefined && layout !== undefined && before.layout !== layout;
    const indexesSince = hasChanged ? now() : before?.indexesSince;
    const stored = {
      ...plan,
      ...(layout !== undefined && { layout }),
      ...(indexesSince && { indexesSince }),
    };
    plans.set(shape.shape, stored);
    await store(db, product, stored, now());
  }
  return plans;
}

/** The indexes of all collections that a shape reads; undefined where its own are not known. */
function layoutsOf({ text, collection }: PlannedShape, of: RefreshPlans['layoutOf']): string | undefined {
  const own = of(collection);
  if (own === undefined) return undefined;
  return [own, ...joinedBy(text).map((name) => of(name) ?? '')].join(' / ');
}

function isDue(
  plan: StoredPlan | undefined,
  stats: PlannedShape,
  layout: string | undefined,
  now: Date,
): boolean {
  if (!plan) return true;
  if (layout !== undefined && plan.layout !== layout) return true;
  const age = now.getTime() - plan.at.getTime();
  if (age >= FRESH_MS) return true;
  // One that took too long to be counted takes as long again.
  if (age < BAD_FRESH_MS || plan.problem !== undefined) return false;
  return plan.collectionScan || plan.inMemorySort || isOfOthers(plan, stats);
}

/** Whether other values are asked for than were when it was made: then the plan may be another. */
function isOfOthers({ counted }: StoredPlan, stats: PlannedShape): boolean {
  if (counted === undefined) return false;
  return fitOf(counted, countedOf(parseShape(stats.text), stats)).isOff;
}

async function store(db: mongo.Db, product: string, plan: StoredPlan, now: Date): Promise<void> {
  const { shape, ...rest } = plan;
  await db
    .collection<{ _id: string }>(STATS_COLLECTION)
    .replaceOne(
      { _id: `plan:${shape}` },
      { kind: 'plan', shape, ...rest, createdAt: now, updatedAt: now, expiresAt: forgottenAt(now) },
      { upsert: true, comment: ownComment(product), maxTimeMS: READ_MS },
    );
}
