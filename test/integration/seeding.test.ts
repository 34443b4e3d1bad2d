import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { loadSample, loadSampleOnce, type SampleTarget } from '../../src/development/sample.js';
import { addIndexes } from '../../src/indexes/apply.js';
import { createLedger } from '../../src/ledger/ledger.js';
import { seed } from '../../src/product/seed.js';
import { buildRuntimes } from '../../src/server/runtime/build-runtimes.js';

const { classes, product } = buildRuntimes(config, ['aviation']).get('aviation')!;
const client = new mongo.MongoClient(inject('mongodAdminUri'));
let db: mongo.Db;
const target = (): SampleTarget => ({ name: 'aviation', product, classes, db });
const nothing = () => {};
const SMALL = 0.005;

beforeAll(async () => {
  await client.connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_seeding`);
  await addIndexes(db, classes);
});
afterEach(async () => {
  for (const { name } of await db.listCollections().toArray()) await db.collection(name).deleteMany({});
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const count = (collection: string) => db.collection(collection).countDocuments();
const balance = async () => {
  const [sum] = await db
    .collection('ledger.accounts')
    .aggregate<{ total: mongo.Long }>([{ $group: { _id: null, total: { $sum: '$balance' } } }])
    .toArray();
  return Number(sum?.total ?? 0);
};

test('a sample is loaded once, and the same one is not loaded over itself', async () => {
  const first = await loadSample(target(), SMALL, nothing);
  expect(first.documents).toBeGreaterThan(500);
  expect(await loadSample(target(), SMALL, nothing)).toEqual({ documents: 0, removed: 0 });
  expect(await loadSampleOnce(target(), nothing)).toBeUndefined();
});

test('another scale takes the place of the first: what is the developer’s own stays, and the ledger adds up', async () => {
  const { documents } = await loadSample(target(), SMALL, nothing);
  const own = { _id: new mongo.ObjectId(), code: '999', createdAt: new Date(), updatedAt: new Date() };
  await db.collection('subjects').insertOne(own);
  const transfers = await count('ledger.transfers');

  const larger = await loadSample(target(), SMALL * 4, nothing);
  expect(larger.removed).toBe(documents);
  expect(await count('ledger.transfers')).toBeGreaterThan(transfers);
  expect(await balance()).toBe(0);
  expect(await db.collection('subjects').findOne({ _id: own._id })).toEqual(own);
  expect(await count('subjects')).toBe(14);

  await loadSample(target(), SMALL, nothing);
  expect([await count('ledger.transfers'), await balance()]).toEqual([transfers, 0]);
});

test('a ledger with transfers of the developer’s own is not replaced', async () => {
  await loadSample(target(), SMALL, nothing);
  const [one] = await db.collection('ledger.transfers').find().limit(1).toArray();
  await db
    .collection('ledger.transfers')
    .insertOne({ ...one, _id: new mongo.ObjectId(), idempotencyKey: 'own-1' });
  const before = await count('attempts');
  await expect(loadSample(target(), SMALL * 2, nothing)).rejects.toThrow(
    /transfers that are not sample data/,
  );
  expect(await count('attempts')).toBe(before);
});

test('a ledger that was used before there was a sample gets none: the two would not add up', async () => {
  const ledger = createLedger({ client, database: db.databaseName, product: 'aviation', unit: 'credit' });
  const call = { actor: 'op-1', comment: 'test', deadline: Date.now() + 60_000 };
  const { _id: to } = await ledger.openAccount({ owner: new mongo.ObjectId() }, call);
  await ledger.issue({ to: String(to), amount: 5, reason: 'own', idempotencyKey: 'own-2' }, call);
  await expect(loadSample(target(), SMALL, nothing)).rejects.toThrow(
    /holds transfers that are not sample data \(1 more\)/,
  );
  expect([await count('attempts'), await count('ledger.accounts'), await balance()]).toEqual([0, 2, 0]);
});

test('a load that was cut short goes on where it stopped, at its own scale', async () => {
  const stop = new Error('cut short');
  let batches = 0;
  const cut = () => {
    if ((batches += 1) === 1) throw stop;
  };
  await expect(loadSample(target(), SMALL, cut)).rejects.toThrow(stop);
  const resumed = await loadSampleOnce(target(), nothing);
  expect(resumed?.documents).toBeGreaterThan(0);
  const whole = new Map<string, number>();
  for (const { collection, documents } of product.sample!({ scale: SMALL, passwordHash: '' }))
    whole.set(collection, (whole.get(collection) ?? 0) + documents.length);
  for (const [collection, expected] of whole)
    expect([collection, await count(collection)]).toEqual([collection, expected]);
  expect(await balance()).toBe(0);
});

test('a database with documents of somebody’s own gets no sample by itself', async () => {
  await db.collection('subjects').insertOne({ createdAt: new Date(), updatedAt: new Date() });
  expect(await loadSampleOnce(target(), nothing)).toBeUndefined();
  expect(await count('attempts')).toBe(0);
});

test('a refusal that hides behind a duplicate is not taken for one', async () => {
  const _id = new mongo.ObjectId();
  await db.createCollection('checked', { validator: { name: { $type: 'string' } } });
  await db.collection('checked').insertOne({ _id, name: 'first' });
  const batch = { collection: 'checked', documents: [{ _id, name: 'again' }, { name: 7 }] };
  await expect(seed(db, [batch])).rejects.toThrow(/Document failed validation|duplicate key/);
  expect(
    await seed(db, [{ collection: 'checked', documents: [{ _id, name: 'again' }, { name: 'new' }] }]),
  ).toBe(1);
});
