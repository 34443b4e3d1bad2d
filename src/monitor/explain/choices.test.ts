import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ChoiceKind } from './choices.js';
import { explainShape } from './explain-shape.js';
import type { ShapePlan } from './plan.js';
import { shapeOf } from '../shape/shape.js';

/** So many documents, of which so many are what is asked for. */
const [MANY, FEW] = [6_000, 12];
const DAY_MS = 86_400_000;
const NEWEST = 1_700_000_000_000;

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_choices`);
  const documents = () =>
    Array.from({ length: MANY }, (_, n) => ({
      status: n >= MANY - FEW ? 'open' : 'done',
      prio: n % 100,
      owner: n % 40,
      due: new Date(NEWEST - (MANY - n) * DAY_MS),
      ...(n % 50 === 0 && { deletedAt: new Date(NEWEST) }),
    }));
  for (const name of ['bare', 'indexed', 'partial', 'ranged', 'covered'])
    await db.collection(name).insertMany(documents());
  await db.collection('indexed').createIndex({ status: 1 });
  await db
    .collection('partial')
    .createIndex({ prio: 1, _id: 1 }, { partialFilterExpression: { status: 'open' } });
  await db.collection('ranged').createIndexes([{ key: { due: 1 } }, { key: { prio: 1 } }]);
  await db.collection('covered').createIndexes([{ key: { owner: 1, prio: 1 } }, { key: { prio: 1 } }]);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const fits = new Map<string, ChoiceKind>();
async function plan(command: mongo.Document, found: number, calls = 100): Promise<ShapePlan> {
  const text = shapeOf(Object.keys(command)[0]!, command)!;
  const shape = { shape: text, text, calls, documents: found * calls };
  return (await explainShape(db, 'shop', shape, new Date(), { fits, searchMs: 60_000 }))!;
}
const newest = (days: number) => new Date(NEWEST - days * DAY_MS);

describe('values are those with which an explanation finds as many documents as were counted', () => {
  test.each<[string, mongo.Document, number, Partial<ShapePlan>]>([
    [
      'a few of many, without an index',
      { find: 'bare', filter: { status: 'open' } },
      FEW,
      { documentsExamined: MANY, returned: FEW, collectionScan: true },
    ],
    ['most of many', { find: 'bare', filter: { status: 'done' } }, MANY - FEW, { returned: MANY - FEW }],
    [
      'a count of few',
      { count: 'bare', query: { status: 'open' } },
      FEW,
      { documentsExamined: MANY, collectionScan: true, returned: FEW },
    ],
    [
      'a few of many, with one',
      { find: 'indexed', filter: { status: 'open' }, sort: { prio: 1 } },
      FEW,
      { documentsExamined: FEW, keysExamined: FEW, returned: FEW, collectionScan: false },
    ],
    [
      'a page that few fill',
      { find: 'bare', filter: { status: 'open' }, sort: { _id: 1 }, limit: 20 },
      FEW,
      { documentsExamined: MANY, keysExamined: MANY, returned: FEW, indexes: ['_id_'] },
    ],
    [
      'what a partial index holds',
      { find: 'partial', filter: { status: 'open' }, sort: { prio: 1 } },
      FEW,
      { documentsExamined: FEW, returned: FEW, collectionScan: false, inMemorySort: false },
    ],
    [
      'what most documents lack',
      { find: 'bare', filter: { deletedAt: null } },
      (MANY * 49) / 50,
      { returned: (MANY * 49) / 50 },
    ],
    [
      'the newest',
      { find: 'ranged', filter: { due: { $gt: newest(31) } }, sort: { prio: 1 } },
      30,
      { indexes: ['due_1'], keysExamined: 30, documentsExamined: 30, returned: 30 },
    ],
    [
      'the oldest',
      { find: 'ranged', filter: { due: { $lt: newest(5_900) } }, sort: { prio: 1 } },
      100,
      { indexes: ['due_1'], documentsExamined: 100, returned: 100 },
    ],
    [
      'some days',
      { find: 'ranged', filter: { due: { $gte: newest(90), $lt: newest(80) } } },
      10,
      { indexes: ['due_1'], documentsExamined: 10, returned: 10 },
    ],
    [
      'some days, as two conditions',
      { find: 'ranged', filter: { $and: [{ due: { $gte: newest(90) } }, { due: { $lt: newest(80) } }] } },
      10,
      { indexes: ['due_1'], documentsExamined: 10, returned: 10 },
    ],
    [
      'some days of an owner, a condition in each part',
      {
        find: 'bare',
        filter: { owner: 1, due: { $gte: newest(900) }, $and: [{ $and: [{ due: { $lt: newest(80) } }] }] },
      },
      20,
      { documentsExamined: MANY, collectionScan: true },
    ],
    [
      'nothing, as an empty queue',
      { find: 'bare', filter: { status: 'none' }, limit: 1 },
      0,
      { documentsExamined: MANY, returned: 0, collectionScan: true },
    ],
    [
      'as many ids as a load has',
      { find: 'bare', filter: { _id: { $in: [1, 2] } } },
      50,
      { documentsExamined: 50, returned: 50, indexes: ['_id_'] },
    ],
    [
      'full pages',
      { find: 'bare', filter: { status: 'done' }, sort: { _id: 1 }, limit: 20 },
      20,
      { documentsExamined: 20, returned: 20 },
    ],
    [
      'full pages of a size of their own',
      { find: 'bare', filter: {}, sort: { _id: 1 }, limit: 13 },
      13,
      { documentsExamined: 13, returned: 13 },
    ],
  ])('%s', async (_, command, found, expected) => {
    for (const _again of [1, 2]) {
      const explained = await plan(command, found);
      expect(explained.problem).toBeUndefined();
      expect(explained).toMatchObject({ ...expected, counted: found });
      expect(explained.isOff).toBeUndefined();
    }
  });

  test('what has fitted is tried first the next time, and is no value', () => {
    const kinds: ChoiceKind[] = ['sample', 'null', 'nobody', 'end', 'frequency'];
    expect([...fits.values()]).toEqual(expect.arrayContaining(kinds));
  });

  test('where none are found, the plan says so', async () => {
    const explained = await plan({ find: 'indexed', filter: { status: 'none' } }, 800);
    expect(explained).toMatchObject({ counted: 800, isOff: true });
  });
});

describe('what a command says beside its filter is kept', () => {
  test('a skip is not known, and is said to be', async () => {
    const { documentsExamined, unknown } = await plan(
      { find: 'bare', filter: {}, skip: 4_900, limit: 20 },
      20,
    );
    expect(documentsExamined).toBe(20);
    expect(unknown).toMatch(/^how many documents it skips/);
    const piped = await plan({ aggregate: 'bare', pipeline: [{ $skip: 9 }, { $limit: 20 }] }, 20);
    expect(piped).toMatchObject({ documentsExamined: 20, returned: 20, unknown });
  });

  test('a limit before what is grouped is not what is returned', async () => {
    const pipeline = [{ $sort: { prio: 1 } }, { $limit: 4_000 }, { $group: { _id: null, n: { $sum: 1 } } }];
    const explained = await plan({ aggregate: 'covered', pipeline }, 1);
    expect(explained.unknown).toMatch(/^where its \$limit stops/);
    expect(explained.keysExamined).toBe(20);
    const last = await plan({ aggregate: 'covered', pipeline: pipeline.slice(0, 2) }, 50);
    expect(last).toMatchObject({ keysExamined: 50, returned: 50 });
    expect(last.unknown).toBeUndefined();
  });

  test.each<[string, mongo.Document, number]>([
    ['a find', { find: 'covered', filter: { owner: 1 }, projection: { _id: 0, owner: 1, prio: 1 } }, 150],
    [
      'a pipeline',
      {
        aggregate: 'covered',
        pipeline: [{ $match: { owner: 1 } }, { $project: { _id: 0, owner: 1, prio: 1 } }],
      },
      150,
    ],
  ])('what an index alone answers reads no document: %s', async (_, command, found) => {
    expect(await plan(command, found)).toMatchObject({ documentsExamined: 0, keysExamined: 150 });
  });

  test.each<[string, mongo.Document]>([
    ['count', { count: 'covered', query: { owner: 1 }, hint: 'prio_1' }],
    [
      'findAndModify',
      { findAndModify: 'covered', query: { owner: 1 }, update: { $set: { a: 1 } }, hint: 'prio_1' },
    ],
    [
      'update',
      {
        update: 'covered',
        updates: [{ q: { owner: 1 }, u: { $set: { a: 1 } }, multi: true, hint: 'prio_1' }],
      },
    ],
    ['delete', { delete: 'covered', deletes: [{ q: { owner: 1 }, limit: 0, hint: 'prio_1' }] }],
  ])('the hint of a %s', async (_, command) => {
    expect((await plan(command, 1)).indexes).toEqual(['prio_1']);
  });
});
