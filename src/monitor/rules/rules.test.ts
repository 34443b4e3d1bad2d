import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CollectionFacts, IndexFacts, ProductFacts, ShapeFacts, SizeFacts } from '../facts.js';
import type { Finding, FindingRule } from '../finding.js';
import type { PlanStage, ShapePlan } from '../plan.js';
import { shapeOf } from '../shape.js';
import { examine } from './index.js';

const NOW = new Date('2026-06-15T12:00:00Z');
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);

const stage = (name: string, more: Partial<PlanStage> = {}): PlanStage => ({
  stage: name,
  inputs: [],
  ...more,
});

/** A plan from its root, with the sums that `readExplain` makes. */
function planOf(root: PlanStage, more: Partial<ShapePlan> = {}): ShapePlan {
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

const scan = (documentsExamined: number, returned: number) =>
  planOf(stage('COLLSCAN', { documentsExamined, returned }));
const fetch = (keys: number, documents: number, returned: number) =>
  planOf(
    stage('FETCH', {
      documentsExamined: documents,
      returned,
      inputs: [stage('IXSCAN', { index: 'a_1', keysExamined: keys, returned: documents })],
    }),
  );

function shape(more: Partial<ShapeFacts> & { asks?: object } = {}): ShapeFacts {
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
    first: daysAgo(1),
    last: NOW,
    origins: [{ operation: 'Front', field: 'Query.posts', calls: 100 }],
    ...rest,
  };
}

const index = (key: IndexFacts['key'], more: Partial<IndexFacts> = {}): IndexFacts => ({
  name: Object.entries(key).flat().join('_'),
  key,
  bytes: 1e6,
  isUnique: false,
  isTtl: false,
  isPartial: false,
  isSparse: false,
  hasCollation: false,
  isHidden: false,
  uses: 5,
  since: daysAgo(30),
  ...more,
});
const collection = (
  indexes: readonly IndexFacts[],
  more: Partial<CollectionFacts> = {},
): CollectionFacts => ({
  name: 'posts',
  documents: 50_000,
  bytes: 1e8,
  indexes: [index({ _id: 1 }, { name: '_id_', isUnique: true }), ...indexes],
  ...more,
});

const facts = (more: Partial<ProductFacts> = {}): ProductFacts => ({
  product: 'shop',
  now: NOW,
  hours: 1,
  shapes: [],
  unbatched: [],
  collections: [],
  declared: [],
  expiring: [],
  sizes: [],
  ...more,
});
const found = (rule: FindingRule, more: Partial<ProductFacts>): readonly Finding[] =>
  examine(facts(more)).filter((one) => one.rule === rule);
const severity = (rule: FindingRule, more: Partial<ProductFacts>): string => {
  const [one, ...others] = found(rule, more);
  expect(others).toEqual([]);
  return one?.severity ?? 'none';
};
const ofShape = (rule: FindingRule, more: Parameters<typeof shape>[0], rest: Partial<ProductFacts> = {}) =>
  severity(rule, { shapes: [shape(more)], ...rest });

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
  const other = shape({ p95Ms: 240, origins: [{ operation: '(other client)', field: 'reports', calls: 1 }] });
  expect(found('slow', { shapes: [other] })[0]!.reason).toContain(
    'find on posts of another client (reports): 95 %',
  );
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
    'more than the first batch, by its plan',
    { asks: { find: 'posts' }, documents: 10_100, plan: scan(10_000, 10_000) },
    'red',
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

describe('indexes', () => {
  const names = (rule: FindingRule, indexes: readonly IndexFacts[], more: Partial<ProductFacts> = {}) =>
    found(rule, { collections: [collection(indexes)], ...more }).map(({ subject }) => subject.index);
  const hinted = shape({ asks: { find: 'posts', filter: { a: 1 }, hint: 'a_1' } });
  const hintedByKey = shape({ asks: { find: 'posts', filter: { a: 1 }, hint: { a: 1 } } });
  /** What keeps an index, whatever else is said against it. */
  const kept: [string, Partial<IndexFacts>, Partial<ProductFacts>][] = [
    ['unique', { isUnique: true }, {}],
    ['TTL', { isTtl: true }, {}],
    ['hidden', { isHidden: true }, {}],
    ['hinted by name', {}, { shapes: [hinted] }],
    ['hinted by key', {}, { shapes: [hintedByKey] }],
  ];

  test('unused-index: after seven days, and not before', () => {
    expect(names('unused-index', [index({ a: 1 }, { uses: 0, since: daysAgo(7) })])).toEqual(['a_1']);
    expect(names('unused-index', [index({ a: 1 }, { uses: 0, since: daysAgo(6.99) })])).toEqual([]);
    expect(names('unused-index', [index({ a: 1 }, { uses: 1, since: daysAgo(70) })])).toEqual([]);
    const { uses: _, since: __, ...unknown } = index({ a: 1 });
    expect(names('unused-index', [unknown])).toEqual([]);
    expect(names('unused-index', [], {})).toEqual([]);
  });

  test('unused-index: a large one is amber, and a declared one loses its line first', () => {
    const unused = (bytes: number) => collection([index({ a: 1 }, { uses: 0, bytes })]);
    expect(severity('unused-index', { collections: [unused(9.9e6)] })).toBe('info');
    expect(severity('unused-index', { collections: [unused(10e6)] })).toBe('amber');
    const declared = [{ collection: 'posts', key: { a: 1 as const }, options: {} }];
    expect(found('unused-index', { collections: [unused(1)], declared })[0]!.remedy).toBe(
      'Remove @index({ a: 1 }) from the class; then bulkhead indexes plan shop',
    );
    expect(found('unused-index', { collections: [unused(1)] })[0]!.remedy).toBe('bulkhead indexes plan shop');
  });

  test.each(kept)('unused-index: %s stays', (_, more, rest) => {
    expect(names('unused-index', [index({ a: 1 }, { uses: 0, ...more })], rest)).toEqual([]);
  });

  test('redundant-index: the beginning of another, from either end', () => {
    const pair = (short: IndexFacts['key'], long: IndexFacts['key']) =>
      names('redundant-index', [index(short), index(long)]);
    expect(pair({ a: 1 }, { a: 1, b: 1 })).toEqual(['a_1']);
    expect(pair({ a: -1 }, { a: 1, b: 1 })).toEqual(['a_-1']);
    expect(pair({ a: 1, b: -1 }, { a: -1, b: 1, c: 1 })).toEqual(['a_1_b_-1']);
    expect(pair({ a: 1, b: 1 }, { a: 1, b: -1, c: 1 })).toEqual([]);
    expect(pair({ b: 1 }, { a: 1, b: 1 })).toEqual([]);
    expect(pair({ a: 'hashed' }, { a: 1, b: 1 })).toEqual([]);
    expect(pair({ a: 1 }, { a: 1, b: '2dsphere' })).toEqual([]);
  });

  test.each([
    ...kept,
    ['partial', { isPartial: true }, {}],
    ['sparse', { isSparse: true }, {}],
    ['with a collation', { hasCollation: true }, {}],
  ] as [string, Partial<IndexFacts>, Partial<ProductFacts>][])(
    'redundant-index: %s stays',
    (_, more, rest) => {
      expect(names('redundant-index', [index({ a: 1 }, more), index({ a: 1, b: 1 })], rest)).toEqual([]);
    },
  );

  test.each([{ isPartial: true }, { isSparse: true }, { hasCollation: true }, { isHidden: true }])(
    'redundant-index: one that is %o stands in for nothing',
    (more) => {
      expect(names('redundant-index', [index({ a: 1 }), index({ a: 1, b: 1 }, more)])).toEqual([]);
    },
  );

  test('duplicate-index: one of two goes, and never the one that does more', () => {
    const twins = (one: Partial<IndexFacts>, other: Partial<IndexFacts>) =>
      names('duplicate-index', [index({ a: 1, b: -1 }, one), index({ a: -1, b: 1 }, other)]);
    expect(twins({}, {})).toEqual(['a_-1_b_1']);
    expect(twins({ uses: 1 }, { uses: 9 })).toEqual(['a_1_b_-1']);
    expect(twins({ uses: 1 }, { isUnique: true })).toEqual(['a_1_b_-1']);
    expect(twins({ isUnique: true }, { uses: 9 })).toEqual(['a_-1_b_1']);
    expect(twins({ isUnique: true }, { isTtl: true })).toEqual([]);
    expect(twins({ isPartial: true }, {})).toEqual([]);
    expect(twins({ hasCollation: true }, {})).toEqual([]);
  });

  test('missing-index: by its key; a unique one is red, and one of a small collection no alarm', () => {
    const declared = (key: Record<string, 1 | -1 | string>, options = {}) => [
      { collection: 'posts', key, options },
    ];
    const look = (documents: number, more: Partial<ProductFacts>) =>
      severity('missing-index', { collections: [collection([index({ a: 1 })], { documents })], ...more });
    expect(look(5_000, { declared: declared({ a: 1 }) })).toBe('none');
    expect(look(1_000, { declared: declared({ a: -1 }) })).toBe('amber');
    expect(look(999, { declared: declared({ a: -1 }) })).toBe('info');
    expect(look(0, { declared: declared({ b: 1 }, { unique: true }) })).toBe('red');
    expect(
      severity('missing-index', {
        collections: [collection([index({ a: 1 }, { isHidden: true })])],
        declared: declared({ a: 1 }),
      }),
    ).toBe('amber');
    const text = index({ _fts: 'text', _ftsx: 1 });
    expect(
      severity('missing-index', { collections: [collection([text])], declared: declared({ body: 'text' }) }),
    ).toBe('none');
    const [one] = found('missing-index', { declared: declared({ b: 1, c: -1 }) });
    expect(one).toMatchObject({
      remedy: 'bulkhead indexes apply shop',
      reason: expect.stringContaining('{ b: 1, c: -1 }'),
    });
  });

  test('missing-ttl: only where neither the class nor the database has one', () => {
    const expiring = [{ collection: 'posts', className: 'Post', path: 'expiresAt' }];
    const ttl = index({ expiresAt: 1 }, { isTtl: true });
    const declared = [
      { collection: 'posts', key: { expiresAt: 1 as const }, options: { expireAfterSeconds: 0 } },
    ];
    expect(severity('missing-ttl', { collections: [collection([])], expiring })).toBe('amber');
    expect(severity('missing-ttl', { collections: [collection([], { documents: 999 })], expiring })).toBe(
      'info',
    );
    expect(severity('missing-ttl', { collections: [collection([ttl])], expiring })).toBe('none');
    expect(severity('missing-ttl', { collections: [collection([])], expiring, declared })).toBe('none');
    expect(severity('missing-ttl', { expiring })).toBe('none');
  });

  test('too-many-indexes: many, on a collection that is written more than read', () => {
    const many = (count: number) => [
      collection(Array.from({ length: count }, (_, n) => index({ [`f${n}`]: 1, [`g${n}`]: 1 }))),
    ];
    const traffic = (writes: number, reads: number) => [
      shape({ asks: { insert: 'posts' }, calls: writes }),
      shape({ shape: 's2', calls: reads }),
    ];
    expect(severity('too-many-indexes', { collections: many(10), shapes: traffic(1_000, 1_000) })).toBe(
      'amber',
    );
    expect(severity('too-many-indexes', { collections: many(9), shapes: traffic(1_000, 1_000) })).toBe(
      'none',
    );
    expect(severity('too-many-indexes', { collections: many(10), shapes: traffic(1_000, 1_001) })).toBe(
      'none',
    );
    expect(severity('too-many-indexes', { collections: many(10), shapes: traffic(999, 0) })).toBe('none');
  });

  test('no rule ever names an index that must stay', () => {
    const flag = fc.boolean();
    const anyIndex = fc.record({
      paths: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      direction: fc.constantFrom(1, -1),
      flags: fc.record({ isUnique: flag, isTtl: flag, isHidden: flag }),
      uses: fc.constantFrom(0, 3),
    });
    fc.assert(
      fc.property(fc.array(anyIndex, { maxLength: 6 }), (drawn) => {
        const indexes = drawn.map(({ paths, direction, flags, uses }, at) =>
          index(Object.fromEntries(paths.map((path) => [path, direction])), {
            ...flags,
            uses,
            name: `i${at}`,
          }),
        );
        const named = examine(facts({ collections: [collection(indexes)] })).map(
          ({ subject }) => subject.index,
        );
        for (const one of [collection(indexes).indexes[0]!, ...indexes])
          if (one.isUnique || one.isTtl || one.isHidden) expect(named).not.toContain(one.name);
        // Of indexes that are alike, one is left.
        const going = new Set(
          examine(facts({ collections: [collection(indexes)] }))
            .filter(({ rule }) => rule === 'duplicate-index')
            .map(({ subject }) => subject.index),
        );
        for (const name of going) {
          const key = JSON.stringify(Object.keys(indexes.find((one) => one.name === name)!.key));
          expect(
            indexes.some((one) => !going.has(one.name) && JSON.stringify(Object.keys(one.key)) === key),
          ).toBe(true);
        }
      }),
    );
  });
});

describe('growth', () => {
  const GB = 1e9;
  const sizes = (days: number, perDayGb: number, { used = 50, ownShare = 1 } = {}): SizeFacts[] =>
    Array.from({ length: days }, (_, at) => ({
      day: daysAgo(days - 1 - at),
      bytes: (10 + at * perDayGb * ownShare) * GB,
      diskUsedBytes: (used - (days - 1 - at) * perDayGb) * GB,
      diskBytes: 100 * GB,
    }));
  test.each([
    ['a disk with room', sizes(10, 0), 'none'],
    ['full in 50 days', sizes(10, 1), 'none'],
    ['full in 30 days', sizes(10, 1, { used: 70 }), 'amber'],
    ['full in 7 days', sizes(10, 2, { used: 86 }), 'red'],
    ['two days say nothing', sizes(2, 2, { used: 86 }), 'none'],
    ['it grows for others', sizes(10, 1, { used: 75, ownShare: 0.05 }), 'none'],
    ['it shrinks', sizes(10, -1, { used: 70 }), 'none'],
    ['nearly full', sizes(1, 0, { used: 90 }), 'amber'],
    ['full', sizes(1, 0, { used: 95 }), 'red'],
    ['a server that does not say', sizes(3, 1).map((one) => ({ ...one, diskBytes: 0 })), 'none'],
  ])('%s', (_, drawn, expected) => {
    expect(severity('growth', { sizes: drawn })).toBe(expected);
  });

  test('says when, and what is largest', () => {
    const [one] = found('growth', { sizes: sizes(10, 1, { used: 75 }), collections: [collection([])] });
    expect(one!.reason).toBe(
      'The disk of its database is 75 % full (75.0 GB of 100.0 GB), and in 25 days it is full; shop grows by 1.0 GB a day.',
    );
    expect(one!.remedy).toContain('posts (100.0 MB)');
  });
});

test('an id is that of the rule and its subject, whatever the figures are', () => {
  const [one] = found('slow', { shapes: [shape({ p95Ms: 200 })] });
  const [later] = found('slow', { shapes: [shape({ p95Ms: 2_000, origins: [] })] });
  const [other] = found('slow', { shapes: [shape({ p95Ms: 200, shape: 's2' })] });
  expect(later!.id).toBe(one!.id);
  expect(other!.id).not.toBe(one!.id);
});
