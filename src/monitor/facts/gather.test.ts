import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Watch } from '../../jobs/watch.js';
import { classWith, type Declaration } from '../../../test/support/indexes.js';
import { addIndexes } from '../../indexes/apply.js';
import { STATS_COLLECTION } from '../../product/grants.js';
import { readHinted } from './gather.js';
import { readCollections } from './read-collections.js';
import { shapeOf } from '../shape/shape.js';
import { examinedBy, readSlowShapes } from '../stats/slow-shapes.js';
import { shapeIdOf, slotOf } from '../stats/stats.js';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_gather`);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const NOW = new Date();
const stats = () => db.collection<{ _id: string }>(STATS_COLLECTION);
/** A shape as a gateway stores it, and an hour of it. */
async function store(text: unknown, ageDays: number, collection = 'posts'): Promise<string> {
  const shape = shapeIdOf(String(text));
  const last = new Date(NOW.getTime() - ageDays * 86_400_000);
  const hour = new Date(Math.floor(last.getTime() / 3_600_000) * 3_600_000);
  const times = { first: last, last, createdAt: last, updatedAt: last };
  await stats().insertMany([
    { _id: `shape:${shape}`, kind: 'shape', shape, text, collection, command: 'find', ...times },
    {
      _id: `commands:${hour.toISOString()}:${shape}`,
      kind: 'commands',
      hour,
      shape,
      operation: '-',
      field: '-',
      calls: 50,
      errors: 0,
      totalMs: 90,
      documents: 50,
      retries: 0,
      counts: { 9: 50 },
      ...times,
    },
  ] as never[]);
  return shape;
}

test('a hint of four weeks ago keeps its index', async () => {
  const text = shapeOf('find', { find: 'posts', filter: { a: 1 }, hint: 'a_1' })!;
  await store(text, 28);
  await store(shapeOf('find', { find: 'posts', filter: { a: 1 } }), 0);
  expect(await readHinted(db, 'shop')).toEqual([{ collection: 'posts', text }]);
  await db.collection('posts').createIndexes([{ key: { a: 1 } }, { key: { a: 1, b: 1 } }]);
  // Young indexes are not advised away.
  const later = new Date(Date.now() + 8 * 86_400_000);
  const redundant = async (now = later) => {
    const { open } = await new Watch().round({ db, product: 'shop', classes: [], now: () => now });
    return open.filter(({ rule }) => rule === 'redundant-index').map(({ subject }) => subject.index);
  };
  expect(await redundant()).toEqual([]);
  await stats().deleteMany({ text });
  expect(await redundant()).toEqual(['a_1']);
  expect(await redundant(new Date())).toEqual([]);
  // Nor is one whose longer twin goes over an array.
  await db.collection('posts').insertOne({ a: 1, b: [1, 2, 3] });
  expect(await redundant()).toEqual([]);
});

test('a declared index is missing where one of its key is partial, sparse or of another collation', async () => {
  const collection = 'letters';
  await db
    .collection(collection)
    .createIndexes([
      { key: { a: 1 }, partialFilterExpression: { a: { $gt: 1 } } },
      { key: { b: 1 }, collation: { locale: 'en', strength: 2 } },
      { key: { c: 1 }, sparse: true },
      { key: { d: 1 }, partialFilterExpression: { a: { $eq: 1 } } },
      { key: { title: 'text' } },
    ]);
  const missing = async (...declared: Declaration[]) => {
    const classes = [classWith(collection, ...declared)];
    const { open } = await new Watch().round({ db, product: 'shop', classes, now: () => new Date() });
    return open.flatMap(({ rule, reason }) =>
      rule === 'missing-index' ? [/declares (.*), and/.exec(reason)![1]] : [],
    );
  };
  expect(await missing([{ a: 1 }], [{ b: 1 }], [{ c: 1 }])).toEqual(['{ a: 1 }', '{ b: 1 }', '{ c: 1 }']);
  expect(
    await missing(
      [{ a: 1 }, { partialFilterExpression: { a: { $gt: 1 } } }],
      [{ b: 1 }, { collation: { locale: 'en', strength: 2 } }],
      [{ c: 1 }, { sparse: true }],
      [{ d: 1 }, { partialFilterExpression: { a: 1 } }],
      [{ title: 'text' }],
    ),
  ).toEqual([]);
  expect(await missing([{ c: 1 }, { partialFilterExpression: { a: 1 } }])).toEqual([
    '{ c: 1 }, where {"a":1}',
  ]);
});

test('texts that no gateway has stored are passed over', async () => {
  await stats().deleteMany({});
  for (const text of ['not json', 'null', '[]', '{}', '{"find":1}', 3, undefined, '9'.repeat(20_000)])
    await store(text, 0);
  const good = await store(shapeOf('find', { find: 'posts', filter: { c: 1 } }), 0);
  const round = await new Watch().round({ db, product: 'shop', classes: [], now: () => NOW });
  expect(round.shapes).toBe(1);
  expect(await stats().distinct('shape', { kind: 'plan' } as never)).toEqual([good]);
});

test('plans and findings of another version are made anew', async () => {
  await stats().deleteMany({});
  const shape = await store(shapeOf('find', { find: 'posts', filter: { c: 1 } }), 0);
  await stats().insertMany([
    { _id: `plan:${shape}`, kind: 'plan', shape, at: NOW, root: { stage: 'FETCH', inputs: [{}] } },
    { _id: 'plan:other', kind: 'plan', shape: 'other' },
    { _id: 'finding:x', kind: 'finding', id: 'x', rule: 'slow', severity: 'red' },
  ] as never[]);
  const { open } = await new Watch().round({ db, product: 'shop', classes: [], now: () => NOW });
  expect(open.filter(({ id }) => id === 'x')).toEqual([]);
  expect(await stats().findOne({ _id: `plan:${shape}` })).toMatchObject({ root: { stage: 'COLLSCAN' } });
});

test('indexes that are there as the class wants them are not missed: of a time series, and a hidden one', async () => {
  await db.createCollection('series', { timeseries: { timeField: 'at', metaField: 'meta' } });
  const classes = [
    classWith('series', [{ 'meta.kind': 1, at: 1 }]),
    classWith('parcels', [{ a: 1 }, { hidden: true }], [{ b: 1 }]),
  ];
  const missing = async () => {
    const { open } = await new Watch().round({ db, product: 'shop', classes, now: () => NOW });
    return open.filter(({ rule }) => rule === 'missing-index').map(({ subject }) => subject.index);
  };
  expect(await missing()).toEqual(['meta.kind_1_at_1', 'a_1', 'b_1']);
  await addIndexes(db, classes);
  expect(await missing()).toEqual([]);
});

test('a time series is as large as it is', async () => {
  await db.createCollection('gauges', { timeseries: { timeField: 'at' } });
  await db
    .collection('gauges')
    .insertMany(Array.from({ length: 2_000 }, (_, n) => ({ at: new Date(n * 1_000), n })));
  const { collections } = await readCollections(db, 'shop');
  const gauges = collections.find(({ name }) => name === 'gauges')!;
  expect(gauges.documents).toBe(2_000);
  expect(gauges.bytes).toBeGreaterThan(0);
});

test('of very many collections, those are read that matter, and of the others nothing is said', async () => {
  const many = client.db(`${db.databaseName}_many`);
  for (let n = 0; n < 8; n += 1) await many.createCollection(`tenant${n}`);
  await many.collection('tenant7').insertOne({ a: 1 });
  const { collections, unread } = await readCollections(many, 'shop', ['gone', 'tenant7', 'tenant5'], 4);
  await many.dropDatabase();
  const names = collections.map(({ name }) => name);
  expect([names.slice(0, 2), collections[0]!.documents]).toEqual([['tenant7', 'tenant5'], 1]);
  expect([names.length, unread.size, names.filter((name) => unread.has(name))]).toEqual([4, 4, []]);
});

test('an index that is taken away is missed in the next round, calm as it was', async () => {
  await stats().deleteMany({});
  const many = db.collection('many');
  await many.insertMany(Array.from({ length: 1_500 }, (_, n) => ({ n })));
  await many.createIndex({ n: 1 });
  await store(shapeOf('find', { find: 'many', filter: { n: 1 } }), 0, 'many');
  const watch = new Watch();
  const scans = async (seconds: number) => {
    const now = () => new Date(NOW.getTime() + seconds * 1_000);
    const { open } = await watch.round({ db, product: 'shop', classes: [], now });
    return open.filter(({ rule }) => rule === 'collection-scan').map(({ subject }) => subject.collection);
  };
  expect(await scans(0)).toEqual([]);
  expect(await scans(1)).toEqual([]);
  await db.command({ collMod: 'many', index: { name: 'n_1', hidden: true } });
  expect(await scans(2)).toEqual(['many']);
  await db.command({ collMod: 'many', index: { name: 'n_1', hidden: false } });
  expect(await scans(3)).toEqual([]);
});

test('a shape is compared with the week before, once an hour', async () => {
  await stats().deleteMany({});
  const text = shapeOf('find', { find: 'posts', filter: { week: 1 } });
  const shape = await store(text, 3);
  const hour = new Date(Math.floor(NOW.getTime() / 3_600_000) * 3_600_000);
  const row = { kind: 'commands', shape, operation: '-', field: '-', errors: 0, documents: 0, retries: 0 };
  await stats().insertOne({
    _id: 'now',
    ...row,
    hour,
    calls: 150,
    totalMs: 9,
    counts: { 42: 150 },
    last: NOW,
  } as never);
  await stats().updateOne(
    { kind: 'commands', hour: { $lt: hour } },
    { $set: { calls: 150, counts: { 9: 150 } } },
  );
  const watch = new Watch();
  const found = async () => {
    const { open } = await watch.round({ db, product: 'shop', classes: [], now: () => NOW });
    return open.filter(({ rule }) => rule === 'regression').map(({ subject }) => subject.shape);
  };
  expect(await found()).toEqual([shape]);
  await stats().deleteMany({ kind: 'commands', hour: { $lt: hour } });
  expect(await found()).toEqual([shape]);
  // Twenty calls of the last minutes, one of them as slow as that.
  const slot = `slots.${slotOf(NOW).slot}`;
  await stats().updateOne({ _id: 'now' }, { $set: { [`${slot}.calls`]: 20, [`${slot}.counts`]: { 35: 1 } } });
  expect(await found()).toEqual([]);
});

test('a collection that is written by day only has too many indexes by night, too', async () => {
  await stats().deleteMany({});
  await db
    .collection('busy')
    .createIndexes(Array.from({ length: 10 }, (_, n) => ({ key: { [`f${n}`]: 1 } })));
  const insert = await store(shapeOf('insert', { insert: 'busy' }), 0, 'busy');
  const find = await store(shapeOf('find', { find: 'busy', filter: { f1: 1 } }), 0, 'busy');
  await stats().updateOne({ shape: insert, kind: 'shape' }, { $set: { command: 'insert' } });
  for (const [shape, calls] of [
    [insert, 1_200],
    [find, 50],
  ])
    await stats().updateOne({ shape, kind: 'commands' }, { $set: { calls } });
  const watch = new Watch();
  const after = async (hours: number) => {
    const now = () => new Date(NOW.getTime() + hours * 3_600_000);
    const { open } = await watch.round({ db, product: 'shop', classes: [], now });
    return open.filter(({ rule }) => rule === 'too-many-indexes').map(({ reason }) => reason);
  };
  const reason =
    'busy has 10 indexes; 1,200 writes and 50 reads in the last week, up to 1,200 writes in an hour.';
  expect(await after(0)).toEqual([reason]);
  expect(await after(8)).toEqual([reason]);
  expect(await after(6 * 24)).toEqual([reason]);
  await db.collection('busy').dropIndex('f9_1');
  expect(await after(6 * 24 + 1)).toEqual([]);
  await db.collection('busy').createIndex({ f9: 1 });
  expect(await after(6 * 24 + 2)).toEqual([reason]);
  // A week without a write.
  expect(await after(7 * 24 + 2)).toEqual([]);
});

describe('findings are about what has run', () => {
  const MANY = 6_000;
  beforeAll(async () => {
    await stats().deleteMany({});
    const documents = Array.from({ length: MANY }, (_, n) => ({
      status: n < MANY - 12 ? 'done' : 'open',
      ...(n % 50 === 0 && { deletedAt: NOW }),
    }));
    await db.collection('jobs').insertMany(documents.map((one) => ({ ...one })));
    await db.collection('tasks').insertMany(documents.map((one) => ({ ...one })));
    await db.collection('tasks').createIndex({ status: 1 });
  });
  async function asked(command: mongo.Document, found: number): Promise<string> {
    await stats().deleteMany({ shape: shapeIdOf(shapeOf(Object.keys(command)[0]!, command)!) });
    const [[name, collection] = ['', '']] = Object.entries(command) as [string, string][];
    const shape = await store(shapeOf(name, command), 0, collection);
    await stats().updateOne(
      { kind: 'commands', shape },
      {
        $set: { calls: 200, documents: 200 * found },
      },
    );
    return shape;
  }

  test('the few of many are a scan where no index is, no page is missing, and what has one is well', async () => {
    const scanned = await asked({ find: 'jobs', filter: { status: 'open' } }, 12);
    const well = await asked({ find: 'tasks', filter: { status: 'open' }, sort: { _id: 1 } }, 12);
    const most = await asked({ find: 'jobs', filter: { deletedAt: null } }, (MANY * 49) / 50);
    const { open } = await new Watch().round({
      db,
      product: 'shop',
      classes: [],
      now: () => NOW,
      budgetMs: 60_000,
    });
    const of = (shape: string) =>
      open.filter(({ subject }) => subject.shape === shape).map(({ rule, severity }) => [rule, severity]);
    expect(of(scanned)).toEqual([['collection-scan', 'amber']]);
    expect(of(well)).toEqual([]);
    // It truly returns so many, and a page of them would do.
    expect(of(most)).toEqual([
      ['collection-scan', 'info'],
      ['unbounded', 'amber'],
    ]);
    expect(open.find(({ subject }) => subject.shape === scanned)!.reason).toContain(
      'reads 6,000 documents without an index and returns 12;',
    );
  });

  test('what was examined before the indexes changed is of another plan', async () => {
    const text = shapeOf('find', { find: 'jobs', filter: { status: 'open' } })!;
    const watch = new Watch();
    const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
    const round = async (at: Date) => {
      const { open } = await watch.round({
        db,
        product: 'shop',
        classes: [],
        now: () => at,
        budgetMs: 60_000,
      });
      return open.filter(({ subject }) => subject.shape === shapeIdOf(text)).map(({ rule }) => rule);
    };
    const { hour, slot } = slotOf(NOW);
    await stats().insertOne({
      _id: 'examined:x',
      kind: 'examined',
      shape: shapeIdOf(text),
      hour,
      slots: { [slot]: { calls: 9, documents: 9 * MANY, keys: 0, scans: 9, sorts: 0 } },
    } as never);
    const scope = { product: 'shop', since: NOW, shape: shapeIdOf(text) };
    expect(await round(later(0))).toEqual(['collection-scan']);
    expect((await readSlowShapes(db, scope))[0]).toMatchObject({
      examined: { calls: 9, documents: 9 * MANY },
    });
    await db.collection('jobs').createIndex({ status: 1 });
    expect(await round(later(6))).toEqual([]);
    const [mended] = await readSlowShapes(db, scope);
    expect(mended!.examined).toBeUndefined();
    expect(examinedBy(mended!)).toMatchObject({ documents: 12, returned: 12, isReal: false, isOff: false });
  });

  test('shapes are ordered by what was examined, and by the estimate only where nothing was', async () => {
    const real = await asked({ find: 'tasks', filter: { status: 'open' }, sort: { _id: 1 } }, 12);
    await stats().insertOne({
      _id: 'examined:y',
      kind: 'examined',
      shape: real,
      hour: slotOf(NOW).hour,
      slots: { 0: { calls: 1, documents: 900_000, keys: 900_000 } },
    } as never);
    const [first] = await readSlowShapes(db, { product: 'shop', since: NOW }, 'examined');
    expect([first!.shape, examinedBy(first!)]).toEqual([
      real,
      { documents: 900_000, keys: 900_000, returned: 12, isReal: true, isOff: false },
    ]);
  });
});
