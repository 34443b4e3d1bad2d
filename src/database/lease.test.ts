import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { eventually } from '../../test/support/eventually.js';
import { Lease } from './lease.js';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_lease`);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

test('of many who want it one has it at a time, each with a higher fence, and all get it', async () => {
  let inside = 0;
  const fences: number[] = [];
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const lease = await Lease.take(db, 'crowd');
      inside += 1;
      expect(inside).toBe(1);
      await lease.assertHeld();
      fences.push(lease.fence);
      expect(inside).toBe(1);
      inside -= 1;
      await lease.release();
    }),
  );
  expect(fences).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
});

test('who gives no sign of life loses it, is told so, and releases nothing of the next holder', async () => {
  const dead = await Lease.take(db, 'death', { ttlMs: 600_000 });
  // As if its time had passed: no heartbeat comes within that test.
  await db
    .collection('_bulkhead.leases')
    .updateOne({ _id: 'death' as never }, { $set: { expiresAt: new Date() } });
  const holders: string[] = [];
  const heir = await Lease.take(db, 'death', { onWait: (holder) => holders.push(holder) });
  expect(heir.fence).toBe(dead.fence + 1);
  await expect(dead.assertHeld()).rejects.toThrow(/Another process has taken over "death"/);
  await dead.release();
  await heir.assertHeld();
  await heir.release();
});

test('while it works it keeps the lease beyond its time, and whoever waits is told who has it', async () => {
  const lease = await Lease.take(db, 'work', { ttlMs: 3_000 });
  const goodUntil = async () => {
    const stored = await db
      .collection<{ expiresAt: Date }>('_bulkhead.leases')
      .findOne({ _id: 'work' as never });
    return stored!.expiresAt.getTime();
  };
  const first = await goodUntil();
  const told: string[] = [];
  const next = Lease.take(db, 'work', { onWait: (holder) => told.push(holder) });
  // Long before its time is over: a machine may be busy for a while.
  await eventually('it has given a sign of life', async () => (await goodUntil()) > first);
  await eventually('the next one waits', () => told.length > 0);
  await lease.assertHeld();
  expect(told).toEqual([expect.stringContaining(`process ${process.pid}`)]);
  await lease.release();
  await (await next).release();
});

test('waiting can be given up', async () => {
  const lease = await Lease.take(db, 'signal');
  const stop = new AbortController();
  const waiting = Lease.take(db, 'signal', { signal: stop.signal, onWait: () => stop.abort() });
  await expect(waiting).rejects.toThrow(/abort/i);
  await lease.release();
});
