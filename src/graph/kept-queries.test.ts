import { expect, test } from 'vitest';
import type { CompiledQuery } from './compile.js';
import { type Holder, KeptQueries } from './kept-queries.js';

const holding = (fields: number): Holder => ({
  times: 2,
  run: Object.assign(() => ({}), { fields }) satisfies CompiledQuery,
});

test('those not used for the longest time go, and are seen as if for the first time', () => {
  const kept = new KeptQueries(100);
  const [one, two, three] = [holding(40), holding(40), holding(40)];
  for (const each of [one, two, one, three]) kept.use(each);
  expect([one, two, three].map(({ run }) => run !== undefined)).toEqual([true, false, true]);
  expect(two.times).toBe(0);
  kept.use(holding(100));
  expect([one, three].map(({ run }) => run)).toEqual([undefined, undefined]);
});

test('a query that is used again takes no more room, and one that is not compiled none', () => {
  const kept = new KeptQueries(100);
  const one = holding(60);
  for (let n = 0; n < 10; n += 1) kept.use(one);
  kept.use({ times: 1 });
  kept.use({ times: 1, run: null });
  kept.use(holding(40));
  expect(one.run).toBeDefined();
});
