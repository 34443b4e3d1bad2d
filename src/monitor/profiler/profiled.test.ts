import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { percentile } from '../stats/histogram.js';
import { ProfileSums } from './profile-sums.js';
import { readProfile } from './profiled.js';
import { readShapes } from '../stats/read-stats.js';
import { shapeOf } from '../shape/shape.js';

const DOCUMENTS = 500;

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri'), { appName: 'reports' }).connect();
});
afterAll(() => client.close());
beforeEach(async () => {
  db = client.db(`t${randomBytes(4).toString('hex')}_profile`);
  await db
    .collection('items')
    .insertMany(Array.from({ length: DOCUMENTS }, (_, n) => ({ n, isEven: n % 2 === 0 })));
});
afterEach(async () => {
  await db.setProfilingLevel('off');
  await db.dropDatabase();
});

async function profiled(act: (items: mongo.Collection) => Promise<unknown>): Promise<void> {
  await db.setProfilingLevel('all');
  await act(db.collection('items'));
  await db.setProfilingLevel('off');
}
const shapes = async () =>
  Object.fromEntries(
    (await readShapes(db, { product: 'shop', since: new Date(0) })).map((one) => [one.command, one]),
  );

test('counts what each command was about, as far as the profiler says it', async () => {
  await profiled(async (items) => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what other clients send
    await items.count({ isEven: true });
    await items.distinct('isEven');
    await items.insertMany(Array.from({ length: 300 }, (_, m) => ({ m })));
    await items.updateMany({ n: { $lt: 5 } }, { $set: { isEven: true } });
    await items.updateOne({ n: -1 }, { $set: { isEven: true } }, { upsert: true });
    await items.findOneAndUpdate({ n: 7 }, { $set: { isEven: true } });
    await items.deleteMany({ n: { $lt: 2 } });
  });
  expect(await readProfile(db, 'shop', new Date())).toEqual({ others: 7, isRefused: false });
  expect(await shapes()).toMatchObject({
    count: { calls: 1, documents: 0, uncounted: 1 },
    distinct: { calls: 1, documents: 0, uncounted: 1 },
    insert: { calls: 1, documents: 300, uncounted: 0 },
    findAndModify: { documents: 1 },
    delete: { documents: 3 },
  });
  const updates = (await readShapes(db, { product: 'shop', since: new Date(0) })).filter(
    ({ command }) => command === 'update',
  );
  expect(new Set(updates.map(({ documents }) => documents))).toEqual(new Set([1, 5]));
});

test('goes on after an expression that is none of this language', async () => {
  await profiled((items) => items.find({ name: new mongo.BSONRegExp('(?i)^ada', '') }).toArray());
  expect(await readProfile(db, 'shop', new Date())).toMatchObject({ others: 1 });
  expect((await shapes())['find']!.text).toBe('{"find":"items","filter":{"name":{"$regex":"?"}}}');
});

test('counts commands in the hour in which they ran', async () => {
  await profiled((items) => items.findOne({ n: 1 }));
  const later = new Date(Date.now() + 3 * 3_600_000);
  await db
    .collection<{ _id: string }>('_bulkhead.stats')
    .insertOne({ _id: 'mark:profile', until: new Date(Date.now() - 60_000) } as never);
  await readProfile(db, 'shop', later);
  const query = { product: 'shop', since: new Date(0), until: new Date(Date.now() + 60_000) };
  expect((await readShapes(db, query)).map(({ calls }) => calls)).toEqual([1]);
  expect(await readShapes(db, { product: 'shop', since: new Date(later.getTime() - 3_600_000) })).toEqual([]);
});

test('counts every entry once, however many a round reads and whatever is written in the same millisecond', async () => {
  const ts = new Date();
  const written = (from: number, length: number) =>
    Array.from({ length }, (_, n) => ({
      op: 'query',
      ns: `${db.databaseName}.items`,
      ts: new Date(ts.getTime() + Math.floor((from + n) / 700)),
      command: { find: 'items', filter: { n: from + n } },
      appName: 'reports',
    }));
  const profile = db.collection('entries');
  const read = async () => (await readProfile(asProfile(), 'shop', new Date(ts.getTime() + 5))).others;
  const asProfile = () =>
    new Proxy(db, {
      get: (target, key) =>
        key === 'collection'
          ? (name: string) => target.collection(name === 'system.profile' ? 'entries' : name)
          : (Reflect.get(target, key) as unknown),
    });
  await profile.insertMany(written(0, 1_500));
  expect([await read(), await read(), await read()]).toEqual([1_000, 500, 0]);
  await profile.insertMany(written(1_500, 100));
  expect([await read(), await read()]).toEqual([100, 0]);
  expect((await shapes())['find']!.calls).toBe(1_600);
});

test('a read takes as long as all of its parts', () => {
  const sums = new ProfileSums();
  const entry = {
    ns: 'shop.items',
    ts: new Date(1_000_000),
    command: { find: 'items', filter: { n: 1 } },
    appName: 'reports',
    cursorid: mongo.Long.fromNumber(77),
  };
  for (let n = 0; n < 3; n += 1) sums.add({ ...entry, op: 'query', millis: 1, nreturned: 101 });
  const rest = { ...entry, command: { getMore: 77 }, originatingCommand: entry.command };
  sums.add({ ...rest, op: 'getmore', ts: new Date(9_000_000), millis: 3_000, nreturned: 900 });
  sums.add({ ...rest, op: 'getmore', ts: new Date(9_900_000), millis: 2_000, nreturned: 900 });
  const [{ commands }] = sums.others as [(typeof sums.others)[number]];
  expect(sums.others).toHaveLength(1);
  expect(commands).toMatchObject([
    {
      shape: shapeOf('find', entry.command),
      calls: 3,
      totalMs: 5_003,
      documents: 3 * 101 + 1_800,
      last: 9_900_000,
    },
  ]);
  const counts = [...commands[0]!.counts];
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(3);
  expect(percentile(counts, 0.95)).toBeGreaterThanOrEqual(5_000);
});

test('a read whose beginning was not noted is a call as well, with what was noted of it', () => {
  const sums = new ProfileSums();
  const rest = {
    op: 'getmore',
    ns: 'shop.items',
    ts: new Date(1_000_000),
    command: { getMore: 1 },
    originatingCommand: { find: 'items', filter: { n: 1 } },
    appName: 'reports',
    nreturned: 900,
  };
  for (const [cursorid, millis] of [
    [77, 3_000],
    [78, 20],
    [77, 2_000],
  ] as const)
    sums.add({ ...rest, cursorid, millis });
  const [{ commands }] = sums.others as [(typeof sums.others)[number]];
  expect(commands).toMatchObject([
    { shape: shapeOf('find', rest.originatingCommand), calls: 2, totalMs: 5_020, documents: 2_700 },
  ]);
  const counts = [...commands[0]!.counts];
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(2);
  expect([percentile(counts, 0.5) < 100, percentile(counts, 0.99) >= 4_000]).toEqual([true, true]);
});
