import type { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { shapeOf } from '../../monitor/shape/shape.js';
import { needsOf } from './need.js';
import { writeLoadOf } from './writes.js';

const observed = (command: mongo.Document, calls = 10, documents = 50) => ({
  shape: 'abc',
  text: shapeOf(Object.keys(command)[0]!, command)!,
  calls,
  documents,
  origins: [],
});
const needs = (command: mongo.Document) => needsOf([observed(command)]).needs;

describe('how a shape looks for documents', () => {
  test('a page: filter, sort, and that it stops', () => {
    expect(needs({ find: 'posts', filter: { a: 1 }, sort: { b: -1 }, limit: 20 })).toMatchObject([
      { collection: 'posts', filter: { a: '?' }, sort: [['b', -1]], isLimited: true, found: 5, calls: 10 },
    ]);
  });

  test('writes look, too', () => {
    const update = { q: { a: 1 }, u: { $set: { b: 1 } } };
    expect(needs({ update: 'posts', updates: [update] })).toMatchObject([
      { filter: { a: '?' }, isLimited: true },
    ]);
    expect(needs({ update: 'posts', updates: [{ ...update, multi: true }] })[0]!.isLimited).toBe(false);
    expect(needs({ delete: 'posts', deletes: [{ q: { a: 1 }, limit: 0 }] })[0]!.isLimited).toBe(false);
    expect(needs({ insert: 'posts' })).toEqual([]);
  });

  test('a pipeline: the stages before documents become others', () => {
    const pipeline = [
      { $match: { a: 1 } },
      { $sort: { b: 1 } },
      { $group: { _id: '$c', sum: { $sum: '$d' } } },
      { $match: { sum: { $gt: 3 } } },
      { $sort: { sum: 1 } },
    ];
    const [need, ...more] = needs({ aggregate: 'posts', pipeline });
    expect(more).toEqual([]);
    expect(need).toMatchObject({ filter: { a: '?' }, sort: [['b', 1]], isLimited: false, reads: ['c', 'd'] });
    expect(need).not.toHaveProperty('found');
  });

  describe('a pipeline whose $match the server moves to the front', () => {
    const lookup = { from: 'users', localField: 'user', foreignField: '_id', as: 'by' };
    test.each<[string, mongo.Document[], mongo.Document, boolean]>([
      ['$project', [{ $project: { a: 1, at: 1 } }, { $match: { a: 1 } }], { a: '?' }, true],
      ['a field left out', [{ $project: { text: 0 } }, { $match: { a: 1 } }], { a: '?' }, true],
      ['$addFields', [{ $addFields: { y: { $year: '$at' } } }, { $match: { a: 1 } }], { a: '?' }, true],
      ['$unwind', [{ $unwind: '$tags' }, { $match: { a: 1 } }], { a: '?' }, true],
      ['$lookup', [{ $lookup: lookup }, { $match: { a: 1 } }], { a: '?' }, false],
      [
        'two matches',
        [{ $match: { a: 1 } }, { $unset: 'x' }, { $match: { b: 1 } }],
        { a: '?', b: '?' },
        true,
      ],
      [
        'all but what was made',
        [{ $set: { y: '$at' } }, { $match: { a: 1, 'y.z': 1, $or: [{ b: 1 }, { y: 2 }] } }],
        { a: '?' },
        false,
      ],
      [
        'parts of an $and',
        [{ $set: { y: '$at' } }, { $match: { $and: [{ a: 1 }, { y: 1 }] } }],
        { a: '?' },
        false,
      ],
      ['not what was made', [{ $set: { 'a.b': 1 } }, { $match: { a: 1 } }], {}, false],
      ['not what was unwound', [{ $unwind: { path: '$a' } }, { $match: { 'a.b': 1 } }], {}, false],
      ['not what was joined', [{ $lookup: lookup }, { $match: { 'by.name': 1 } }], {}, false],
      ['not what was computed', [{ $project: { a: { $toUpper: '$a' } } }, { $match: { a: 1 } }], {}, false],
      ['nothing behind a limit', [{ $limit: 9 }, { $match: { a: 1 } }], {}, false],
      ['nothing behind a group', [{ $group: { _id: '$a' } }, { $match: { _id: 1 } }], {}, false],
    ])('%s', (_, pipeline, filter, isCounted) => {
      const [need] = needs({ aggregate: 'posts', pipeline });
      expect([need!.filter, 'found' in need!]).toEqual([filter, isCounted]);
    });

    test('and what a group reads is the collection’s, or not known', () => {
      const group = { $group: { _id: '$y', sum: { $sum: '$d' } } };
      const readsOf = (...before: mongo.Document[]) =>
        needs({ aggregate: 'posts', pipeline: [{ $match: { a: 1 } }, ...before, group] })[0]!.reads;
      expect(readsOf({ $project: { y: 1, d: 1 } })).toEqual(['y', 'd']);
      expect(readsOf({ $addFields: { y: { $year: '$at' } } })).toBeUndefined();
    });
  });

  test.each<[string, mongo.Document[], string | undefined]>([
    [
      'the first',
      [{ $match: { a: 1 } }, { $sort: { b: 1 } }, { $group: { _id: '$b', x: { $first: '$$ROOT' } } }],
      'b',
    ],
    ['the last', [{ $group: { _id: { b: '$b' }, x: { $last: '$c' } } }], 'b'],
    ['values alone', [{ $group: { _id: '$b.c' } }], 'b.c'],
    ['not a sum', [{ $group: { _id: '$b', x: { $first: '$c' }, n: { $sum: 1 } } }], undefined],
    ['not by two paths', [{ $group: { _id: { b: '$b', c: '$c' } } }], undefined],
    ['nor by what is computed', [{ $group: { _id: { $year: '$b' } } }], undefined],
    ['nor of all', [{ $group: { _id: null, x: { $first: '$c' } } }], undefined],
    ['nor of a page', [{ $limit: 9 }, { $group: { _id: '$b' } }], undefined],
    ['nor of elements', [{ $unwind: '$b' }, { $group: { _id: '$b' } }], undefined],
  ])('a group that one document of each is enough for: %s', (_, pipeline, path) => {
    expect(needs({ aggregate: 'posts', pipeline })[0]!.group?.path).toBe(path);
  });

  test('joins look into other collections, as often as there are documents to join', () => {
    const found = needs({
      aggregate: 'posts',
      pipeline: [
        { $match: { a: 1 } },
        { $lookup: { from: 'authors', localField: 'author', foreignField: 'code', as: 'x' } },
        {
          $lookup: {
            from: 'notes',
            let: { id: '$_id' },
            pipeline: [{ $match: { $expr: { $eq: ['$post', '$$id'] }, open: true } }, { $sort: { at: -1 } }],
            as: 'notes',
          },
        },
        { $unionWith: { coll: 'drafts', pipeline: [{ $match: { a: 1 } }, { $limit: 3 }] } },
      ],
    });
    expect(found).toMatchObject([
      { collection: 'posts', filter: { a: '?' } },
      { collection: 'authors', filter: { code: '?' }, calls: 50 },
      { collection: 'notes', filter: { post: { $eq: '?' }, open: '?' }, sort: [['at', -1]] },
      { collection: 'drafts', filter: { a: '?' }, isLimited: true, calls: 10 },
    ]);
  });

  test('of what cannot be asked in all its parts, how much it finds is not known', () => {
    const [need] = needs({ find: 'posts', filter: { a: 1, at: { $geoWithin: { $box: [] } } } });
    expect(need).toMatchObject({ filter: { a: '?' }, isPart: true });
    expect(need).not.toHaveProperty('found');
  });

  test('what cannot be read says why', () => {
    const { needs: none, unread } = needsOf([
      observed({ find: 'posts', filter: { $where: 'x' } }),
      observed({ find: 'posts', filter: { a: 1 }, collation: { locale: 'de' } }),
      observed({ count: 'posts', query: { a: 1 }, collation: { locale: 'de' } }),
      observed({ delete: 'posts', deletes: [{ q: { a: 1 }, limit: 0, collation: { locale: 'de' } }] }),
      { ...observed({ find: 'posts' }), text: '{"find":"posts","filter":"…"}' },
      { ...observed({ find: 'posts' }), text: 'nothing' },
    ]);
    expect(none).toEqual([]);
    expect(unread.map(({ collection, why }) => [collection, why])).toEqual([
      ['posts', 'it uses $where'],
      ['posts', 'it has a collation, which is a value'],
      ['posts', 'it has a collation, which is a value'],
      ['posts', 'it has a collation, which is a value'],
      ['posts', 'a part of it is cut off'],
      ['', 'it is cut off'],
    ]);
  });
});

test('writes are counted by what they touch', () => {
  const load = writeLoadOf(
    [
      observed({ insert: 'posts' }, 10, 10),
      observed({ delete: 'posts', deletes: [{ q: {}, limit: 0 }] }, 1, 7),
      observed({ update: 'posts', updates: [{ q: {}, u: { $set: { 'a.0.b': 1 }, $inc: { c: 1 } } }] }, 3, 3),
      observed({ update: 'posts', updates: [{ q: {}, u: { a: 1 } }] }, 2, 2),
      observed({ insert: 'users' }, 99, 99),
    ],
    'posts',
  );
  expect(load).toEqual({ whole: 17, changes: [{ paths: ['c', 'a.b'], documents: 3 }, { documents: 2 }] });
});
