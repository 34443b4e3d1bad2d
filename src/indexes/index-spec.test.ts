import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultName, differencesOf, isPrefixOf, meaningOf, signatureOf, toIndexSpec } from './index-spec.js';

const spec = (key: Record<string, unknown>, options: object = {}) => toIndexSpec({ key, ...options });
const mean = (key: Record<string, unknown>, options: object = {}) => meaningOf(spec(key, options));

describe('two that mean the same', () => {
  test.each([
    ['a direction is a sign', mean({ a: 2, b: -0.5 }), mean({ a: 1, b: -1 })],
    [
      'what the server adds, and what is not set',
      mean({ a: 1 }, { v: 2, name: 'x', background: true, sparse: false }),
      mean({ a: 1 }),
    ],
    ['whole seconds', mean({ a: 1 }, { expireAfterSeconds: 1.7 }), mean({ a: 1 }, { expireAfterSeconds: 1 })],
    [
      'a text index, declared and reported',
      mean({ k: 1, title: 'text', body: 'text', z: -1 }, { weights: { title: 5 } }),
      mean(
        { k: 1, _fts: 'text', _ftsx: 1, z: -1 },
        {
          weights: { body: 1, title: 5 },
          default_language: 'english',
          language_override: 'language',
          textIndexVersion: 3,
        },
      ),
    ],
    [
      'conditions in another order',
      mean({ a: 1 }, { partialFilterExpression: { b: { $lt: 9, $gte: 5 }, a: { $eq: 1 } } }),
      mean({ a: 1 }, { partialFilterExpression: { a: 1, b: { $gte: 5, $lt: 9 } } }),
    ],
    [
      'branches in another order',
      mean({ a: 1 }, { partialFilterExpression: { $or: [{ b: 2 }, { a: 1 }] } }),
      mean({ a: 1 }, { partialFilterExpression: { $or: [{ a: 1 }, { b: 2 }] } }),
    ],
    [
      'a collation of another server',
      mean({ a: 1 }, { collation: full('57.1') }),
      mean({ a: 1 }, { collation: full('58') }),
    ],
    ['the simple collation', mean({ a: 1 }, { collation: { locale: 'simple' } }), mean({ a: 1 })],
    ['the 2d defaults', mean({ a: '2d' }, { bits: 26, min: -180, max: 180 }), mean({ a: '2d' })],
  ])('%s', (_, one, other) => expect(one).toBe(other));
});

describe('two that differ', () => {
  test.each([
    ['in order', { a: 1, b: 1 }, {}, { b: 1, a: 1 }, {}, ['key']],
    ['in direction', { a: 1 }, {}, { a: -1 }, {}, ['key']],
    ['in kind', { a: 1 }, {}, { a: 'hashed' }, {}, ['key']],
    ['in uniqueness', { a: 1 }, { unique: true }, { a: 1 }, {}, ['unique']],
    ['in expiry', { a: 1 }, { expireAfterSeconds: 0 }, { a: 1 }, {}, ['expireAfterSeconds']],
    ['in visibility', { a: 1 }, { hidden: true }, { a: 1 }, {}, ['hidden']],
    ['in sparseness', { a: 1 }, { sparse: true }, { a: 1 }, {}, ['sparse']],
    [
      'in their filter',
      { a: 1 },
      { partialFilterExpression: { b: { x: 1, y: 2 } } },
      { a: 1 },
      { partialFilterExpression: { b: { y: 2, x: 1 } } },
      ['partialFilterExpression'],
    ],
    ['in collation', { a: 1 }, { collation: full('1') }, { a: 1 }, {}, ['collation']],
    [
      'in what a wildcard takes',
      { '$**': 1 },
      { wildcardProjection: { a: 1 } },
      { '$**': 1 },
      { wildcardProjection: { b: 1 } },
      ['wildcardProjection'],
    ],
    ['in weights', { a: 'text' }, { weights: { a: 2 } }, { a: 'text' }, {}, ['weights']],
  ])('%s', (_, key, options, otherKey, otherOptions, names) => {
    const [one, other] = [spec(key, options), spec(otherKey, otherOptions)];
    expect(meaningOf(one)).not.toBe(meaningOf(other));
    expect(differencesOf(one, other)).toEqual(names);
    expect(differencesOf(other, one)).toEqual(names);
    expect(differencesOf(one, one)).toEqual([]);
  });
});

test('an expiry, a name or being hidden do not let two stand side by side', () => {
  const plain = signatureOf(spec({ a: 1 }));
  expect(signatureOf(spec({ a: 1 }, { expireAfterSeconds: 5, hidden: true }))).toBe(plain);
  expect(signatureOf(spec({ a: 1 }, { unique: true }))).not.toBe(plain);
  expect(signatureOf(spec({ a: 1 }, { sparse: true }))).not.toBe(plain);
});

test('a beginning of a key is a prefix of it, in order and direction', () => {
  const paths = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e.f'), { minLength: 1 });
  const keys = paths.chain((names) =>
    fc
      .tuple(...names.map(() => fc.constantFrom(1, -1)))
      .map((kinds) => names.map((name, i) => [name, kinds[i]!] as const)),
  );
  fc.assert(
    fc.property(keys, keys, (one, other) => {
      const [short, long] = [spec(Object.fromEntries(one)), spec(Object.fromEntries(other))];
      const expected = JSON.stringify(other.slice(0, one.length)) === JSON.stringify(one);
      expect(isPrefixOf(short, long)).toBe(expected);
      expect(isPrefixOf(short, short)).toBe(true);
    }),
  );
});

test('a name is what the server would give', () => {
  expect(defaultName({ a: 1, 'b.c': -1, d: '2dsphere' })).toBe('a_1_b.c_-1_d_2dsphere');
});

function full(version: string) {
  return { locale: 'en', strength: 2, caseLevel: false, version };
}
