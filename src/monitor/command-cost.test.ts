import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { observedConnection } from '../database/observed-connection.js';
import { CostMeter, type OperationCost } from './command-cost.js';
import { heardBy, type ProductWatcher } from './watcher.js';

let client: mongo.MongoClient;
let db: mongo.Db;
const watchers: ProductWatcher[] = [];
beforeAll(async () => {
  const observed: object = { connectionType: observedConnection({ onCommand: heardBy(watchers) }) };
  client = await new mongo.MongoClient(inject('mongodAdminUri'), observed).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_cost`);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});
const things = () => db.collection('things');
beforeEach(async () => {
  await things().deleteMany({});
  await things().insertMany(Array.from({ length: 300 }, (_, n) => ({ n, group: n % 10 })));
  await things().createIndex({ group: 1 });
});

const comment = 'bulkhead:shop:Op~1:Mutation.change';
async function costOf(work: () => Promise<unknown>): Promise<OperationCost> {
  const meter = new CostMeter('bulkhead:shop:Op~1:');
  watchers.push(meter);
  await work();
  watchers.pop();
  return meter.read(db, 'shop');
}

test('every command that was sent counts: those that read on, and those that let a cursor go', async () => {
  const whole = await costOf(() =>
    things()
      .find({ group: { $lt: 9 } }, { comment, batchSize: 100 })
      .toArray(),
  );
  expect(whole.list.map(({ command, collection }) => `${command} ${collection}`)).toEqual([
    'find things',
    'getMore things',
    'getMore things',
  ]);
  expect(whole).toMatchObject({ commands: 3, documentsExamined: 270 });
  const left = await costOf(async () => {
    const { cursor } = await db.command({ find: 'things', batchSize: 2, comment });
    await db.command({ killCursors: 'things', cursors: [cursor.id], comment });
  });
  expect(left.list.map(({ command }) => command)).toEqual(['find', 'killCursors']);
});

const change = { $set: { group: 77 } };
test.each<[string, () => Promise<unknown>, number, number]>([
  ['an update', () => things().updateMany({ group: 3 }, change, { comment }), 30, 30],
  ['a delete', () => things().deleteMany({ group: 3 }, { comment }), 30, 30],
  ['one that is changed', () => things().findOneAndUpdate({ group: 3 }, change, { comment }), 1, 1],
  ['one that is deleted', () => things().findOneAndDelete({ group: 3, n: 3 }, { comment }), 29, 29],
  ['one that is not there', () => things().updateMany({ group: 55 }, change, { comment }), 0, 0],
  [
    'one that is made, which is there when it is explained',
    () => things().updateOne({ group: 44 }, { $set: { n: 1 } }, { comment, upsert: true }),
    1,
    1,
  ],
  ['a scan', () => things().updateMany({ n: 5 }, { $set: { n: -5 } }, { comment }), 300, 0],
])('a write costs at least what it has changed: %s', async (_, work, documents, keys) => {
  const cost = await costOf(work);
  expect([cost.documentsExamined, cost.keysExamined, cost.collectionScans]).toEqual([
    documents,
    keys,
    Number(keys === 0 && documents > 0),
  ]);
});

test('a bulk is explained statement by statement', async () => {
  const cost = await costOf(() =>
    things().bulkWrite(
      [3, 4, 5].map((group) => ({ updateMany: { filter: { group }, update: { $set: { seen: true } } } })),
      { comment },
    ),
  );
  expect(cost).toMatchObject({ commands: 1, documentsExamined: 90, collectionScans: 0 });
  expect(cost.list).toMatchObject([{ command: 'update', indexes: ['group_1'] }]);
});
