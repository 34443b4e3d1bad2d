import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { STATS_COLLECTION } from '../../product/grants.js';
import { refreshPlans } from './plans.js';
import { readLayouts } from '../facts/read-collections.js';
import { shapeOf } from '../shape/shape.js';
import { shapeIdOf } from '../stats/stats.js';

let client: mongo.MongoClient;
let db: mongo.Db;
let now = new Date('2026-06-15T12:00:00Z');
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_plans`);
  await db.collection('posts').insertMany(Array.from({ length: 50 }, (_, n) => ({ a: n })));
});
beforeEach(() => db.collection(STATS_COLLECTION).deleteMany({}));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const shape = (filter: object, command = 'find') => {
  const text = shapeOf(command, { [command]: 'posts', filter })!;
  return { shape: shapeIdOf(text), text, collection: 'posts', calls: 10, documents: 10 };
};
const refresh = (shapes: readonly ReturnType<typeof shape>[], layout?: string) =>
  refreshPlans({ db, product: 'shop', shapes, layoutOf: () => layout, now: () => now, budgetMs: 120_000 });
const minutes = (count: number) => void (now = new Date(now.getTime() + count * 60_000));

test('no more than ten are explained in a round, and none for an insert', async () => {
  const shapes = [
    shape({}, 'insert'),
    ...Array.from({ length: 13 }, (_, n) => shape({ [`field${'abcdefghijklm'[n]}`]: 1 })),
  ];
  expect([...(await refresh(shapes)).keys()]).toEqual(shapes.slice(1, 11).map((one) => one.shape));
  expect((await refresh(shapes)).size).toBe(13);
  expect((await db.collection(STATS_COLLECTION).distinct('kind')).toString()).toBe('plan');
});

test('a plan is made again after an hour, a bad one after five minutes, and any when the indexes have changed', async () => {
  const [byId, scan] = [shape({ _id: 1 }), shape({ a: 1 })];
  const both = [byId, scan];
  const madeAt = async (layout?: string) => {
    const plans = await refresh(both, layout);
    return both.map((one) => plans.get(one.shape)!.at.getTime() === now.getTime());
  };
  expect(await madeAt('x')).toEqual([true, true]);
  minutes(4);
  expect(await madeAt('x')).toEqual([false, false]);
  minutes(1);
  expect(await madeAt('x')).toEqual([false, true]);
  minutes(55);
  expect(await madeAt('x')).toEqual([true, true]);
  minutes(1);
  expect(await madeAt('y')).toEqual([true, true]);
});

test('many that are new do not keep one from being seen mended', async () => {
  const scan = shape({ a: 1 });
  await refresh([scan]);
  minutes(6);
  const many = Array.from({ length: 30 }, (_, n) =>
    shape({ [`f${'abcdefghijklmnopqrstuvwxyzabcd'[n]}${'x'.repeat(n)}`]: 1 }),
  );
  const plans = await refresh([...many, scan]);
  expect(plans.get(scan.shape)!.at).toEqual(now);
  expect(plans.size).toBe(10);
});

test('a plan is made again when indexes of a collection that it joins have changed', async () => {
  const text = shapeOf('aggregate', {
    aggregate: 'posts',
    pipeline: [
      { $lookup: { from: 'authors', localField: 'a', foreignField: 'a', as: 'x' } },
      { $unionWith: { coll: 'tags', pipeline: [] } },
      {
        $graphLookup: { from: 'tree', startWith: '$a', connectFromField: 'a', connectToField: 'a', as: 'y' },
      },
    ],
  })!;
  const one = { shape: shapeIdOf(text), text, collection: 'posts', calls: 10, documents: 10 };
  const layouts = new Map(['posts', 'authors', 'tags', 'tree'].map((name) => [name, 'before']));
  const again = async () => {
    const layoutOf = (collection: string) => layouts.get(collection);
    const plans = await refreshPlans({
      db,
      product: 'shop',
      shapes: [one],
      layoutOf,
      now: () => now,
      budgetMs: 120_000,
    });
    return plans.get(one.shape)!;
  };
  expect((await again()).indexesSince).toBeUndefined();
  for (const name of layouts.keys()) {
    minutes(1);
    layouts.set(name, 'after');
    expect(await again()).toMatchObject({ at: now, indexesSince: now });
  }
  const since = now;
  minutes(61);
  expect(await again()).toMatchObject({ at: now, indexesSince: since });
});

test('a layout is another one where an index of the same name and key serves others', async () => {
  const layout = async () => (await readLayouts(db, 'shop', ['laid'])).get('laid');
  const seen = new Set<string | undefined>();
  for (const options of [
    {},
    { sparse: true },
    { unique: true },
    { partialFilterExpression: { a: 'zqxsecret' } },
    { partialFilterExpression: { a: 2 } },
    { collation: { locale: 'en', strength: 2 } },
  ]) {
    await db.collection('laid').createIndex({ a: 1 }, { name: 'a_1', ...options });
    seen.add(await layout());
    await db.collection('laid').dropIndex('a_1');
  }
  expect(seen.size).toBe(6);
  expect([...seen].join()).not.toContain('zqxsecret');
});

test('a plan is made again after five minutes where calls find others than it was made for', async () => {
  const few = { ...shape({ _id: 1 }), documents: 10 };
  await refresh([few]);
  minutes(6);
  expect((await refresh([few])).get(few.shape)!.at).not.toEqual(now);
  expect((await refresh([{ ...few, documents: 400 }])).get(few.shape)!.at).toEqual(now);
});
