import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IndexFacts, ProductFacts, SizeFacts } from '../facts/facts.js';
import type { FindingRule } from '../finding.js';
import { examine } from './index.js';
import { collection, daysAgo, facts, found, index, severity, shape } from './rules.test.support.js';

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
    ['hinted by name', {}, { hinted: [hinted] }],
    ['hinted by key', {}, { hinted: [hintedByKey] }],
    ['partial', { isPartial: true }, {}],
    ['sparse', { isSparse: true }, {}],
    ['with a collation', { hasCollation: true }, {}],
    ['young', { since: daysAgo(6.99) }, {}],
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
    const declared = [{ collection: 'posts', key: { a: 1 }, isUnique: false, isTtl: false }];
    expect(found('unused-index', { collections: [unused(1)], declared })[0]!.remedy).toBe(
      'Remove @index({ a: 1 }) from the class; then bulkhead indexes apply shop --drop posts.a_1',
    );
    expect(found('unused-index', { collections: [unused(1)] })[0]!.remedy).toBe(
      'bulkhead indexes apply shop --drop posts.a_1',
    );
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

  test.each([{ a: 'hashed' }, { a: '2dsphere' }, { _fts: 'text', _ftsx: 1 }, { '$**': 1 }, { 'a.$**': 1 }])(
    'unused-index: %o answers other questions, and stays',
    (key: IndexFacts['key']) => {
      expect(names('unused-index', [index(key, { uses: 0 })])).toEqual([]);
    },
  );

  test('redundant-index: not for a longer one over an array, one of which that is not known, or one much larger', () => {
    const beside = (long: Partial<IndexFacts>, short: Partial<IndexFacts> = {}) =>
      names('redundant-index', [index({ a: 1 }, short), index({ a: 1, b: 1 }, long)]);
    expect(beside({ arrayPaths: ['b'] })).toEqual([]);
    expect(beside({ arrayPaths: ['a'] })).toEqual(['a_1']);
    const { arrayPaths: _, ...unknown } = index({ a: 1, b: 1 });
    expect(names('redundant-index', [index({ a: 1 }), unknown])).toEqual([]);
    expect(beside({ bytes: 3e6 + 1 })).toEqual([]);
    expect(beside({ bytes: 3e6 + 1 }, { uses: 0 })).toEqual(['a_1']);
  });

  test.each(kept)('redundant-index: %s stays', (_, more, rest) => {
    expect(names('redundant-index', [index({ a: 1 }, more), index({ a: 1, b: 1 })], rest)).toEqual([]);
  });

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
    expect(twins({ since: daysAgo(1) }, { uses: 9 })).toEqual([]);
    // A young one is no reason for an old one to go that is used more.
    expect(twins({ uses: 9 }, { since: daysAgo(1), uses: 0 })).toEqual([]);
    expect(twins({ isPartial: true }, {})).toEqual([]);
    expect(twins({ hasCollation: true }, {})).toEqual([]);
  });

  test('missing-index: by its key; a unique one is red, and one of a small collection no alarm', () => {
    const declared = (key: Record<string, unknown>, isUnique = false) => [
      { collection: 'posts', key, isUnique, isTtl: false },
    ];
    const look = (documents: number, more: Partial<ProductFacts>) =>
      severity('missing-index', { collections: [collection([index({ a: 1 })], { documents })], ...more });
    expect(look(5_000, { declared: declared({ a: 1 }) })).toBe('none');
    expect(look(1_000, { declared: declared({ a: -1 }) })).toBe('amber');
    expect(look(999, { declared: declared({ a: -1 }) })).toBe('info');
    expect(look(0, { declared: declared({ b: 1 }, true) })).toBe('red');
    expect(
      severity('missing-index', {
        collections: [collection([index({ a: 1 }, { isHidden: true })])],
        declared: declared({ a: 1 }),
      }),
    ).toBe('amber');
    // What is there by its key may lack what the class promises by it.
    expect(look(0, { declared: declared({ a: 1 }, true) })).toBe('red');
    const expiring = [{ ...declared({ a: 1 })[0]!, isTtl: true }];
    expect(look(5_000, { declared: expiring })).toBe('amber');
    const hidden = [{ ...declared({ a: 1 })[0]!, isHidden: true }];
    expect(
      severity('missing-index', {
        collections: [collection([index({ a: 1 }, { isHidden: true })])],
        declared: hidden,
      }),
    ).toBe('none');
    const text = index({ _fts: 'text', _ftsx: 1 });
    expect(
      severity('missing-index', { collections: [collection([text])], declared: declared({ body: 'text' }) }),
    ).toBe('none');
    const unread = new Set(['posts']);
    expect(severity('missing-index', { declared: declared({ b: 1 }, true), unread })).toBe('none');
    const [one] = found('missing-index', { declared: declared({ b: 1, c: -1 }) });
    expect(one).toMatchObject({
      remedy: 'bulkhead indexes apply shop',
      reason: expect.stringContaining('{ b: 1, c: -1 }'),
    });
  });

  test('missing-ttl: only where neither the class nor the database has one', () => {
    const expiring = [{ collection: 'posts', className: 'Post', path: 'expiresAt' }];
    const ttl = index({ expiresAt: 1 }, { isTtl: true });
    const declared = [{ collection: 'posts', key: { expiresAt: 1 }, isUnique: false, isTtl: true }];
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
    const load = (mostWritesInHour: number, writes: number, reads: number) => [
      { collection: 'posts', mostWritesInHour, writes, reads },
    ];
    const of = (indexes: number, loads: ReturnType<typeof load>, open = new Set<string>()) =>
      severity('too-many-indexes', { collections: many(indexes), loads, open });
    expect(of(10, load(1_000, 1_500, 1_500))).toBe('amber');
    expect(of(9, load(1_000, 1_500, 1_500))).toBe('none');
    expect(of(10, load(1_000, 1_500, 1_501))).toBe('none');
    expect(of(10, load(999, 90_000, 0))).toBe('none');
    const [{ id } = { id: '' }] = found('too-many-indexes', {
      collections: many(10),
      loads: load(1_000, 1_000, 0),
    });
    expect(of(10, [])).toBe('none');
    expect(of(10, [], new Set([id]))).toBe('amber');
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

  /** The disk in GB by day, of which one product has so much less. */
  const drawn = (used: readonly number[], others: (at: number) => number = () => 20): SizeFacts[] =>
    used.map((gb, at) => ({
      day: daysAgo(used.length - 1 - at),
      bytes: (gb - others(at)) * GB,
      diskUsedBytes: gb * GB,
      diskBytes: 100 * GB,
    }));
  const flat = (days: number, gb: number) => Array.from({ length: days }, () => gb);
  const grows = (days: number, from: number, by: number) =>
    Array.from({ length: days }, (_, at) => from + by * at);
  test.each([
    ['8 GB a day for four days, after a month of none', drawn([...flat(26, 50), ...grows(5, 50, 8)]), 'red'],
    ['2 GB a day since a clean-up', drawn([...flat(10, 85), ...grows(20, 40, 2)]), 'amber'],
    ['8 GB a day since a clean-up of three days ago', drawn([...flat(10, 90), ...grows(4, 50, 8)]), 'red'],
    ['ever faster', drawn([...flat(10, 50), 52, 56, 64]), 'amber'],
    ['an import of yesterday', drawn([...flat(20, 50), 70]), 'none'],
    [
      'an import of four days ago, in what grows a little',
      drawn([...flat(20, 50), ...grows(5, 70, 0.1)]),
      'none',
    ],
    ['a clean-up of two days ago', drawn([...grows(28, 50, 1), 48, 48]), 'none'],
    [
      'others’ growth of the last days',
      drawn([...flat(20, 50), 58, 66, 74], (at) => Math.max(20, (at - 19) * 8 + 20)),
      'none',
    ],
    ['working days, and a weekend', drawn([...grows(20, 46, 1), 67, 69, 71, 73, 75, 75, 75]), 'amber'],
  ])('as it has grown lately: %s', (_, sizesOfDisk, expected) => {
    expect(severity('growth', { sizes: sizesOfDisk })).toBe(expected);
  });

  test('says when, and what is largest', () => {
    const [one] = found('growth', { sizes: sizes(10, 1, { used: 75 }), collections: [collection([])] });
    expect(one!.reason).toBe(
      'The disk of its database is 75 % full (75.0 GB of 100.0 GB), and in 25 days it is full; shop grows by 1.0 GB a day.',
    );
    expect(one!.remedy).toContain('posts (100.0 MB)');
  });
});
