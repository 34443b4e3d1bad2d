import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mostParts, partsOf } from './body-parts.js';

/** Objects, lists and the places in them behind the first. */
function counted(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value) as unknown[];
  return 1 + Math.max(0, inside.length - 1) + inside.reduce<number>((sum, one) => sum + counted(one), 0);
}

test('counts what is made of a text, whatever stands in its strings', () => {
  const text = fc.oneof(fc.string({ unit: fc.constantFrom('"', '\\', ',', '[', '{', 'a') }), fc.string());
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.array(tie('value')),
      fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        tie('value'),
      ),
    ),
  })).value;
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), (one, space) => {
      expect(partsOf(JSON.stringify(one, null, space))).toBe(counted(one));
    }),
    { numRuns: 2_000 },
  );
});

test('ends with any text, and lets through what operations may bring', () => {
  for (const text of ['', '"', '"\\', '"\\"', '[[[']) expect(partsOf(text)).toBeLessThan(4);
  const limits = { inputs: 5_000, operationsPerRequest: 1 };
  const items = Array.from({ length: 5_000 }, () => ({}));
  expect(partsOf(JSON.stringify({ query: '{ a }', variables: { items } }))).toBeLessThan(mostParts(limits));
});
