import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { parseShape, shapeOf } from '../shape/shape.js';
import { type ChoiceTask, redrawn } from './choices.js';
import { explainShape } from './explain-shape.js';
import { Sample } from './sample.js';

const SIZES = [6, 12, 25, 40, 55, 70, 90];

let client: mongo.MongoClient;
let db: mongo.Db;
/** What each explanation has examined. */
const examined: number[] = [];
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri'), { monitorCommands: true }).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_redrawn`);
  const members = SIZES.flatMap((size, tenant) =>
    Array.from({ length: size }, (_, n) => ({ tenant, email: `m${tenant}-${n}`, at: n })),
  );
  await db.collection('members').insertMany(members);
  await db.collection('members').createIndexes([{ key: { tenant: 1 } }, { key: { at: 1 } }]);
  client.on('commandSucceeded', ({ commandName, reply }) => {
    const { executionStats } = reply as { executionStats?: { totalDocsExamined: number } };
    if (commandName === 'explain') examined.push(executionStats!.totalDocsExamined);
  });
});
beforeEach(() => void (examined.length = 0));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const plan = async (filter: object, found: number, more = {}) => {
  const text = shapeOf('find', { find: 'members', filter, ...more })!;
  const shape = { shape: text, text, calls: 100, documents: found * 100 };
  return (await explainShape(db, 'shop', shape, new Date(), { searchMs: 60_000 }))!;
};

test('of the values of five documents, those are kept that examine neither the most nor the least', async () => {
  // Which tenants are drawn is chance: what is kept is of the middle of them.
  for (const _round of [1, 2, 3]) {
    examined.length = 0;
    const { documentsExamined } = await plan({ tenant: 1, email: 'a' }, 1);
    expect(examined).toHaveLength(5);
    expect(documentsExamined).toBe(examined.toSorted((one, other) => one - other)[2]);
  }
});

test('a range is looked for anew for each of them', async () => {
  const filter = { tenant: 1, at: { $gte: 3 } };
  const task: ChoiceTask = {
    db,
    shape: parseShape(shapeOf('find', { find: 'members', filter })!),
    sample: new Sample(Array.from({ length: 20 }, (_, n) => ({ tenant: n % SIZES.length, at: n }))),
    counted: { found: 5, isOpenEnded: false },
    returned: () => 0,
    more: () => Promise.reject(new Error('not asked')),
    options: { comment: 'test', maxTimeMS: 10_000 },
  };
  const bounds: unknown[] = [];
  for await (const { choice } of redrawn(task, { kind: 'end', choice: {} }))
    bounds.push(choice.bounds?.get('at'));
  expect(bounds).toEqual([4, 1, 5, 2].map((tenant) => ({ lower: SIZES[tenant]! - 1 - 5 })));
  for await (const _ of redrawn(task, { kind: 'null', choice: {} })) expect.unreachable();
});

test.each([
  ['a scan', { email: 'a' }, 1, {}],
  ['what names no value', {}, 20, { sort: { at: 1 }, limit: 20 }],
])('asks once of what would be the same with other values: %s', async (_, filter, found, more) => {
  await plan(filter, found, more);
  expect(examined).toHaveLength(1);
});
