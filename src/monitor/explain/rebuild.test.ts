import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { explainShape } from './explain-shape.js';

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
