import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { storeFinding } from '../../test/support/monitor-documents.js';
import { Watch } from './watch.js';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_watch`);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const NOW = new Date();

test('a part that cannot be read ends neither the round nor what it had found', async () => {
  await storeFinding(db, { id: 'full', rule: 'growth', severity: 'red' });
  const refusing = new Proxy(db, {
    get: (target, key) =>
      key === 'command'
        ? (command: mongo.Document, ...more: []) =>
            'dbStats' in command
              ? Promise.reject(new mongo.MongoServerError({ message: 'x', code: 10_334 }))
              : target.command(command, ...more)
        : (Reflect.get(target, key) as unknown),
  });
  const watch = new Watch();
  const round = (of: mongo.Db, minutes: number) =>
    watch.round({
      db: of,
      product: 'shop',
      classes: [],
      now: () => new Date(NOW.getTime() + minutes * 60_000),
    });
  const { open, resolved, failed } = await round(refusing, 0);
  expect(open.map(({ rule }) => rule)).toEqual(['growth']);
  expect([resolved, failed]).toEqual([
    [],
    [{ part: 'the sizes', problem: 'the server refuses it with code 10334' }],
  ]);
  const later = await round(db, 15);
  expect([later.resolved.map(({ rule }) => rule), later.failed]).toEqual([['growth'], []]);
});
