import { describe, expect, test } from 'vitest';
import { toIndexSpec } from '../index-spec.js';
import { adviseDrops, type DropFacts } from './drops.js';

const NOW = new Date('2026-06-30');
const index = (key: Record<string, unknown>, options: Record<string, unknown> = {}) => ({
  name: Object.entries(key).flat().join('_'),
  spec: toIndexSpec({ key, ...options }),
  building: false,
});
const drops = (
  indexes: readonly ReturnType<typeof index>[],
  {
    uses = {},
    days = 30,
    ...more
  }: Omit<Partial<DropFacts>, 'uses'> & { uses?: Record<string, number>; days?: number } = {},
) => {
  const since = new Date(NOW.getTime() - days * 86_400_000);
  return adviseDrops({
    collection: 'posts',
    indexes,
    advised: [],
    uses: new Map(indexes.map(({ name }) => [name, { uses: uses[name] ?? 5, since }])),
    shapes: [],
    used: new Set(),
    unmeasured: [],
    isArray: (path) => path === 'tags',
    now: NOW,
    ...more,
  }).map(({ name, rule }) => `${name} ${rule}`);
};
const A = index({ a: 1 });
const AB = index({ a: 1, b: 1 });

describe('an index may go', () => {
  test('that another begins with, from either end', () => {
    expect(drops([A, AB])).toEqual(['a_1 redundant']);
    expect(drops([index({ a: -1 }), AB])).toEqual(['a_-1 redundant']);
  });
  test('that an advised one begins with', () => {
    expect(drops([A], { advised: [AB.spec] })).toEqual(['a_1 redundant']);
    // Before that one is there, nothing does what it does.
    const facts = {
      collection: 'posts',
      indexes: [A],
      uses: new Map([['a_1', { uses: 5, since: new Date(0) }]]),
    };
    const rest = { shapes: [], used: new Set<string>(), unmeasured: [], isArray: () => false, now: NOW };
    const [drop] = adviseDrops({ ...facts, ...rest, advised: [AB.spec] });
    expect(drop!.standIn).toBe(AB.spec);
    const [there] = adviseDrops({ ...facts, ...rest, indexes: [A, AB], advised: [AB.spec] });
    expect(there!.standIn).toBeUndefined();
  });
  test('that nobody used for a week', () => {
    expect(drops([A], { uses: { a_1: 0 } })).toEqual(['a_1 unused']);
  });
  test('one of two that are the same: the one used less', () => {
    expect(drops([A, index({ a: -1 })], { uses: { a_1: 1, 'a_-1': 9 } })).toEqual(['a_1 redundant']);
  });
});

describe('an index stays', () => {
  test.each<[string, Record<string, unknown>]>([
    ['unique', { unique: true }],
    ['sparse', { sparse: true }],
    ['partial', { partialFilterExpression: { c: true } }],
    ['expiring', { expireAfterSeconds: 60 }],
    ['with a collation', { collation: { locale: 'en' } }],
    ['hidden', { hidden: true }],
    ['on its way to be unique', { prepareUnique: true }],
  ])('that is %s, used or not', (_, options) => {
    expect(drops([index({ a: 1 }, options), AB], { uses: { a_1: 0 } })).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['partial', { partialFilterExpression: { c: true } }],
    ['sparse', { sparse: true }],
    ['hidden', { hidden: true }],
    ['with a collation', { collation: { locale: 'en' } }],
  ])('when the longer one is %s', (_, options) => {
    expect(drops([A, index({ a: 1, b: 1 }, options)])).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['text', { a: 'text' }],
    ['a place', { a: '2dsphere' }],
    ['hashed', { a: 'hashed' }],
    ['a wildcard', { '$**': 1 }],
  ])('that is %s', (_, key) => {
    expect(drops([index(key)], { uses: Object.fromEntries([[index(key).name, 0]]) })).toEqual([]);
  });

  test('when the longer one goes itself', () => {
    expect(drops([A, AB], { uses: { a_1_b_1: 0 } })).toEqual(['a_1_b_1 unused']);
  });
  test('when the longer one is over an array', () => {
    expect(drops([A, index({ a: 1, tags: 1 })])).toEqual([]);
  });
  test('when it is used, and much smaller', () => {
    expect(
      drops([A, AB], {
        sizes: new Map([
          ['a_1', 10],
          ['a_1_b_1', 100],
        ]),
      }),
    ).toEqual([]);
  });
  test('that is young, or of a server that has just started, or whose uses cannot be asked', () => {
    expect(drops([A, AB], { days: 6, uses: { a_1: 0 } })).toEqual([]);
    expect(
      adviseDrops({
        collection: 'posts',
        indexes: [A, AB],
        advised: [],
        uses: new Map(),
        shapes: [],
        used: new Set(),
        unmeasured: [],
        isArray: () => false,
        now: NOW,
      }),
    ).toEqual([]);
  });
  test('that a shape names in its hint, by name or key', () => {
    const hinted = (hint: string) => ({
      shapes: [{ shape: 'x', text: `{"find":"posts","hint":${hint}}`, calls: 1, documents: 1, origins: [] }],
    });
    expect(drops([A, AB], hinted('"a_1"'))).toEqual([]);
    expect(drops([A, AB], hinted('{"a":1}'))).toEqual([]);
    expect(drops([A, AB], hinted('"b_1"'))).toEqual(['a_1 redundant']);
  });
  test('that a shape names whose plan is not known', () => {
    const text = '{"find":"posts","filter":{"a":"?"},"collation":"?"}';
    const unmeasured = [{ shape: 'x', text, calls: 1, documents: 1, origins: [] }];
    expect(drops([A], { uses: { a_1: 0 }, unmeasured })).toEqual([]);
  });
  test('that an observed shape would use, though the server counted nothing', () => {
    expect(drops([A], { uses: { a_1: 0 }, used: new Set(['a_1']) })).toEqual([]);
  });
});
