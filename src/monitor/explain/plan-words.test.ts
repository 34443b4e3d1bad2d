import { expect, test } from 'vitest';
import type { ShapePlan } from './plan.js';
import { seenBeyond, sentenceOf, treeOf } from './plan-words.js';

const PLAN: ShapePlan = {
  shape: '0123456789',
  at: new Date(),
  documentsExamined: 8_500,
  keysExamined: 0,
  returned: 20,
  collectionScan: true,
  inMemorySort: true,
  indexes: [],
  root: {
    stage: 'SORT',
    returned: 20,
    ms: 12,
    inputs: [{ stage: 'COLLSCAN', documentsExamined: 8_500, returned: 20, inputs: [] }],
  },
};

test('a plan is a tree that says what is wrong', () => {
  expect(treeOf(PLAN)).toEqual([
    { line: 'SORT  20 returned, 12 ms', wrong: expect.stringContaining('in memory') },
    {
      line: '└─ COLLSCAN  8,500 documents examined, 20 returned',
      wrong: expect.stringContaining('whole collection'),
    },
  ]);
  expect(sentenceOf(PLAN)).toBe(
    '8,500 documents and 0 keys examined, 20 returned: 425 documents for each that is returned',
  );
});

test('branches keep their lines, and a good plan is left alone', () => {
  const scan = (index: string) => ({ stage: 'IXSCAN', index, keysExamined: 3, returned: 3, inputs: [] });
  const root = {
    stage: 'FETCH',
    documentsExamined: 6,
    returned: 6,
    inputs: [{ stage: 'OR', inputs: [scan('a_1'), scan('b_1')] }],
  };
  const plan = { ...PLAN, documentsExamined: 6, keysExamined: 6, returned: 6, root };
  expect(treeOf(plan)).toEqual([
    { line: 'FETCH  6 documents examined, 6 returned' },
    { line: '└─ OR' },
    { line: '   ├─ IXSCAN a_1  3 keys examined, 3 returned' },
    { line: '   └─ IXSCAN b_1  3 keys examined, 3 returned' },
  ]);
  expect(sentenceOf(plan)).toBe('6 documents and 6 keys examined, 6 returned');
});

test('an index that is read for nothing is told at its stage', () => {
  const ixscan = { stage: 'IXSCAN', index: 'a_1', keysExamined: 900, returned: 900, inputs: [] };
  const fetch = { stage: 'FETCH', documentsExamined: 900, returned: 4, inputs: [ixscan] };
  expect(treeOf({ ...PLAN, root: fetch }).map(({ wrong }) => wrong)).toEqual([
    expect.stringContaining('lacks a field'),
    undefined,
  ]);
  const wide = { ...ixscan, returned: 4 };
  expect(treeOf({ ...PLAN, root: wide })[0]!.wrong).toContain('keys that do not match');
  const problem = 'the sample is gone';
  expect(sentenceOf({ ...PLAN, problem })).toContain(problem);
  expect(treeOf({ ...PLAN, problem, root: { stage: 'NONE', inputs: [] } })).toEqual([]);
  // It took too long to be counted, and is known all the same.
  expect(treeOf({ ...PLAN, problem })).toHaveLength(2);
});

test('an estimate that disagrees, and what nothing tells, are said to be', () => {
  const plan = { ...PLAN, documentsExamined: 1, keysExamined: 1, returned: 1, counted: 12.34 };
  expect(sentenceOf(plan)).toBe('1 document and 1 key examined, 1 returned');
  expect(sentenceOf({ ...plan, isOff: true })).toContain(
    'an estimate that disagrees with what was counted (12.3 a call)',
  );
  expect(sentenceOf({ ...plan, unknown: 'how many it skips' })).toContain('; not known: how many it skips');
});

test('a plan that is far from what was seen to run is said to be', () => {
  const plan = { ...PLAN, documentsExamined: 2, keysExamined: 2 };
  const seen = (documents: number) => ({
    calls: 30,
    documents: 30 * documents,
    keys: 60,
    scans: 0,
    sorts: 0,
  });
  expect(seenBeyond(plan, seen(20_002))).toBe(
    'what has run examined 20,002 a call, as the profiler has seen: this plan is not what runs',
  );
  expect(seenBeyond(plan, seen(99))).toBeUndefined();
  expect(seenBeyond({ ...plan, keysExamined: 3_000 }, seen(20_002))).toBeUndefined();
  expect(seenBeyond({ ...plan, problem: 'it is late' }, seen(20_002))).toBeUndefined();
  expect(seenBeyond(plan, undefined)).toBeUndefined();
});
