import { randomBytes } from 'node:crypto';
import { index, modelOptions, prop } from '@typegoose/typegoose';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Entity } from '../graph/entity.js';
import { declaredIndexes, ensureIndexes, missingIndexes } from './ensure-indexes.js';

@modelOptions({ schemaOptions: { collection: 'parcels' } })
@index({ number: 1 }, { unique: true })
@index({ sentAt: -1, _id: -1 })
@index({ expiresAt: 1 }, { expireAfterSeconds: 0 })
class Parcel extends Entity {
  @prop({ type: Number, required: true })
  number!: number;

  @prop({ type: Date })
  sentAt?: Date;

  @prop({ type: Date })
  expiresAt?: Date;
}

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_indexes`);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

test('what a class declares is created once, with its options', async () => {
  expect(await missingIndexes(db, [Parcel])).toHaveLength(3);
  expect(await ensureIndexes(db, [Parcel])).toBe(3);
  expect(await ensureIndexes(db, [Parcel])).toBe(0);
  expect(await missingIndexes(db, [Parcel])).toEqual([]);
  const made = await db.collection('parcels').listIndexes().toArray();
  const byName = Object.fromEntries(made.map((one) => [one['name'] as string, one]));
  expect(byName).toMatchObject({
    _id_: {},
    number_1: { key: { number: 1 }, unique: true },
    'sentAt_-1__id_-1': { key: { sentAt: -1, _id: -1 } },
    expiresAt_1: { expireAfterSeconds: 0 },
  });
});

test('an index that was dropped is named as missing', async () => {
  await ensureIndexes(db, [Parcel]);
  await db.collection('parcels').dropIndex('sentAt_-1__id_-1');
  expect(await missingIndexes(db, [Parcel])).toMatchObject([
    { collection: 'parcels', key: { sentAt: -1, _id: -1 } },
  ]);
});

test('an index that nobody declared is left alone', async () => {
  await db.collection('parcels').createIndex({ extra: 1 });
  await ensureIndexes(db, [Parcel]);
  const names = (await db.collection('parcels').listIndexes().toArray()).map((one) => one['name'] as string);
  expect(names).toContain('extra_1');
});

test('declared keys keep the order and direction of their fields', () => {
  const keys = declaredIndexes([Parcel]).map(({ key }) => JSON.stringify(key));
  expect(new Set(keys)).toEqual(new Set(['{"number":1}', '{"sentAt":-1,"_id":-1}', '{"expiresAt":1}']));
});
