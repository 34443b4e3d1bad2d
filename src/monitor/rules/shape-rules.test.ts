import { describe, expect, test } from 'vitest';
import type { ShapeFacts } from '../facts/facts.js';
import type { FindingRule } from '../finding.js';
import type { ShapePlan } from '../explain/plan.js';
import { examine } from './index.js';
import {
  collection,
  facts,
  fetch,
  found,
  index,
  lately,
  ofShape,
  planOf,
  scan,
  severity,
  shape,
  stage,
} from './rules.test.support.js';

test('a product without facts has no findings', () => {
  expect(examine(facts())).toEqual([]);
  expect(examine(facts({ shapes: [shape()], collections: [collection([index({ a: 1 })])] }))).toEqual([]);
});

test.each([
  [{ p95Ms: 99.9 }, 'none'],
  [{ p95Ms: 100 }, 'amber'],
  [{ p95Ms: 999 }, 'amber'],
  [{ p95Ms: 1_000 }, 'red'],
  [{ p95Ms: 1_000, calls: 19 }, 'none'],
  [{ p95Ms: 1_000, calls: 20 }, 'red'],
])('slow: %o is %s', (more, expected) => {
  expect(ofShape('slow', more)).toBe(expected);
});

test.each([
  [20, 1, 'none'],
  [20, 2, 'amber'],
  [19, 0, 'amber'],
  [0, 0, 'amber'],
])('slow: with %i calls in the last minutes, %i of them slow, it is %s', (calls, slow, expected) => {
  expect(ofShape('slow', { p95Ms: 500, lately: lately(calls, slow) })).toBe(expected);
});

test.each([
  [20, 1, 500, 'none'],
  [20, 2, 500, 'amber'],
  [19, 0, 500, 'amber'],
  // Slower than it was, and no regression.
  [20, 20, 40, 'none'],
  [20, 20, 70, 'amber'],
])(
  'regression: with %i calls in the last minutes, %i of them in %i ms, it is %s',
  (calls, slower, ms, expected) => {
    const before = { calls: 900, p95Ms: 30 };
    expect(ofShape('regression', { p95Ms: 500, before, lately: lately(calls, slower, ms) })).toBe(expected);
  },
);

test.each(['slow', 'regression'] as const)(
  '%s: what was mended is not found again in what was counted before',
  (rule) => {
    const calm = shape({ p95Ms: 500, before: { calls: 900, p95Ms: 30 }, lately: lately(5) });
    const [{ id } = { id: '' }] = found(rule, { shapes: [calm] });
    const mended = new Set([id]);
    expect(found(rule, { shapes: [calm], mended })).toEqual([]);
    const slow = { ...calm, lately: lately(5, 1) };
    expect(found(rule, { shapes: [slow], mended }).map((one) => one.id)).toEqual([id]);
  },
);

test('slow says who, how slow, and how to go on', () => {
  expect(found('slow', { shapes: [shape({ p95Ms: 240, p50Ms: 12 })] })).toEqual([
    {
      id: expect.stringMatching(/^[\da-f]{10}$/),
      rule: 'slow',
      severity: 'amber',
      subject: { shape: 's1', collection: 'posts', operation: 'Front', field: 'Query.posts' },
      reason:
        'find on posts by Front, Query.posts: 95 % of 100 calls in the last hour within 240 ms, half within 12 ms.',
      remedy: 'bulkhead explain shop s1',
    },
  ]);
  const other = shape({
    p95Ms: 2_400,
    origins: [{ operation: '(other client)', field: 'reports', calls: 1 }],
  });
  expect(found('slow', { shapes: [other] })[0]!.reason).toContain(
    'find on posts of another client (reports): 95 % of 100 calls that the profiler has kept (it may keep slow ones only)',
  );
  expect(severity('slow', { shapes: [other] })).toBe('amber');
});

test.each([
  [{ totalMs: 60_000 }, 60_000, 'info'],
  [{ totalMs: 59_999 }, 10_000, 'none'],
  [{ totalMs: 60_000 }, 150_000, 'none'],
  [{ totalMs: 60_000 }, 139_000, 'info'],
  [{ totalMs: 600_000 }, 600_000, 'amber'],
  [{ totalMs: 600_000 }, 700_000, 'info'],
  [{ totalMs: 600_000, p95Ms: 100 }, 1_000, 'none'],
])('hot: %o beside %i ms is %s', (more, otherMs, expected) => {
  const others = shape({ shape: 's2', totalMs: otherMs, p95Ms: 500 });
  expect(severity('hot', { shapes: [shape(more), others] })).toBe(expected);
});

describe('collection-scan', () => {
  test.each([
    ['an index', { plan: fetch(10, 10, 10) }, 'none'],
    ['a small collection', { plan: scan(999, 1) }, 'info'],
    ['one that is not', { plan: scan(1_000, 1) }, 'amber'],
    ['a rare query', { plan: scan(50_000, 1), calls: 9 }, 'info'],
    ['most of it is wanted', { plan: scan(50_000, 25_000) }, 'info'],
    ['half of it but one', { plan: scan(50_000, 24_999) }, 'amber'],
    ['a large one', { plan: scan(100_000, 1), calls: 60 }, 'red'],
    ['a large one, seldom', { plan: scan(100_000, 1), calls: 59 }, 'amber'],
    ['all are asked for', { plan: scan(50_000, 10), asks: { find: 'posts', filter: {} } }, 'info'],
    [
      'the first of all by a sort',
      { plan: scan(50_000, 10), asks: { find: 'posts', filter: {}, sort: { a: 1 }, limit: 3 } },
      'amber',
    ],
    [
      'a group of all',
      { plan: scan(50_000, 10), asks: { aggregate: 'posts', pipeline: [{ $group: { _id: '$a' } }] } },
      'info',
    ],
    [
      'a group of some',
      {
        plan: scan(50_000, 10),
        asks: { aggregate: 'posts', pipeline: [{ $match: { a: 1 } }, { $group: { _id: '$a' } }] },
      },
      'amber',
    ],
    [
      'the best ten of a group of all',
      {
        plan: scan(500_000, 10),
        asks: {
          aggregate: 'posts',
          pipeline: [{ $group: { _id: '$a' } }, { $sort: { n: -1 } }, { $limit: 10 }],
        },
      },
      'info',
    ],
    [
      'a group of all of which some are wanted',
      {
        plan: scan(500_000, 10),
        asks: { aggregate: 'posts', pipeline: [{ $group: { _id: '$a' } }, { $match: { n: { $gt: 3 } } }] },
      },
      'info',
    ],
    [
      'the first of all by a sort, in a pipeline',
      {
        plan: scan(50_000, 10),
        asks: {
          aggregate: 'posts',
          pipeline: [{ $sort: { a: 1 } }, { $limit: 10 }, { $group: { _id: '$a' } }],
        },
      },
      'amber',
    ],
    [
      'some of all that is unwound',
      {
        plan: scan(50_000, 50_000),
        asks: { aggregate: 'posts', pipeline: [{ $unwind: '$tags' }, { $match: { a: 1 } }] },
      },
      'amber',
    ],
    [
      'some, by what was unwound: no index finds those',
      {
        plan: scan(50_000, 50_000),
        asks: { aggregate: 'posts', pipeline: [{ $unwind: '$tags' }, { $match: { tags: 1 } }] },
      },
      'info',
    ],
    [
      'some, by what they have before a join',
      {
        plan: scan(50_000, 10),
        asks: {
          aggregate: 'posts',
          pipeline: [{ $lookup: { from: 'users', as: 'u' } }, { $match: { a: 1 } }],
        },
      },
      'amber',
    ],
    [
      'a group of all, with names joined by an index',
      {
        plan: planOf(
          stage('$lookup', {
            documentsExamined: 90,
            returned: 90,
            inputs: [
              stage('$group', {
                inputs: [stage('COLLSCAN', { documentsExamined: 50_000, returned: 50_000 })],
              }),
            ],
          }),
        ),
        asks: {
          aggregate: 'posts',
          pipeline: [{ $group: { _id: '$a' } }, { $lookup: { from: 'users', as: 'u' } }],
        },
      },
      'info',
    ],
  ])('%s', (_, more, expected) => {
    expect(ofShape('collection-scan', more)).toBe(expected);
  });

  test('a join that scans counts what it has scanned in all', () => {
    const plan = planOf(
      stage('$lookup', {
        documentsExamined: 90_000,
        returned: 300,
        inputs: [stage('IXSCAN', { index: 'a_1' }), stage('COLLSCAN')],
      }),
    );
    const asks = { aggregate: 'posts', pipeline: [{ $lookup: { from: 'users', as: 'u' } }] };
    const [one] = found('collection-scan', { shapes: [shape({ plan, asks })] });
    expect(one).toMatchObject({
      severity: 'amber',
      reason: expect.stringContaining('reads 90,000 documents'),
    });
  });

  test('where the time was up, the collection is what it reads', () => {
    const plan = planOf(stage('COLLSCAN'), { problem: 'it takes longer than 1,500 ms' });
    expect(
      ofShape(
        'collection-scan',
        { plan, calls: 90 },
        { collections: [collection([], { documents: 200_000 })] },
      ),
    ).toBe('red');
  });
});

test.each([
  ['500 in vain', fetch(510, 510, 10), 'none'],
  ['501 in vain', fetch(511, 511, 10), 'amber'],
  ['half in vain', fetch(20_000, 20_000, 10_000), 'none'],
  ['keys in vain', fetch(5_000, 10, 10), 'amber'],
  [
    'a count that is large',
    planOf(
      stage('COUNT', {
        returned: 9_000,
        inputs: [stage('COUNT_SCAN', { keysExamined: 9_001, returned: 9_000 })],
      }),
    ),
    'none',
  ],
  ['a scan, which is told already', scan(9_000, 1), 'none'],
  ['without counts', planOf(stage('FETCH'), { problem: 'it takes longer' }), 'none'],
])('poor-ratio: %s', (_, plan, expected) => {
  expect(ofShape('poor-ratio', { plan })).toBe(expected);
  expect(ofShape('poor-ratio', { plan, calls: 9 })).toBe('none');
});

test.each([
  [99, 'none'],
  [100, 'info'],
  [999, 'info'],
  [1_000, 'amber'],
])('in-memory-sort: of %i documents is %s', (sorted, expected) => {
  const plan = planOf(stage('SORT', { returned: 10, inputs: [stage('FETCH', { returned: sorted })] }));
  expect(ofShape('in-memory-sort', { plan })).toBe(expected);
  expect(ofShape('in-memory-sort', { plan, calls: 9 })).toBe('none');
  expect(ofShape('in-memory-sort', { plan: fetch(1, 1, 1) })).toBe('none');
});

test('unbatched: a field is named once, with the operation that suffers most', () => {
  const rows = [
    { operation: 'A', field: 'Post.author', times: 2, most: 12 },
    { operation: 'B', field: 'Post.author', times: 3, most: 40 },
    { operation: 'A', field: 'Post.tags', times: 4, most: 11 },
  ];
  const result = found('unbatched', { unbatched: rows });
  expect(result).toMatchObject([
    {
      severity: 'amber',
      subject: { field: 'Post.author', operation: 'B' },
      reason: expect.stringContaining('up to 40 in one operation (B), in 5 operations'),
    },
    { severity: 'info', subject: { field: 'Post.tags' } },
  ]);
});

test.each([
  ['a limit', { asks: { find: 'posts', limit: 5 }, documents: 1_000_000 }, 'none'],
  ['few', { asks: { find: 'posts' }, documents: 99_900 }, 'none'],
  ['many', { asks: { find: 'posts' }, documents: 100_000 }, 'amber'],
  [
    'few, whatever its plan finds',
    { asks: { find: 'posts' }, documents: 1_200, plan: scan(10_000, 10_000) },
    'none',
  ],
  [
    'a pipeline',
    { asks: { aggregate: 'posts', pipeline: [{ $match: { a: 1 } }] }, documents: 100_000 },
    'amber',
  ],
  [
    'a group',
    { asks: { aggregate: 'posts', pipeline: [{ $group: { _id: 1 } }] }, documents: 100_000 },
    'none',
  ],
  ['a count', { asks: { count: 'posts' }, documents: 100_000 }, 'none'],
  ['seldom', { asks: { find: 'posts' }, documents: 100_000, calls: 9 }, 'none'],
])('unbounded: %s', (_, more, expected) => {
  expect(ofShape('unbounded', more)).toBe(expected);
});

test.each([
  [40, { calls: 100, p95Ms: 20 }, 100, 'amber'],
  [39, { calls: 100, p95Ms: 20 }, 100, 'none'],
  [21, { calls: 100, p95Ms: 2 }, 100, 'none'],
  [22, { calls: 100, p95Ms: 2 }, 100, 'amber'],
  [90, { calls: 99, p95Ms: 2 }, 100, 'none'],
  [90, { calls: 100, p95Ms: 2 }, 99, 'none'],
  [90, undefined, 100, 'none'],
])('regression: %d ms, before %o', (p95Ms, before, calls, expected) => {
  expect(ofShape('regression', { p95Ms, calls, ...(before && { before }) })).toBe(expected);
});

test('what holds is not mended because fewer ask, and is when it is', () => {
  const sorted = planOf(stage('SORT', { inputs: [stage('FETCH', { returned: 5_000 })] }));
  const cases: [FindingRule, Partial<ShapeFacts>, Partial<ShapeFacts>][] = [
    ['slow', { p95Ms: 400 }, { p95Ms: 4 }],
    ['poor-ratio', { plan: fetch(9_000, 9_000, 1) }, { plan: fetch(1, 1, 1) }],
    ['in-memory-sort', { plan: sorted }, { plan: fetch(1, 1, 1) }],
    ['unbounded', { documents: 4e6, asks: { find: 'posts' } } as never, { documents: 3 }],
    ['regression', { p95Ms: 90, before: { calls: 900, p95Ms: 9 } }, { p95Ms: 9 }],
  ];
  for (const [rule, bad, mended] of cases) {
    const [one] = found(rule, { shapes: [shape({ calls: 200, ...bad })] });
    const open = new Set([one!.id]);
    const few = shape({ calls: 2, ...bad });
    expect([rule, found(rule, { shapes: [few] }).length]).toEqual([rule, 0]);
    expect([rule, found(rule, { shapes: [few], open }).map(({ id }) => id)]).toEqual([rule, [one!.id]]);
    const after = shape({ calls: 2, ...bad, ...mended });
    expect([rule, found(rule, { shapes: [after], open })]).toEqual([rule, []]);
  }
});

test('what holds by an estimate ends at half of its bar, not with the next draw', () => {
  const sorted = (returned: number) => planOf(stage('SORT', { inputs: [stage('FETCH', { returned })] }));
  const cases: [FindingRule, ShapePlan, ShapePlan, ShapePlan][] = [
    ['poor-ratio', fetch(511, 511, 1), fetch(252, 252, 1), fetch(251, 251, 1)],
    ['poor-ratio', fetch(5_110, 5_110, 511), fetch(3_000, 3_000, 600), fetch(3_000, 3_000, 601)],
    ['in-memory-sort', sorted(100), sorted(50), sorted(49)],
  ];
  for (const [rule, bad, near, good] of cases) {
    const [one] = found(rule, { shapes: [shape({ plan: bad })] });
    const open = new Set([one!.id]);
    const holds = [near, good].map((plan) => [
      ofShape(rule, { plan }) !== 'none',
      ofShape(rule, { plan }, { open }) !== 'none',
    ]);
    expect([rule, ...holds]).toEqual([rule, [false, true], [false, false]]);
  }
});

test('an id is that of the rule and its subject, whatever the figures are', () => {
  const [one] = found('slow', { shapes: [shape({ p95Ms: 200 })] });
  const [later] = found('slow', { shapes: [shape({ p95Ms: 2_000, origins: [] })] });
  const [other] = found('slow', { shapes: [shape({ p95Ms: 200, shape: 's2' })] });
  expect(later!.id).toBe(one!.id);
  expect(other!.id).not.toBe(one!.id);
});
