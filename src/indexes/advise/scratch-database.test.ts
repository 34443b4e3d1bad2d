import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { OwnServer } from '../../../test/support/own-server.js';
import { dropAbandoned, identityOf, isSameServer, scratchName } from './scratch-database.js';

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

test('a server is known by itself, whatever it is called, and another is another', async () => {
  const identify = async (uri: string) => {
    const asked = await new mongo.MongoClient(uri).connect();
    try {
      return await identityOf(asked.db('admin'));
    } finally {
      await asked.close();
    }
  };
  const uri = inject('mongodAdminUri');
  const own = await identify(uri);
  const alias = await identify(uri.replace('127.0.0.1', 'localhost'));
  expect(uri.replace('127.0.0.1', 'localhost')).not.toBe(uri);
  expect([own.process, isSameServer(own, alias)]).toEqual([expect.stringMatching(/^[0-9a-f]{24}$/), true]);
  const another = await OwnServer.start();
  try {
    expect(isSameServer(own, await identify(another.uri))).toBe(false);
  } finally {
    await another.remove();
  }
  // Routers are processes of their own before one cluster; without keys, nothing is known of that.
  expect(isSameServer({ process: 'a', cluster: '7' }, { process: 'b', cluster: '7' })).toBe(true);
  expect(isSameServer({ process: 'a' }, { process: 'b' })).toBe(false);
  expect(isSameServer({}, {})).toBe(false);
});
