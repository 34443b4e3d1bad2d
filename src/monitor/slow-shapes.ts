import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../product/grants.js';
import type { StoredFinding } from './finding.js';
import type { ShapePlan } from './plan.js';
import { readFindings, findPlans } from './read-findings.js';
import { readOptions, readShapes, type ShapeStats, type StatsQuery, type StatsScope } from './read-stats.js';
import { wordsOf } from './shape-words.js';

/** Shapes that a prefix is said to fit. */
const MOST_FITTING = 10;

/** What shapes are ordered by, the most first: time in all, p95, calls, documents that one call examines. */
export const SHAPE_ORDERS = ['total', 'p95', 'calls', 'examined'] as const;
export type ShapeOrder = (typeof SHAPE_ORDERS)[number];

/** A shape with everything that is known of it. */
export interface SlowShape extends ShapeStats {
  /** The query as a person would write it. */
  readonly words: string;
  /** How it is planned; missing until the worker has explained it. */
  readonly plan?: ShapePlan;
  /** Open findings about it, the gravest first. */
  readonly findings: readonly StoredFinding[];
}

const MEASURES: Readonly<Record<ShapeOrder, (shape: SlowShape) => number>> = {
  total: ({ totalMs }) => totalMs,
  p95: ({ p95Ms }) => p95Ms,
  calls: ({ calls }) => calls,
  examined: ({ plan, examined }) =>
    (plan?.problem === undefined ? plan?.documentsExamined : undefined) ??
    (examined ? examined.documents / examined.calls : -1),
};

/** The shapes of a product in a time, with plans and findings, in an order. @throws the driver's error. */
export async function readSlowShapes(
  db: mongo.Db,
  query: StatsQuery,
  order: ShapeOrder = 'total',
): Promise<readonly SlowShape[]> {
  const { shape } = query;
  const [shapes, plans, findings] = await Promise.all([
    readShapes(db, query),
    findPlans(db, query, shape === undefined ? undefined : [shape]),
    readFindings(db, query),
  ]);
  const measure = MEASURES[order];
  return shapes
    .map((one): SlowShape => {
      const plan = plans.get(one.shape);
      return {
        ...one,
        words: wordsOf(one.text),
        ...(plan && { plan }),
        findings: findings.filter((finding) => isAbout(finding, one)),
      };
    })
    .sort((one, other) => measure(other) - measure(one));
}

/** Whether a finding names the shape, or the field that sends it. */
function isAbout({ subject }: StoredFinding, { shape, origins }: ShapeStats): boolean {
  if (subject.shape !== undefined) return subject.shape === shape;
  const { field, operation } = subject;
  return (
    field !== undefined &&
    origins.some((one) => one.field === field && (operation === undefined || operation === one.operation))
  );
}

/** A shape by the beginning of its id, among all that are kept: each with its words. */
export async function findShapes(
  db: mongo.Db,
  scope: StatsScope,
  prefix: string,
): Promise<readonly { readonly shape: string; readonly words: string }[]> {
  const rows = await db
    .collection<{ _id: string; shape: string; text: string }>(STATS_COLLECTION)
    .find({ _id: { $gte: `shape:${prefix}`, $lt: `shape:${prefix}g` } }, readOptions(scope))
    .limit(MOST_FITTING)
    .toArray();
  return rows.map(({ shape, text }) => ({ shape, words: wordsOf(text) }));
}
