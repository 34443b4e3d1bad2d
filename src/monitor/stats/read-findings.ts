import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import type { FindingRule, Severity, StoredFinding } from '../finding.js';
import type { ShapePlan } from '../explain/plan.js';
import { readOptions, type StatsScope } from './read-stats.js';

/** Findings of one product that are read at once; more than that are no list for a person. */
const MOST_FINDINGS = 1_000;

/** What a stored row has beside what it tells: housekeeping, and who was told of a finding. */
const TOLD = {
  _id: 0,
  kind: 0,
  layout: 0,
  alarmedAt: 0,
  alarmedAs: 0,
  noticedAt: 0,
  claim: 0,
  tries: 0,
  createdAt: 0,
  updatedAt: 0,
  expiresAt: 0,
} as const;

/** The gravest first. */
export const SEVERITIES: readonly Severity[] = ['red', 'amber', 'info'];

/** The plans of shapes, by shape. @param shapes left out, all. */
export async function findPlans(
  db: mongo.Db,
  scope: StatsScope,
  shapes?: readonly string[],
): Promise<ReadonlyMap<string, ShapePlan>> {
  const plans = await db
    .collection<ShapePlan & { _id: string; kind: string }>(STATS_COLLECTION)
    .find(shapes ? { _id: { $in: shapes.map((shape) => `plan:${shape}`) } } : { kind: 'plan' }, {
      projection: TOLD,
      ...readOptions(scope),
    })
    .toArray();
  return new Map(plans.map((plan) => [plan.shape, plan]));
}

/** Whether any shape of a product has been explained. */
export async function hasPlans(db: mongo.Db, scope: StatsScope): Promise<boolean> {
  const one = await db
    .collection(STATS_COLLECTION)
    .findOne({ kind: 'plan' }, { projection: { _id: 1 }, ...readOptions(scope) });
  return one !== null;
}

/** Whether a worker watches a product now, by the lease that it renews in each round. */
export async function hasWorker(db: mongo.Db, scope: StatsScope): Promise<boolean> {
  const lease = await db
    .collection<{ _id: string; until?: Date }>(STATS_COLLECTION)
    .findOne({ _id: 'lease:watch', $expr: { $gt: ['$until', '$$NOW'] } }, readOptions(scope));
  return lease !== null;
}

/** A product's findings, the gravest first; of those the causes before the symptoms, then the newest first. @param state `open` by default. */
export async function readFindings(
  db: mongo.Db,
  scope: StatsScope,
  state: 'open' | 'resolved' | 'all' = 'open',
): Promise<readonly StoredFinding[]> {
  const findings = await db
    .collection<StoredFinding & { _id: string; kind: string }>(STATS_COLLECTION)
    .find(
      {
        kind: 'finding',
        ...(state !== 'all' && { resolvedAt: { $exists: state === 'resolved' } }),
      },
      { projection: TOLD, ...readOptions(scope) },
    )
    .limit(MOST_FINDINGS)
    .toArray();
  return findings.sort(byGravity);
}

/** They say that something is wrong; the others say what. */
const SYMPTOMS: ReadonlySet<FindingRule> = new Set(['slow', 'hot']);

/** The gravest first. */
export const byGravity = (one: StoredFinding, other: StoredFinding): number =>
  SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
  Number(SYMPTOMS.has(one.rule)) - Number(SYMPTOMS.has(other.rule)) ||
  other.first.getTime() - one.first.getTime();
