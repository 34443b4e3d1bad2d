import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { explainShape } from './explain-shape.js';
import { type ShapePlan } from './plan.js';
import { walk } from './read-explain.js';
import { shapeOf } from '../shape/shape.js';

/** Stands in every value of the data, so that one that gets out is seen. */
const MARK = 'zqxsecret';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_explain`);
  const id = (n: number) => `${MARK}${n}` as unknown as mongo.ObjectId;
  await db.collection('posts').insertMany(
    Array.from({ length: 2_000 }, (_, n) => ({
      _id: id(n),
      status: `${MARK}-${n % 4}`,
      publishedAt: new Date(1_700_000_000_000 + n * 1_000),
      author: `${MARK}-author-${n % 50}`,
      tags: [`${MARK}-t${n % 7}`, `${MARK}-t${(n + 1) % 7}`],
      views: 770_000_000 + n,
      meta: { place: { city: `${MARK}-c${n % 9}` } },
      notes: [{ by: `${MARK}-b${n % 5}`, stars: n % 6 }],
    })),
  );
  await db
    .collection('authors')
    .insertMany(
      Array.from({ length: 50 }, (_, n) => ({ name: `${MARK}-author-${n}`, city: `${MARK}-c${n % 9}` })),
    );
  await db.collection('posts').createIndexes([
    { key: { status: 1, publishedAt: -1, _id: -1 }, name: 'status_published' },
    { key: { author: 1 }, name: 'author_1' },
    { key: { tags: 1, views: 1 }, name: 'tags_views' },
  ]);
  await db.collection('authors').createIndex({ name: 1 }, { name: 'name_1' });
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

/** @param documents what one call was counted to find; left out, nothing was counted. */
const plan = async (command: mongo.Document, documents?: number): Promise<ShapePlan> => {
  const text = shapeOf(Object.keys(command)[0]!, command)!;
  expect(text).not.toContain(MARK);
  const found = await explainShape(
    db,
    'shop',
    { shape: 'abc', text, calls: documents === undefined ? 0 : 1, documents: documents ?? 0 },
    new Date(),
  );
  expect(JSON.stringify(found)).not.toContain(MARK);
  return found!;
};
const stages = (found: ShapePlan) => [...walk(found.root)].map(({ stage }) => stage);
const v = `${MARK}-x`;

describe('a shape is explained with the product’s own values', () => {
  test.each<[string, mongo.Document, Partial<ShapePlan>]>([
    [
      'equality, range and sort on one index',
      {
        find: 'posts',
        filter: { status: v, publishedAt: { $lt: new Date() } },
        sort: { publishedAt: -1, _id: -1 },
        limit: 10,
      },
      {
        indexes: ['status_published'],
        collectionScan: false,
        inMemorySort: false,
        documentsExamined: 20,
        returned: 20,
      },
    ],
    [
      'an id',
      { find: 'posts', filter: { _id: v } },
      { indexes: ['_id_'], documentsExamined: 1, returned: 1 },
    ],
    ['some ids', { find: 'posts', filter: { _id: { $in: [v, v] } } }, { indexes: ['_id_'], returned: 2 }],
    [
      'nothing to go by',
      { find: 'posts', filter: { views: { $gte: 1 } } },
      { collectionScan: true, documentsExamined: 2_000 },
    ],
    [
      'a nested path',
      { find: 'posts', filter: { 'meta.place.city': v } },
      { collectionScan: true, documentsExamined: 2_000 },
    ],
    [
      'a sort without an index',
      { find: 'posts', filter: { author: v }, sort: { views: -1 } },
      { indexes: ['author_1'], inMemorySort: true, returned: 40 },
    ],
    [
      'an array and a range',
      { find: 'posts', filter: { tags: v, views: { $gt: 1, $lt: 2 } } },
      { indexes: ['tags_views'] },
    ],
    ['all of', { find: 'posts', filter: { tags: { $all: [v, v] } } }, { indexes: ['tags_views'] }],
    ['a prefix', { find: 'posts', filter: { author: /^abc/ } }, { indexes: ['author_1'], returned: 2_000 }],
    ['a piece', { find: 'posts', filter: { author: { $regex: 'abc' } } }, { indexes: ['author_1'] }],
    [
      'either, or',
      { find: 'posts', filter: { $or: [{ author: v }, { _id: v }] } },
      { indexes: ['_id_', 'author_1'], collectionScan: false },
    ],
    [
      'either of one form',
      { find: 'posts', filter: { $or: [{ author: v }, { author: v }] } },
      { indexes: ['author_1'] },
    ],
    [
      'none of',
      { find: 'posts', filter: { $nor: [{ author: v }], status: { $ne: v } } },
      { collectionScan: false },
    ],
    [
      'an element',
      { find: 'posts', filter: { notes: { $elemMatch: { by: v, stars: { $gte: 3 } } } } },
      { collectionScan: true },
    ],
    [
      'an element that is a value',
      { find: 'posts', filter: { tags: { $elemMatch: { $gte: v } } } },
      { indexes: ['tags_views'] },
    ],
    [
      'a field that nobody has',
      { find: 'posts', filter: { nobody: v } },
      { returned: 0, collectionScan: true },
    ],
    [
      'not and exists',
      { find: 'posts', filter: { author: { $not: { $in: [v, v] }, $exists: true } } },
      { indexes: ['author_1'] },
    ],
    [
      'a hint',
      { find: 'posts', filter: { status: v }, hint: 'author_1' },
      { indexes: ['author_1'], documentsExamined: 2_000 },
    ],
    [
      'a count',
      { count: 'posts', query: { author: v } },
      { indexes: ['author_1'], documentsExamined: 0, returned: 40 },
    ],
    ['distinct values', { distinct: 'posts', key: 'author', query: {} }, { indexes: ['author_1'] }],
    [
      'an update of many',
      { update: 'posts', updates: [{ q: { views: 1 }, u: { $set: { a: v } }, multi: true }] },
      { collectionScan: true },
    ],
    [
      'an update of one',
      { update: 'posts', updates: [{ q: { _id: v }, u: { $set: { a: v } } }] },
      { indexes: ['_id_'] },
    ],
    [
      'a deletion',
      { delete: 'posts', deletes: [{ q: { author: v }, limit: 0 }] },
      { indexes: ['author_1'], returned: 40 },
    ],
    [
      'find and modify',
      { findAndModify: 'posts', query: { author: v }, sort: { author: 1 }, update: { $set: { a: 1 } } },
      { indexes: ['author_1'], returned: 1 },
    ],
    [
      'a collection that is not there',
      { find: 'nowhere', filter: { a: 1 } },
      { collectionScan: false, returned: 0 },
    ],
  ])('%s', async (_, command, expected) => {
    const found = await plan(command, command['limit'] ? 20 : undefined);
    expect(found.problem).toBeUndefined();
    expect(found).toMatchObject(expected);
  });

  test('children by parent, a branch for each', async () => {
    const branch = [
      { $match: { author: v } },
      { $sort: { _id: -1 } },
      { $limit: 3 },
      { $project: { tags: 1 } },
    ];
    const found = await plan({
      aggregate: 'posts',
      pipeline: [...branch, { $unionWith: { coll: 'posts', pipeline: branch } }],
    });
    expect(found).toMatchObject({ indexes: ['author_1'], collectionScan: false, inMemorySort: true });
    expect(stages(found)).toContain('$unionWith');
    expect(found.documentsExamined).toBeGreaterThanOrEqual(80);
  });

  test('joins, with and without an index', async () => {
    const lookup = (foreignField: string) => ({
      $lookup: { from: 'authors', localField: 'author', foreignField, as: 'who' },
    });
    const indexed = await plan({ aggregate: 'posts', pipeline: [{ $match: { author: v } }, lookup('name')] });
    expect(indexed).toMatchObject({ indexes: ['author_1', 'name_1'], collectionScan: false });
    const scanned = await plan({ aggregate: 'posts', pipeline: [{ $match: { author: v } }, lookup('city')] });
    expect(scanned).toMatchObject({ indexes: ['author_1'], collectionScan: true });
    const piped = await plan({
      aggregate: 'posts',
      pipeline: [
        { $match: { author: v } },
        {
          $lookup: {
            from: 'authors',
            let: { c: '$meta.place.city' },
            pipeline: [{ $match: { $expr: { $eq: ['$city', '$$c'] } } }],
            as: 'who',
          },
        },
        { $unwind: '$who' },
        { $group: { _id: '$who.city', n: { $sum: 1 } } },
      ],
    });
    expect(piped).toMatchObject({ collectionScan: true, indexes: ['author_1'] });
    expect(stages(piped)).toEqual(expect.arrayContaining(['$lookup', 'COLLSCAN', '$group', 'IXSCAN']));
    expect(piped.documentsExamined).toBeGreaterThan(40 * 50);
  });

  test('a search of a graph, with and without an index: the least that it reads', async () => {
    const search = (connectToField: string) => ({
      $graphLookup: {
        from: 'authors',
        startWith: '$author',
        connectFromField: 'city',
        connectToField,
        as: 'all',
      },
    });
    const one = { $match: { _id: v } };
    const scanned = await plan({ aggregate: 'posts', pipeline: [one, search('city'), { $limit: 5 }] });
    expect(scanned).toMatchObject({ collectionScan: true, documentsExamined: 1 + 50, indexes: ['_id_'] });
    expect(stages(scanned)).toEqual(expect.arrayContaining(['$graphLookup', 'COLLSCAN']));
    const indexed = await plan({ aggregate: 'posts', pipeline: [one, search('name')] });
    expect(indexed).toMatchObject({ collectionScan: false, indexes: ['_id_', 'name_1'] });
    const both = await plan({ aggregate: 'posts', pipeline: [one, search('name'), search('city')] });
    expect(both).toMatchObject({ collectionScan: true, indexes: ['_id_', 'name_1'] });
    expect(both.root.inputs[1]!.stage).toBe('COLLSCAN');
  });

  test('groups, by the slot-based engine as well', async () => {
    const found = await plan({
      aggregate: 'posts',
      pipeline: [
        { $match: { author: v } },
        {
          $group: {
            _id: { $dateToString: { date: '$publishedAt', format: '%Y', timezone: 'UTC' } },
            n: { $sum: 1 },
          },
        },
        { $match: { n: { $gt: 3 } } },
        { $sort: { n: -1 } },
      ],
    });
    expect(found).toMatchObject({
      documentsExamined: 40,
      keysExamined: 40,
      indexes: ['author_1'],
      inMemorySort: false,
    });
    expect(found.problem).toBeUndefined();
  });

  test('facets, and a pipeline that writes up to where it writes', async () => {
    const facets = await plan({
      aggregate: 'posts',
      pipeline: [{ $match: { author: v } }, { $facet: { a: [{ $count: 'n' }], b: [{ $limit: 3 }] } }],
    });
    expect(facets).toMatchObject({ indexes: ['author_1'], documentsExamined: 40 });
    await plan({ aggregate: 'posts', pipeline: [{ $match: { author: v } }, { $out: 'written' }] });
    expect(await db.listCollections({ name: 'written' }).toArray()).toEqual([]);
  });

  test('where expressions make no sense without their literals, what finds the documents', async () => {
    const found = await plan({
      aggregate: 'posts',
      pipeline: [{ $match: { author: v } }, { $project: { kind: { $cond: ['$a', 1, 2] } } }],
    });
    expect(found).toMatchObject({ indexes: ['author_1'], documentsExamined: 40 });
    expect(found.problem).toBeUndefined();
  });
});

describe('a shape that cannot be explained says why', () => {
  test.each<[string, mongo.Document, RegExp]>([
    ['a search for text', { find: 'posts', filter: { $text: { $search: v } } }, /^it uses \$text$/],
    ['a place', { find: 'posts', filter: { where: { $near: [1, 2] } } }, /^it uses \$near$/],
    [
      'a collation of a write',
      { delete: 'posts', deletes: [{ q: { author: v }, limit: 0, collation: { locale: 'de' } }] },
      /collation/,
    ],
    ['a collation', { find: 'posts', filter: { author: v }, collation: { locale: 'de' } }, /collation/],
    ['a value in a name', { find: 'posts', filter: { [`by.${'5'.repeat(24)}`]: 1 } }, /value in its name/],
    ['too deep', { find: 'posts', filter: { $or: deep(40) } }, /cut off/],
    ['an index that is not there', { find: 'posts', filter: {}, hint: 'gone_1' }, /refused.*BadValue/],
    [
      'code',
      {
        aggregate: 'posts',
        pipeline: [{ $project: { a: { $function: { body: 'x', args: [], lang: 'js' } } } }],
      },
      /\$function/,
    ],
    [
      'a stage that reads no documents',
      { aggregate: 'posts', pipeline: [{ $listSessions: {} }] },
      /\$listSessions/,
    ],
    ['a place first', { aggregate: 'posts', pipeline: [{ $geoNear: { near: [1, 2] } }] }, /\$geoNear/],
  ])('%s', async (_, command, problem) => {
    const found = await plan(command);
    expect(found.problem).toMatch(problem);
    expect(found).toMatchObject({ documentsExamined: 0, indexes: [] });
  });

  test('an insert has no plan', async () => {
    const shape = { shape: 'abc', text: shapeOf('insert', { insert: 'posts' })!, calls: 1, documents: 1 };
    expect(await explainShape(db, 'shop', shape, new Date())).toBeUndefined();
  });
});

function deep(levels: number): mongo.Document[] {
  return levels === 0 ? [{ a: 1 }] : [{ $or: deep(levels - 1) }];
}

test('whatever a filter holds, no value of the data is in its plan', async () => {
  const path = fc.constantFrom(
    'status',
    'author',
    'tags',
    'views',
    'meta.place.city',
    'notes.by',
    'publishedAt',
  );
  const value = fc.constant(v);
  const test = fc.oneof(
    value,
    fc.record({ $gte: value }),
    fc.record({ $gt: value, $lte: value }),
    fc.record({ $in: fc.array(value, { minLength: 1, maxLength: 3 }) }),
    fc.record({ $regex: fc.constantFrom('^ab', 'ab') }),
    fc.record({ $not: fc.record({ $in: fc.constant([v, v]) }) }),
  );
  const flat = fc.dictionary(path, test, { minKeys: 1, maxKeys: 3 });
  const filter = fc.oneof(flat, fc.record({ $or: fc.array(flat, { minLength: 1, maxLength: 3 }) }));
  await fc.assert(
    fc.asyncProperty(filter, fc.option(path), async (where, sort) => {
      const found = await plan({
        find: 'posts',
        filter: where,
        ...(sort && { sort: { [sort]: 1 } }),
        limit: 5,
      });
      const text = JSON.stringify(found);
      // Neither the marked texts, nor the numbers, nor the dates.
      expect(text).not.toMatch(/zqx|77\d{7}|"2023-/);
    }),
    { numRuns: 25 },
  );
});
