import { describe, expect, test } from 'vitest';
import { askableOf, conditionsOf, Unadvisable } from './conditions.js';

const NONE = { equal: [], some: [], ranges: [], missing: [], excluded: [], tested: [], ors: [] };

describe('what a filter asks', () => {
  test.each<[string, Record<string, unknown>, object]>([
    ['a value', { a: '?' }, { equal: ['a'] }],
    ['an operator for it', { a: { $eq: '?' } }, { equal: ['a'] }],
    ['one of one', { a: { $in: ['?'] } }, { equal: ['a'] }],
    ['one of several', { a: { $in: ['?', '?'] } }, { some: ['a'] }],
    ['all of several', { a: { $all: ['?', '?'] } }, { equal: ['a'] }],
    ['bounds', { a: { $gte: '?', $lt: '?' } }, { ranges: ['a'] }],
    ['a beginning', { a: { $regex: '^?' } }, { ranges: ['a'] }],
    ['a piece', { a: { $regex: '?' } }, { tested: ['a'] }],
    ['what is missing', { a: { $exists: false } }, { missing: ['a'] }],
    ['what is excluded', { a: { $ne: '?' }, b: { $nin: ['?', '?'] } }, { excluded: ['a', 'b'] }],
    ['what an index cannot look up', { a: { $exists: true }, b: { $size: '?' } }, { tested: ['a', 'b'] }],
    ['the most of two conditions', { a: { $gt: '?', $ne: '?' } }, { ranges: ['a'] }],
    ['one element', { a: { $elemMatch: { b: '?', c: { $gt: '?' } } } }, { equal: ['a.b'], ranges: ['a.c'] }],
    ['an element that is a value', { a: { $elemMatch: { $gt: '?' } } }, { ranges: ['a'] }],
    ['everything of an $and', { $and: [{ a: '?' }, { b: { $lt: '?' } }] }, { equal: ['a'], ranges: ['b'] }],
    [
      'each branch, with what stands beside it',
      { a: '?', $or: [{ b: '?' }, { c: '?' }] },
      {
        equal: ['a'],
        ors: [
          [
            { a: '?', b: '?' },
            { a: '?', c: '?' },
          ],
        ],
      },
    ],
    [
      'the branches of each of two $or, the other one tested',
      { $and: [{ $or: [{ a: '?' }] }, { $or: [{ b: '?' }, { c: '?' }] }] },
      {
        ors: [
          [{ $nor: [{ $nor: [{ b: '?' }, { c: '?' }] }], a: '?' }],
          [
            { $nor: [{ $nor: [{ a: '?' }, { a: '?' }] }], b: '?' },
            { $nor: [{ $nor: [{ a: '?' }, { a: '?' }] }], c: '?' },
          ],
        ],
      },
    ],
  ])('%s', (_, filter, expected) => {
    expect(conditionsOf(filter)).toEqual({ ...NONE, ...expected });
  });

  test.each<[string, unknown, string]>([
    ['a search', { $text: '?' }, 'it uses $text'],
    ['code', { $where: '?' }, 'it uses $where'],
    ['a place', { a: { $near: '?' } }, 'it uses $near'],
    ['a part that was cut off', { a: { '…': '…' } }, 'a part of it is cut off'],
    ['a value in a name', { 'a.*': '?' }, 'a field has a value in its name, or is cut off'],
  ])('of %s nothing can be said', (_, filter, why) => {
    expect(() => conditionsOf(filter)).toThrow(new Unadvisable(why));
  });
});

describe('what can be asked for', () => {
  test.each<[string, Record<string, unknown>, object]>([
    [
      'a filter as it is',
      { a: '?', b: { $gt: '?' }, $or: [{ c: '?' }] },
      { a: '?', b: { $gt: '?' }, $or: [{ c: '?' }] },
    ],
    ['an $and as one', { $and: [{ a: '?' }, { b: '?' }] }, { a: '?', b: '?' }],
    ['unless a path stands in it twice', { a: '?', $and: [{ a: '?' }] }, { a: '?', $and: [{ a: '?' }] }],
    ['two bounds', { $and: [{ a: { $gte: '?' } }, { a: { $lt: '?' } }] }, { a: { $gte: '?', $lt: '?' } }],
    [
      'three',
      { a: { $gt: '?' }, $and: [{ a: { $lt: '?' } }, { a: { $gt: '?' } }] },
      { a: { $gt: '?', $lt: '?' } },
    ],
    [
      'two $or',
      { $and: [{ $or: [{ a: '?' }] }, { $or: [{ b: '?' }] }] },
      { $or: [{ a: '?' }], $and: [{ $or: [{ b: '?' }] }] },
    ],
    [
      'what stands in a branch, or an element',
      {
        $or: [{ $and: [{ a: { $gte: '?' } }, { a: { $lt: '?' } }] }],
        b: { $elemMatch: { $and: [{ c: { $gte: '?' } }, { c: { $lt: '?' } }] } },
      },
      { $or: [{ a: { $gte: '?', $lt: '?' } }], b: { $elemMatch: { c: { $gte: '?', $lt: '?' } } } },
    ],
    [
      'two constants in an $expr',
      { $expr: { $and: [{ $gte: ['$a', '?'] }, { $lt: ['$a', '?'] }] } },
      { a: { $gte: '?', $lt: '?' } },
    ],
    ['a join', { $expr: { $and: [{ $eq: ['$a', '$$x'] }] } }, { a: { $eq: '?' } }],
    ['a comparison with a constant', { $expr: { $gt: ['$a', '?'] } }, { a: { $gt: '?' } }],
    ['one from the other side', { $expr: { $lte: ['?', '$a'] }, b: '?' }, { a: { $gte: '?' }, b: '?' }],
  ])('%s', (_, filter, asked) => {
    expect(askableOf(filter)).toEqual({ filter: asked, isWhole: true });
  });

  test.each<[string, Record<string, unknown>, object]>([
    ['code', { a: '?', $where: '?' }, { a: '?' }],
    ['a place within', { a: '?', b: { $geoWithin: '?', $exists: true } }, { a: '?', b: { $exists: true } }],
    ['bits', { a: '?', $and: [{ b: { $bitsAllSet: '?' } }, { c: '?' }] }, { a: '?', c: '?' }],
    [
      'two paths that are compared',
      { a: '?', $expr: { $and: [{ $gt: ['$b', '$c'] }, { $eq: ['$d', '?'] }] } },
      { a: '?', d: { $eq: '?' } },
    ],
    ['what is computed', { $expr: { $gt: [{ $year: '$a' }, '?'] } }, {}],
    ['a whole document', { $expr: { $eq: ['$a', '$$ROOT.b'] } }, {}],
  ])('leaves out %s', (_, filter, asked) => {
    expect(askableOf(filter)).toEqual({ filter: asked, isWhole: false });
  });
});
