import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, chooseIndexes, type Costs, totalOf } from './choose.js';

const costs = (calls: number, base: number, by: Record<string, number>, ways?: Costs[][]): Costs => ({
  calls,
  base,
  by: new Map(Object.entries(by)),
  ...(ways && { ways }),
});
const candidate = (id: string, price = 1_000, paths = 1): Candidate => ({ id, price, paths });

describe('the smallest set', () => {
  test('one index that serves two needs wins over one for each', () => {
    const needs = [costs(100, 1_000, { a: 10, ab: 12 }), costs(100, 1_000, { b: 10, ab: 2 })];
    expect(chooseIndexes(needs, [candidate('a'), candidate('b'), candidate('ab', 1_000, 2)])).toEqual(['ab']);
  });

  test('nothing where no index pays its price', () => {
    expect(chooseIndexes([costs(2, 400, { a: 1 })], [candidate('a')])).toEqual([]);
  });

  test('of two that do the same, the shorter', () => {
    expect(
      chooseIndexes([costs(100, 1_000, { a: 10, ab: 10 })], [candidate('ab', 1_000, 2), candidate('a')]),
    ).toEqual(['a']);
  });

  test('an $or gets one for each branch, or none', () => {
    const branches = [costs(0, 1_000, { a: 5 }), costs(0, 1_000, { b: 5 })];
    const both = [costs(100, 1_000, {}, [branches])];
    expect(chooseIndexes(both, [candidate('a'), candidate('b')]).sort()).toEqual(['a', 'b']);
    const half = [costs(100, 1_000, {}, [[branches[0]!, costs(0, 1_000, {})]])];
    expect(chooseIndexes(half, [candidate('a'), candidate('b')])).toEqual([]);
  });

  test('of two that are as good, the one that is good in every case', () => {
    const queue = { ...costs(100, 1_000, { b: 1, ab: 2 }), rivals: [costs(0, 1_000, { ab: 3 })] };
    expect(chooseIndexes([queue], [candidate('b'), candidate('ab', 1_000, 2)])).toEqual(['ab']);
    const harmed = { ...costs(100, 1_000, { b: 1 }), rivals: [costs(0, 1_000, {})] };
    expect(chooseIndexes([harmed], [candidate('b')])).toEqual([]);
  });

  test('cases ten times apart get an index each where none is good in both, and the usual one counts within', () => {
    const far = { ...costs(100, 1_000, { a: 1 }), rivals: [costs(0, 1_000, { b: 1 })] };
    expect(chooseIndexes([far], [candidate('a'), candidate('b')]).sort()).toEqual(['a', 'b']);
    const near = { ...costs(100, 1_000, { a: 2, b: 9 }), rivals: [costs(0, 1_000, { a: 19, b: 1 })] };
    expect(chooseIndexes([near], [candidate('a'), candidate('b')])).toEqual(['a']);
  });

  test('never costs more than nothing, and no member can be left out for free', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const by = fc.dictionary(fc.constantFrom(...ids), fc.integer({ min: 1, max: 1_000 }));
    const need = fc.record({ calls: fc.integer({ min: 1, max: 50 }), by });
    fc.assert(
      fc.property(
        fc.array(need, { maxLength: 6 }),
        fc.array(fc.nat(5_000), { minLength: 5, maxLength: 5 }),
        (all, prices) => {
          const needs = all.map((one) => costs(one.calls, 1_000, one.by));
          const candidates = ids.map((id, n) => candidate(id, prices[n]));
          const table = new Map(candidates.map((one) => [one.id, { ...one, price: one.price * 1.02 }]));
          const chosen = chooseIndexes(needs, candidates);
          const total = totalOf(needs, table, chosen);
          expect(total).toBeLessThanOrEqual(totalOf(needs, table, []));
          for (const id of chosen)
            expect(
              totalOf(
                needs,
                table,
                chosen.filter((one) => one !== id),
              ),
            ).toBeGreaterThanOrEqual(total);
        },
      ),
    );
  });
});
