import type { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { type Counted, countedOf, fitOf } from './counted.js';
import { parseShape, shapeOf } from '../shape/shape.js';

const of = (command: mongo.Document, documents: number, calls = 10): Counted =>
  countedOf(parseShape(shapeOf(Object.keys(command)[0]!, command)!), { calls, documents });

test.each<[string, mongo.Document, number, Partial<Counted>]>([
  ['a find', { find: 'a', filter: { b: 1 } }, 120, { found: 12, isOpenEnded: false }],
  [
    'values of which a call may ask for more',
    { find: 'a', filter: { b: { $in: [1, 2] } } },
    9,
    { isOpenEnded: true },
  ],
  ['full pages', { find: 'a', limit: 20 }, 200, { found: 20, limit: 20 }],
  ['pages with one more', { find: 'a', limit: 11 }, 110, { limit: 11 }],
  ['pages that are not full', { find: 'a', limit: 20 }, 120, { limit: 20 }],
  ['a large page', { find: 'a', limit: 5_000 }, 40_000, { limit: 4_000 }],
  [
    'one of many',
    { update: 'a', updates: [{ q: { b: 1 }, u: { $set: { c: 1 } } }] },
    900,
    { found: 1, limit: 1 },
  ],
  ['many', { delete: 'a', deletes: [{ q: { b: 1 }, limit: 0 }] }, 900, { found: 90 }],
  [
    'a pipeline',
    { aggregate: 'a', pipeline: [{ $match: {} }, { $limit: 9 }, { $project: { b: 1 } }] },
    90,
    { found: 9, limit: 10 },
  ],
])('what is counted: %s', (_, command, documents, expected) => {
  expect(of(command, documents)).toMatchObject(expected);
});

test.each<[string, mongo.Document]>([
  ['what is grouped', { aggregate: 'a', pipeline: [{ $match: { b: 1 } }, { $group: { _id: 1 } }] }],
  [
    'branches',
    { aggregate: 'a', pipeline: [{ $match: { b: 1 } }, { $unionWith: { coll: 'c', pipeline: [] } }] },
  ],
  ['distinct values', { distinct: 'a', key: 'b', query: {} }],
])('nothing to compare with: %s', (_, command) => {
  expect(of(command, 100).found).toBeUndefined();
  expect(fitOf(7, of(command, 100))).toMatchObject({ isGood: true, isOff: false });
});

test('nothing was counted of what was not called', () => {
  expect(of({ find: 'a', limit: 3 }, 0, 0)).toEqual({ isOpenEnded: false, limit: 20 });
});

test.each<[returned: number, counted: Partial<Counted>, isGood: boolean, isOff: boolean]>([
  [12, { found: 12 }, true, false],
  [17, { found: 12 }, true, false],
  [19, { found: 12 }, false, false],
  [36, { found: 12 }, false, false],
  [37, { found: 12 }, false, true],
  [4, { found: 12 }, false, false],
  [3, { found: 12 }, false, true],
  [3, { found: 12, isOpenEnded: true }, false, false],
  [0, { found: 0 }, true, false],
  [1, { found: 0 }, false, true],
  [1, { found: 0.5, limit: 1 }, true, false],
  [1, { found: 0.1, limit: 1 }, false, true],
  [0, { found: 0.1, limit: 1 }, true, false],
  // Full, and most calls were not.
  [20, { found: 14, limit: 20 }, false, false],
  [20, { found: 15, limit: 20 }, true, false],
])('%d returned of %j: good %s, off %s', (returned, counted, isGood, isOff) => {
  expect(fitOf(returned, { isOpenEnded: false, ...counted })).toMatchObject({ isGood, isOff });
});
