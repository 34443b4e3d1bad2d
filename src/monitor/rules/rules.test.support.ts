import { expect } from 'vitest';
import type { CollectionFacts, IndexFacts, ProductFacts, ShapeFacts } from '../facts/facts.js';
import type { Finding, FindingRule } from '../finding.js';
import { bucketOf, BUCKETS } from '../stats/histogram.js';
import type { PlanStage, ShapePlan } from '../explain/plan.js';
import { shapeOf } from '../shape/shape.js';
import { examine } from './index.js';

export const NOW = new Date('2026-06-15T12:00:00Z');
const DAY_MS = 86_400_000;
export const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);

export const stage = (name: string, more: Partial<PlanStage> = {}): PlanStage => ({
  stage: name,
  inputs: [],
  ...more,
});

/** A plan from its root, with the sums that `readExplain` makes. */
export function planOf(root: PlanStage, more: Partial<ShapePlan> = {}): ShapePlan {
  const all = (one: PlanStage): PlanStage[] => [one, ...one.inputs.flatMap(all)];
  const stages = all(root);
  const sum = (key: 'documentsExamined' | 'keysExamined') =>
    stages.reduce((total, one) => total + (one[key] ?? 0), 0);
  return {
    shape: 's1',
    at: NOW,
    documentsExamined: sum('documentsExamined'),
    keysExamined: sum('keysExamined'),
    returned: root.returned ?? 0,
    collectionScan: stages.some((one) => one.stage === 'COLLSCAN'),
    inMemorySort: stages.some((one) => one.stage === 'SORT'),
    indexes: stages.flatMap((one) => one.index ?? []),
    root,
    ...more,
  };
}

export const scan = (documentsExamined: number, returned: number) =>
  planOf(stage('COLLSCAN', { documentsExamined, returned }));
export const fetch = (keys: number, documents: number, returned: number) =>
  planOf(
    stage('FETCH', {
      documentsExamined: documents,
      returned,
      inputs: [stage('IXSCAN', { index: 'a_1', keysExamined: keys, returned: documents })],
    }),
  );

/** What a shape did in the last minutes: so many calls, some of which took so long. */
export function lately(calls: number, slower = 0, ms = 500): ShapeFacts['lately'] {
  const counts = Array.from({ length: BUCKETS }, () => 0);
  counts[bucketOf(ms)] = slower;
  return { calls, counts };
}

export function shape(more: Partial<ShapeFacts> & { asks?: object } = {}): ShapeFacts {
  const { asks = { find: 'posts', filter: { a: 1 }, limit: 10 }, ...rest } = more;
  return {
    shape: 's1',
    text: shapeOf(Object.keys(asks)[0]!, asks)!,
    collection: 'posts',
    command: Object.keys(asks)[0]!,
    calls: 100,
    errors: 0,
    totalMs: 100,
    meanMs: 1,
    p50Ms: 1,
    p95Ms: 2,
    p99Ms: 3,
    documents: 100,
    retries: 0,
    lately: { calls: 0, counts: [] },
    first: daysAgo(1),
    last: NOW,
    origins: [{ operation: 'Front', field: 'Query.posts', calls: 100 }],
    ...rest,
  };
}

export const index = (key: IndexFacts['key'], more: Partial<IndexFacts> = {}): IndexFacts => ({
  name: Object.entries(key).flat().join('_'),
  key,
  bytes: 1e6,
  isUnique: false,
  isTtl: false,
  isPartial: false,
  isSparse: false,
  hasCollation: false,
  isHidden: false,
  arrayPaths: [],
  uses: 5,
  since: daysAgo(30),
  ...more,
});
export const collection = (
  indexes: readonly IndexFacts[],
  more: Partial<CollectionFacts> = {},
): CollectionFacts => ({
  name: 'posts',
  documents: 50_000,
  bytes: 1e8,
  indexes: [index({ _id: 1 }, { name: '_id_', isUnique: true }), ...indexes],
  ...more,
});

export const facts = (more: Partial<ProductFacts> = {}): ProductFacts => ({
  product: 'shop',
  now: NOW,
  hours: 1,
  shapes: [],
  hinted: [],
  unbatched: [],
  collections: [],
  unread: new Set(),
  loads: [],
  declared: [],
  expiring: [],
  open: new Set(),
  mended: new Set(),
  sizes: [],
  ...more,
});
export const found = (rule: FindingRule, more: Partial<ProductFacts>): readonly Finding[] =>
  examine(facts(more)).filter((one) => one.rule === rule);
export const severity = (rule: FindingRule, more: Partial<ProductFacts>): string => {
  const [one, ...others] = found(rule, more);
  expect(others).toEqual([]);
  return one?.severity ?? 'none';
};
export const ofShape = (
  rule: FindingRule,
  more: Parameters<typeof shape>[0],
  rest: Partial<ProductFacts> = {},
) => severity(rule, { shapes: [shape(more)], ...rest });
