import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { candidatesOf, textOfKey } from './candidates.js';
import type { Direction, Need } from './need.js';

const need = (more: Partial<Need>): Need => ({
  shape: 'abc',
  collection: 'posts',
  filter: {},
  sort: [],
  isLimited: false,
  calls: 1,
  isHinted: false,
  origins: [],
  ...more,
});
const facts =
  (arrays: readonly string[] = []) =>
  (path: string) => ({
    distinct: path.length,
    isArray: arrays.includes(path),
  });
const texts = (one: Partial<Need>, arrays?: readonly string[]) =>
  candidatesOf(need(one), facts(arrays)).map(textOfKey);

describe('keys that may serve', () => {
  test('equality, sort, range, in this order, the more selective first', () => {
    expect(
      texts({
        filter: { a: '?', bbb: '?', r: { $gt: '?' } },
        sort: [
          ['s', -1],
          ['_id', -1],
        ],
      })[4],
    ).toBe('{"bbb":1,"a":1,"s":-1,"_id":-1,"r":1}');
  });

  test('a range before the sort, for what is selective', () => {
    expect(texts({ filter: { r: { $gt: '?' } }, sort: [['s', 1]] })).toContain('{"r":1,"s":1}');
  });

  test('one of several before the sort, and after it', () => {
    const found = texts({ filter: { a: { $in: ['?', '?'] } }, sort: [['s', 1]] });
    expect(found).toEqual(expect.arrayContaining(['{"a":1,"s":1}', '{"s":1,"a":1}']));
  });

  test('one for each branch', () => {
    expect(texts({ filter: { $or: [{ a: '?' }, { b: '?' }] }, sort: [['s', 1]] })).toEqual(
      expect.arrayContaining(['{"a":1,"s":1}', '{"b":1,"s":1}']),
    );
  });

  test('with what is read, so that no document need be', () => {
    expect(texts({ filter: { a: '?' }, reads: ['x', 'y'] })).toContain('{"a":1,"x":1,"y":1}');
  });

  test('never two arrays, unless they are parts of one', () => {
    expect(texts({ filter: { a: '?', b: '?' } }, ['a', 'b'])).toEqual(['{"a":1}', '{"b":1}']);
    expect(texts({ filter: { 'a.x': '?', 'a.y': '?' } }, ['a.x', 'a.y'])).toContain('{"a.x":1,"a.y":1}');
  });

  test('nothing that begins with _id', () => {
    expect(texts({ filter: { _id: '?' }, sort: [['_id', 1]] })).toEqual([]);
  });

  test('always name each path once, and only paths of the need', () => {
    const path = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const asked = fc.constantFrom('?', { $in: ['?', '?'] }, { $gt: '?' }, { $ne: '?' });
    fc.assert(
      fc.property(
        fc.dictionary(path, asked),
        fc.dictionary(path, fc.constantFrom<Direction>(1, -1)),
        (filter, sort) => {
          const one = need({ filter, sort: Object.entries(sort) });
          for (const key of candidatesOf(one, facts())) {
            const paths = key.map(([name]) => name);
            expect(new Set(paths).size).toBe(paths.length);
            for (const name of paths) expect(name in filter || name in sort).toBe(true);
          }
        },
      ),
    );
  });
});
