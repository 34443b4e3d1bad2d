import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { expect, inject, test } from 'vitest';
import { readLoads } from './read-loads.js';
import { Recorder } from '../recorder.js';
import { writeStats } from '../stats/stats.js';

test('writes are reckoned by the documents that they write', async () => {
  const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  const db = client.db(`t${randomBytes(4).toString('hex')}_loads`);
  const recorder = new Recorder();
  const send = (command: mongo.Document, documents: number) =>
    recorder.command({ name: Object.keys(command)[0]!, command })!({ ms: 1, documents });
  for (let n = 0; n < 3; n += 1) send({ insert: 'posts' }, 1_000);
  send({ update: 'posts', updates: [{ q: { a: 1 }, u: { $set: { b: 1 } } }] }, 0);
  for (let n = 0; n < 5; n += 1) send({ find: 'posts', filter: { a: 1 } }, 100);
  await writeStats(db, 'shop', recorder.drain(), new Date());
  expect(await readLoads(db, { product: 'shop' }, ['posts'], new Date())).toEqual([
    { collection: 'posts', writes: 3_001, reads: 5, mostWritesInHour: 3_001 },
  ]);
  await db.dropDatabase();
  await client.close();
});
