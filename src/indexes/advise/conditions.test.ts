import { describe, expect, test } from 'vitest';
import { conditionsOf, Unadvisable } from './conditions.js';

const NONE = { equal: [], some: [], ranges: [], tested: [], branches: [] };

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
    ['what an index cannot look up', { a: { $ne: '?' }, b: { $exists: true } }, { tested: ['a', 'b'] }],
    ['the most of two conditions', { a: { $gt: '?', $ne: '?' } }, { ranges: ['a'] }],
    ['one element', { a: { $elemMatch: { b: '?', c: { $gt: '?' } } } }, { equal: ['a.b'], ranges: ['a.c'] }],
    ['an element that is a value', { a: { $elemMatch: { $gt: '?' } } }, { ranges: ['a'] }],
    ['everything of an $and', { $and: [{ a: '?' }, { b: { $lt: '?' } }] }, { equal: ['a'], ranges: ['b'] }],
    ['a join', { $expr: { $and: [{ $eq: ['$a', '$$x'] }] } }, { equal: ['a'] }],
    ['no join', { $expr: { $gt: ['$a', '$b'] } }, {}],
    [
      'each branch, with what stands beside it',
      { a: '?', $or: [{ b: '?' }, { c: '?' }] },
      {
        equal: ['a'],
        branches: [{ $and: [{ a: '?' }, { b: '?' }] }, { $and: [{ a: '?' }, { c: '?' }] }],
      },
    ],
    ['nothing for certain of two $or', { $and: [{ $or: [{ a: '?' }] }, { $or: [{ b: '?' }] }] }, {}],
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
