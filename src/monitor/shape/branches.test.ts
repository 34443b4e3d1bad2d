import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { branchIn, isAlike } from './branches.js';

const branch = (match: object, coll = 'posts', more: object[] = []) =>
  branchIn({ $unionWith: { coll, pipeline: [{ $match: match }, ...more] } });

test.each([
  [{ $match: {} }],
  [{ $unionWith: 'posts' }],
  [{ $unionWith: { coll: 'posts' } }],
  ['text'],
  [null],
])('%j is no branch', (stage) => {
  expect(branchIn(stage)).toBeUndefined();
  expect(isAlike(branchIn(stage), branchIn(stage))).toBe(false);
});

test('branches are alike by collection, number of stages and the paths that they match', () => {
  expect(isAlike(branch({ a: 1, b: 1 }), branch({ a: 2, b: 2 }))).toBe(true);
  expect(isAlike(branch({ a: 1 }), branch({ a: 1 }, 'pages'))).toBe(false);
  expect(isAlike(branch({ a: 1 }), branch({ a: 1 }, 'posts', [{ $limit: 1 }]))).toBe(false);
});

test('and by those paths alone, whatever they are called', () => {
  const paths = fc.uniqueArray(fc.constantFrom('a', 'b', 'c.d', 'toString', 'constructor', '$or'), {
    maxLength: 4,
  });
  const matching = (names: readonly string[]) => branch(Object.fromEntries(names.map((name) => [name, 1])));
  fc.assert(
    fc.property(paths, paths, (one, other) => {
      const isSame = one.length === other.length && one.every((path) => other.includes(path));
      expect(isAlike(matching(one), matching(other))).toBe(isSame);
    }),
  );
});
