import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { dropAbandoned, scratchName } from './scratch-database.js';

let client: mongo.MongoClient;
beforeAll(async () => void (client = await new mongo.MongoClient(inject('mongodAdminUri')).connect()));
afterAll(() => client.close());

test('copies that a killed command has left are dropped a day later, and those of others are not', async () => {
  const made = new Date('2026-06-15T12:00:00Z');
  const later = (hours: number) => new Date(made.getTime() + hours * 3_600_000);
  const [old, young, other] = [scratchName(made), scratchName(later(2)), `${scratchName(made)}_mine`];
  for (const name of [old, young, other]) await client.db(name).collection('posts').insertOne({ a: 1 });
  const left = async () => {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    return [old, young, other].filter((name) => databases.some((one) => one.name === name));
  };
  await dropAbandoned(client, later(23));
  expect(await left()).toEqual([old, young, other]);
  await dropAbandoned(client, later(25));
  expect(await left()).toEqual([young, other]);
  for (const name of [young, other]) await client.db(name).dropDatabase();
});
