import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import type { StoredFinding } from '../finding.js';
import type { ShapePlan } from '../explain/plan.js';
import { type Examined, readExamined } from './read-examined.js';
import { readFindings, findPlans } from './read-findings.js';
import {
  documentsOfCall,
  readOptions,
  readShapes,
  type ShapeStats,
  type StatsQuery,
  type StatsScope,
} from './read-stats.js';
import { wordsOf } from '../shape/shape-words.js';

/** Shapes that a prefix is said to fit. */
const MOST_FITTING = 10;

/** What shapes are ordered by, the most first: time in all, p95, calls, documents or keys that one call examines. */
export const SHAPE_ORDERS = ['total', 'p95', 'calls', 'examined'] as const;
export type ShapeOrder = (typeof SHAPE_ORDERS)[number];

/** A shape with everything that is known of it. */
export interface SlowShape extends ShapeStats {
  /** The query as a person would write it. */
  readonly words: string;
  /** How it is planned; missing until the worker has explained it. */
  readonly plan?: ShapePlan;
  /** What its commands have examined, where the profiler has seen them: of the last day, with the indexes as they are. */
  readonly examined?: Examined;
  /** Open findings about it, the gravest first. */
  readonly findings: readonly StoredFinding[];
}

/** What one call examines, and whether that was seen or is an estimate. */
export interface ExaminedByOne {
  readonly documents: number;
  readonly keys: number;
  /** Undefined where nothing is known of it. */
  readonly returned?: number | undefined;
  /** As it was, and not as explained. */
  readonly isReal: boolean;
  /** An estimate that disagrees with what was counted. */
  readonly isOff: boolean;
}

/** What one call of a shape examines: as the profiler has seen it; else as it was explained. Undefined where neither is. */
export function examinedBy(
  shape: Pick<SlowShape, 'plan' | 'examined' | 'calls' | 'documents' | 'uncounted'>,
): ExaminedByOne | undefined {
  const { plan, examined } = shape;
  if (examined)
    return {
      documents: examined.documents / examined.calls,
      keys: examined.keys / examined.calls,
      returned: documentsOfCall(shape),
      isReal: true,
      isOff: false,
    };
  if (!plan || plan.problem !== undefined) return undefined;
  const { documentsExamined, keysExamined, returned, isOff = false } = plan;
  return { documents: documentsExamined, keys: keysExamined, returned, isReal: false, isOff };
}

const MEASURES: Readonly<Record<ShapeOrder, (shape: SlowShape) => number>> = {
  total: ({ totalMs }) => totalMs,
  p95: ({ p95Ms }) => p95Ms,
  calls: ({ calls }) => calls,
  examined: (shape) => mostExamined(examinedBy(shape)) ?? -1,
};

/** Documents or keys, whichever are more: an index that is read from end to end is work, too. */
export const mostExamined = (examined: ExaminedByOne | undefined): number | undefined =>
  examined && Math.max(examined.documents, examined.keys);

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
  const examined = await readExamined(db, query, (id) => plans.get(id)?.indexesSince);
  const measure = MEASURES[order];
  return shapes
    .map((one): SlowShape => {
      const [plan, seen] = [plans.get(one.shape), examined.get(one.shape)];
      return {
        ...one,
        words: wordsOf(one.text),
        ...(plan && { plan }),
        ...(seen && { examined: seen }),
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
