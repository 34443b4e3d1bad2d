import { describe, expect, test } from 'vitest';
import type { IndexFacts, ShapeFacts } from '../facts/facts.js';
import type { FindingRule } from '../finding.js';
import type { ShapePlan } from '../explain/plan.js';
import type { Examined } from '../stats/read-examined.js';
import { examine } from './index.js';
import {
  collection,
  facts,
  fetch,
  found,
  index,
  ofShape,
  planOf,
  scan,
  shape,
  stage,
} from './rules.test.support.js';

describe('an estimate that disagrees with what was counted', () => {
  const off = (plan: ShapePlan) => ({ ...plan, counted: 12, isOff: true });
  const sorted = planOf(stage('SORT', { returned: 12, inputs: [stage('FETCH', { returned: 12_000 })] }));
  const seen = (more: Partial<Examined>): Examined => ({
    calls: 20,
    documents: 20 * 30_000,
    keys: 0,
    scans: 20,
    sorts: 0,
    ...more,
  });
  const good = seen({ documents: 20 * 12, keys: 20 * 12, scans: 0 });

  test.each<[FindingRule, string, Partial<ShapeFacts>, string]>([
    ['collection-scan', 'a scan', { plan: off(scan(30_000, 29_000)) }, 'info'],
    ['in-memory-sort', 'a sort', { plan: off(sorted) }, 'info'],
    ['poor-ratio', 'an index', { plan: off(fetch(9_000, 9_000, 1)) }, 'none'],
    ['collection-scan', 'a scan that was seen', { plan: off(fetch(1, 1, 1)), examined: seen({}) }, 'amber'],
    ['collection-scan', 'none that was seen', { plan: off(scan(30_000, 1)), examined: good }, 'none'],
    [
      'in-memory-sort',
      'a sort that was seen',
      { plan: off(fetch(1, 1, 1)), examined: seen({ sorts: 9 }) },
      'amber',
    ],
    ['in-memory-sort', 'none that was seen', { plan: off(sorted), examined: good }, 'none'],
    [
      'poor-ratio',
      'an index that leads to nothing, as seen',
      { plan: fetch(12, 12, 12), examined: seen({ keys: 20 * 30_000, scans: 0 }), documents: 1_200 },
      'amber',
    ],
    ['poor-ratio', 'a good one, as seen', { plan: off(fetch(9_000, 9_000, 1)), examined: good }, 'none'],
    [
      'poor-ratio',
      'what was seen of a few calls',
      { plan: fetch(12, 12, 12), examined: seen({ calls: 4, scans: 0 }), documents: 1_200 },
      'none',
    ],
  ])('%s: %s', (rule, _, more, expected) => {
    expect(ofShape(rule, { documents: 1_200, ...more })).toBe(expected);
  });

  test.each<[string, Parameters<typeof shape>[0], readonly IndexFacts[], string]>([
    ['no index', {}, [], 'amber'],
    ['an index on something else', {}, [index({ b: 1 }, { isPartial: true })], 'amber'],
    ['one that holds some values', {}, [index({ a: 1 }, { isPartial: true })], 'info'],
    ['one that a collation decides on', {}, [index({ b: 1, a: 1 }, { hasCollation: true })], 'info'],
    ['one of all paths, which has no nulls', {}, [index({ '$**': 1 })], 'info'],
    ['a limit, which may end it', { asks: { find: 'posts', filter: { a: 1 }, limit: 10 } }, [], 'info'],
    [
      'a limit in the middle, which ends it anywhere',
      {
        asks: { aggregate: 'posts', pipeline: [{ $match: { a: 1 } }, { $limit: 9 }, { $match: { b: 1 } }] },
      },
      [],
      'info',
    ],
    [
      'a join, which may be what scans',
      { asks: { aggregate: 'posts', pipeline: [{ $match: { a: 1 } }, { $lookup: { from: 'b' } }] } },
      [],
      'info',
    ],
    ['most are wanted', { documents: 3_000_000 }, [], 'info'],
  ])('says what a scan reads where no values would change that: %s', (_, more, indexes, expected) => {
    const collections = [collection(indexes, { documents: 50_000 })];
    const asks = { find: 'posts', filter: { a: 1 } };
    const asked = { asks, documents: 500, plan: off(scan(40, 40)), ...more };
    expect(ofShape('collection-scan', asked, { collections })).toBe(expected);
    if (expected !== 'amber') return;
    const [{ reason } = { reason: '' }] = found('collection-scan', { shapes: [shape(asked)], collections });
    expect(reason).toContain('reads 50,000 documents without an index and returns 5;');
  });

  test('what is returned is what was counted', () => {
    const few = { ...scan(30_000, 30), counted: 12 };
    const [{ reason } = { reason: '' }] = found('collection-scan', {
      shapes: [shape({ plan: few, documents: 1_200 })],
    });
    expect(reason).toContain('reads 30,000 documents without an index and returns 12;');
    const most = { ...scan(30_000, 30), counted: 20_000 };
    expect(ofShape('collection-scan', { plan: most, documents: 2_000_000 })).toBe('info');
  });

  test('reasons say where their figures are from', () => {
    const reasons = (more: Partial<ShapeFacts>) =>
      examine(facts({ shapes: [shape({ documents: 1_200, ...more })] })).map(({ reason }) => reason);
    expect(reasons({ plan: off(scan(30_000, 29_000)) })[0]).toContain(
      'returns 12, by an estimate that disagrees with what was counted;',
    );
    expect(reasons({ plan: off(scan(9, 9)), examined: seen({}) })[0]).toContain(
      'reads 30,000 documents without an index and returns 12, as the profiler has seen in 20 calls;',
    );
  });
});

test('the first of a collection, and all of a small one, are read for nothing by nobody', () => {
  const asks = { find: 'posts', filter: {}, limit: 1 };
  expect(ofShape('collection-scan', { plan: scan(1, 1), asks })).toBe('none');
  expect(ofShape('collection-scan', { plan: scan(900, 900), asks: { find: 'posts', filter: {} } })).toBe(
    'none',
  );
  const [{ reason } = { reason: '' }] = found('collection-scan', {
    shapes: [shape({ plan: scan(900, 1), calls: 1 })],
  });
  expect(reason).toMatch(/reads 900 documents .*; 1 time in/);
});

test('collection-scan: what a search of a graph scans', () => {
  const graph = { from: 'tree', startWith: '$a', connectFromField: 'a', connectToField: 'b', as: 'x' };
  const inputs = [
    stage('IDHACK', { documentsExamined: 1, returned: 1 }),
    stage('COLLSCAN', { documentsExamined: 5_000 }),
  ];
  const plan = planOf(stage('$graphLookup', { returned: 1, inputs }));
  const asks = { aggregate: 'tree', pipeline: [{ $graphLookup: graph }] };
  expect(ofShape('collection-scan', { plan, asks })).toBe('amber');
});
