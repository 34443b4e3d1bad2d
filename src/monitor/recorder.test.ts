import { mongo } from 'mongoose';
import { describe, expect, inject, test, vi } from 'vitest';
import { type CommandOutcome, observedConnection } from '../database/observed-connection.js';
import { OWN_FIELD } from './comment.js';
import { bucketOf } from './stats/histogram.js';
import { Recorder } from './recorder.js';
import { parseShape } from './shape/shape.js';

describe('a recorder', () => {
  /** Sends commands of which the recorder hears. */
  const watched = () => {
    const recorder = new Recorder();
    const send = (command: mongo.Document, outcome: Partial<CommandOutcome> = {}): void =>
      recorder.command({ name: Object.keys(command)[0]!, command })?.({ ms: 2, documents: 1, ...outcome });
    return { recorder, send };
  };

  test('counts a write that comes again after a failure, and not its own writes', () => {
    const { recorder, send } = watched();
    const write = {
      insert: 'posts',
      lsid: { id: new mongo.UUID() },
      txnNumber: 1,
      comment: 'bulkhead:blog:Op:Mutation.x',
    };
    send(write, { failure: new Error('It broke.') });
    send(write);
    send({ ...write, txnNumber: 2 });
    send({ update: 'posts', updates: [], comment: `bulkhead:blog:-:${OWN_FIELD}` });
    expect(recorder.drain().commands).toMatchObject([
      { operation: 'Op', field: 'Mutation.x', calls: 3, errors: 1, retries: 1, documents: 2 },
    ]);
  });

  test('counts a read that comes again, and what a transaction does again', () => {
    const { recorder, send } = watched();
    const read = { find: 'posts', filter: { a: 1 }, comment: 'bulkhead:blog:Op:Query.x' };
    send(read, { failure: new mongo.MongoNetworkError('It broke.') });
    send({ ...read, filter: { b: 1 } });
    send({ ...read, filter: { a: 2 } });
    send(read, { failure: new mongo.MongoServerError({ code: 50 }) });
    send(read);
    const inside = { insert: 'posts', comment: read.comment, txnNumber: 1, autocommit: false };
    const conflict = new mongo.MongoServerError({ code: 112, errorLabels: ['TransientTransactionError'] });
    send(inside, { failure: conflict });
    send({ ...inside, txnNumber: 2 });
    expect(recorder.drain().commands.map(({ calls, errors, retries }) => [calls, errors, retries])).toEqual([
      [4, 2, 1],
      [1, 0, 0],
      [2, 1, 1],
    ]);
  });

  test('counts a read that is answered in parts once, with all its documents and time', () => {
    const { recorder, send } = watched();
    const comment = 'bulkhead:blog:Op:Query.posts';
    const cursor = '8434986712938712398';
    const id = mongo.Long.fromString(cursor);
    const read = { find: 'posts', filter: {}, comment };
    send(read, { documents: 101, cursor });
    const more = { getMore: id, collection: 'posts', comment };
    send(more, { documents: 4_000, cursor });
    send(more, { documents: 899 });
    send({ ...more, getMore: mongo.Long.fromNumber(3) }, { documents: 5 });
    const [one, ...others] = recorder.drain().commands;
    expect(others).toEqual([]);
    expect(one).toMatchObject({ field: 'Query.posts', calls: 1, documents: 5_000, totalMs: 6, errors: 0 });
    expect([...one!.counts].flatMap((count, bucket) => (count ? [bucket, count] : []))).toEqual([
      bucketOf(6),
      1,
    ]);
    send(read, { documents: 101, cursor });
    recorder.drain();
    send(more, { documents: 0, failure: new Error('It broke.') });
    expect(recorder.drain().commands).toMatchObject([{ calls: 0, documents: 0, totalMs: 2, errors: 1 }]);
  });

  test('counts what the driver asks for by itself', async () => {
    const recorder = new Recorder();
    const observed: object = {
      connectionType: observedConnection({ onCommand: (sent) => recorder.command(sent) }),
    };
    const client = new mongo.MongoClient(inject('mongodAdminUri'), observed);
    const db = client.db(`recorder-${process.pid}`);
    await db.collection('posts').insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
    expect(
      await db
        .collection('posts')
        .find({ n: { $gte: 0 } })
        .toArray(),
    ).toHaveLength(300);
    expect(await db.collection('posts').find({ n: 3 }).toArray()).toHaveLength(1);
    await db.dropDatabase();
    await client.close();
    const finds = recorder.drain().commands.filter(({ shape }) => parseShape(shape).command === 'find');
    expect(finds.map(({ calls, documents }) => [calls, documents])).toEqual([
      [1, 300],
      [1, 1],
    ]);
  });

  test('tells the names of an hour apart, whoever has made up those of the last one', () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 5, 15, 10, 30));
    const { recorder } = watched();
    for (let n = 0; n < 300; n += 1) {
      recorder.operation(`Junk${n}`, 1, false);
      recorder.fields(['Query.posts'], `junk@${n}`);
    }
    const junk = recorder.drain();
    expect([junk.operations.length, junk.fields.length]).toEqual([201, 201]);
    expect(junk.fields.find(({ client }) => client === '(others)')!.calls).toBe(100);
    now.mockReturnValue(Date.UTC(2026, 5, 16, 10, 30));
    recorder.operation('Front', 1, false);
    recorder.fields(['Query.posts'], 'reader@1.2');
    now.mockRestore();
    const { operations, fields } = recorder.drain();
    expect([operations[0]!.operation, fields[0]!.client]).toEqual(['Front', 'reader@1.2']);
  });

  test('counts the fields of one document for each client, and anew after it was drained', () => {
    const { recorder } = watched();
    const fields = ['Query.posts', 'Post.title'];
    const counts = () => recorder.drain().fields.map(({ field, client, calls }) => [field, client, calls]);
    for (const client of ['web', 'web', 'app', 'web']) recorder.fields(fields, client);
    expect(counts()).toEqual([
      ['Query.posts', 'web', 3],
      ['Post.title', 'web', 3],
      ['Query.posts', 'app', 1],
      ['Post.title', 'app', 1],
    ]);
    recorder.fields(fields, 'web');
    expect(counts()).toEqual(fields.map((field) => [field, 'web', 1]));
  });

  test('keeps two thousand rows of fields, and counts what finds none', () => {
    const { recorder } = watched();
    const fields = Array.from({ length: 2_003 }, (_, n) => `Post.field${n}`);
    for (let n = 0; n < 2; n += 1) recorder.fields(fields, 'web');
    const { fields: kept, dropped } = recorder.drain();
    expect([kept.length, kept[0]!.calls, dropped]).toEqual([2_000, 2, 6]);
  });

  test('is bounded: a hundred thousand shapes cost two thousand rows, and the rest is counted', () => {
    const { recorder, send } = watched();
    for (let n = 0; n < 100_000; n += 1) send({ find: 'posts', filter: { [`field${n.toString(36)}x`]: n } });
    const { commands, dropped } = recorder.drain();
    expect([commands.length, dropped]).toEqual([2_000, 98_000]);
    for (let n = 0; n < 1_000; n += 1) recorder.operation(`Operation${n}`, 1, false);
    const { operations } = recorder.drain();
    expect(operations.length).toBe(200);
    expect(operations.find(({ operation }) => operation === '(others)')!.calls).toBe(801);
  });

  test('counts an operation that was not let in as an error without a time', () => {
    const { recorder } = watched();
    recorder.operation('Front', 5, false);
    recorder.refused('Front');
    const [front] = recorder.drain().operations;
    expect(front).toMatchObject({ operation: 'Front', calls: 2, errors: 1, totalMs: 5 });
    expect(front!.counts.reduce((sum, one) => sum + one, 0)).toBe(1);
  });

  test('hands over ten thousand rows of an hour, and in the next ones operations are one', () => {
    const { recorder, send } = watched();
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 5, 15, 10, 30));
    const rows = new Set<string>();
    let calls = 0;
    for (let operation = 0; operation < 200; operation += 1) {
      for (let n = 0; n < 63; n += 1)
        send({
          find: 'posts',
          filter: { [`f${n}`]: n },
          comment: `bulkhead:blog:Op${operation}:Query.posts`,
        });
      const { commands } = recorder.drain();
      calls += commands.length;
      for (const one of commands) rows.add(`${one.shape} ${one.operation}`);
    }
    now.mockRestore();
    expect([calls, rows.size]).toEqual([200 * 63, 10_000 + 63]);
  });

  test('hands over five thousand shapes of an hour, and in the next one others', () => {
    const { recorder, send } = watched();
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 5, 15, 10, 30));
    let n = 0;
    const drained = () => {
      for (const last = n + 2_000; n < last; n += 1)
        send({ find: 'posts', filter: { [`field${n.toString(36)}x`]: n } });
      return recorder.drain().commands.length;
    };
    expect([drained(), drained(), drained(), drained()]).toEqual([2_000, 2_000, 1_000, 0]);
    now.mockReturnValue(Date.UTC(2026, 5, 15, 11, 0));
    expect(drained()).toBe(2_000);
    now.mockRestore();
  });
});
