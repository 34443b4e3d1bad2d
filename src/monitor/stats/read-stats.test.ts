import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { STATS_COLLECTION } from '../../product/grants.js';
import { MOST_ORIGINS, MOST_SHAPES, readShapes } from './read-stats.js';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_read_stats`);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const NOW = new Date();
const stats = () => db.collection<{ _id: string }>(STATS_COLLECTION);

const hour = new Date(Math.floor(NOW.getTime() / 3_600_000) * 3_600_000);

test('of more shapes than anybody has, those that take longest are looked at', async () => {
  await stats().deleteMany({});
  const rows = Array.from({ length: MOST_SHAPES + 500 }, (_, n) => {
    const shape = n.toString(16).padStart(10, '0');
    const text = JSON.stringify({ find: 'posts', filter: { [`name${n}`]: '?' } });
    return [
      { _id: `shape:${shape}`, kind: 'shape', shape, text, collection: 'posts', command: 'find', first: NOW },
      { _id: `commands:${shape}`, kind: 'commands', hour, shape, calls: 1, totalMs: n, last: NOW },
    ];
  });
  await stats().insertMany(rows.flat());
  const shapes = await readShapes(db, { product: 'shop', since: hour });
  expect([shapes.length, shapes[0]!.totalMs, shapes.at(-1)!.totalMs]).toEqual([
    MOST_SHAPES,
    MOST_SHAPES + 499,
    500,
  ]);
});

test('of more senders than a document may hold, the busiest are told, and how many others there are', async () => {
  await stats().deleteMany({});
  const [shape, text] = ['a1', JSON.stringify({ find: 'posts', filter: { a: '?' } })];
  const rows = Array.from({ length: 251 }, (_, n) => ({
    _id: `commands:${n}`,
    kind: 'commands',
    hour,
    shape,
    operation: `Op${n}`,
    field: 'Query.posts',
    calls: 100 + n,
    totalMs: 1,
    last: NOW,
  }));
  const row = {
    _id: `shape:${shape}`,
    kind: 'shape',
    shape,
    text,
    collection: 'posts',
    command: 'find',
    first: NOW,
  };
  await stats().insertMany([row, ...rows] as never[]);
  const [{ origins, moreOrigins } = { origins: [] }] = await readShapes(db, { product: 'shop', since: hour });
  expect([origins.length, moreOrigins]).toEqual([MOST_ORIGINS, 251 - MOST_ORIGINS]);
  expect(origins.map(({ operation }) => operation)).toEqual(
    Array.from({ length: MOST_ORIGINS }, (_, n) => `Op${250 - n}`),
  );
});
