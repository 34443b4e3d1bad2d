import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { explainShape } from './explain-shape.js';
import { collectionsOf, rebuild } from './rebuild.js';
import { Sample } from './sample.js';
import { parseShape, shapeOf } from '../shape/shape.js';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_rebuild`);
  await db.collection('posts').insertMany([{ views: 1 }, { views: 2 }]);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

describe('what somebody has stored in the place of a shape is refused', () => {
  test.each([
    [
      'a search of a graph',
      {
        $graphLookup: {
          from: 'posts',
          startWith: '$views',
          connectFromField: 'views',
          connectToField: 'views',
          as: 'x',
          restrictSearchWithMatch: { $where: 'true' },
        },
      },
    ],
    ['the server’s own expression', { $project: { x: { $_internalJsEmit: { this: '$$ROOT', eval: 'x' } } } }],
    [
      'the server’s own accumulator',
      { $group: { _id: null, x: { $_internalJsReduce: { data: { k: 1, v: 1 }, eval: 'x' } } } },
    ],
  ])('code in %s, which only a stored text can hold', async (_, stage) => {
    const text = JSON.stringify({ aggregate: 'posts', pipeline: [stage] });
    const found = await explainShape(db, 'shop', { shape: 'abc', text, calls: 1, documents: 1 }, new Date());
    expect(found!.problem).toMatch(/^it uses \$(?:where|_internalJs)/);
  });

  test.each([
    [
      'too deep for anybody',
      `{"find":"posts","filter":${'{"$and":['.repeat(9_000)}{"a":"?"}${']}'.repeat(9_000)}}`,
    ],
    ['a name that is none', '{"find":"posts","filter":{"a\\u0000b":"?"}}'],
    ['a thing of the driver', '{"aggregate":"posts","pipeline":[{"$project":{"x":{"_bsontype":"Code"}}}]}'],
  ])('a text that no gateway has stored: %s', async (_, text) => {
    const found = await explainShape(db, 'shop', { shape: 'abc', text, calls: 1, documents: 1 }, new Date());
    expect(found!.problem).toBe('it is cut off, or no command');
  });
});

test('rebuilt commands ask for what the data has, and name every collection', () => {
  const shape = parseShape(
    shapeOf('aggregate', {
      aggregate: 'a',
      pipeline: [
        { $lookup: { from: 'b', pipeline: [{ $unionWith: 'c' }] } },
        { $facet: { x: [{ $unionWith: { coll: 'd' } }] } },
      ],
    })!,
  );
  expect(collectionsOf(shape)).toEqual(['a', 'b', 'c', 'd']);
  const find = parseShape(shapeOf('find', { find: 'a', filter: { n: { $gte: 1, $lt: 2 } } })!);
  const sample = new Sample([1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ n })));
  expect(rebuild(find, { sampleOf: () => sample, count: 1 })).toEqual({
    find: 'a',
    filter: { n: { $gte: 3, $lt: 7 } },
  });
  const filters: [mongo.Document, mongo.Document][] = [
    [{ $and: [{ n: { $gte: 1 } }, { n: { $lt: 2 } }] }, { n: { $gte: 3, $lt: 7 } }],
    [
      { n: { $gte: 1 }, $and: [{ n: { $lt: 2 }, x: { $exists: true } }] },
      { n: { $gte: 3, $lt: 7 }, x: { $exists: true } },
    ],
    // An operator that stands twice, and more than one choice of branches, stay apart.
    [
      { $and: [{ n: { $in: [1, 2] } }, { n: { $in: [1] } }] },
      { n: { $in: [1, 2] }, $and: [{ n: { $in: [1] } }] },
    ],
    [
      { $and: [{ $or: [{ n: 1 }, { n: { $in: [1] } }] }, { $or: [{ n: { $in: [1] } }, { n: 1 }] }] },
      { $or: [{ n: 1 }, { n: { $in: [2] } }], $and: [{ $or: [{ n: { $in: [1] } }, { n: 2 }] }] },
    ],
  ];
  for (const [filter, rebuilt] of filters) {
    const asked = parseShape(shapeOf('find', { find: 'a', filter })!);
    expect(rebuild(asked, { sampleOf: () => sample, count: 1 })).toEqual({ find: 'a', filter: rebuilt });
  }
});
