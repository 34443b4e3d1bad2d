import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DriverReader } from './driver-reader.js';
import type { EmbeddedServer } from './embedded/supervisor.js';
import { startScratch } from './embedded/scratch.js';

// Fail points hold for a whole server, so these tests have one of their own.
let server: EmbeddedServer;
let client: mongo.MongoClient;
let db: mongo.Db;
const seen: string[] = [];
const reader = new DriverReader(() => db);
const scope = { comment: 'bulkhead:test:-:Thing.list', maxTimeMS: 10_000 };

beforeAll(async () => {
  server = await startScratch({ extraArgs: ['--setParameter', 'enableTestCommands=1'] });
  client = await new mongo.MongoClient(server.uri, { monitorCommands: true, appName: 'reader' }).connect();
  client.on('commandStarted', ({ commandName }) => seen.push(commandName));
  db = client.db('reader');
  await db
    .collection('things')
    .insertMany(Array.from({ length: 250 }, (_, n) => ({ n, parent: n % 5, text: 'x'.repeat(100_000) })));
  await db.collection('things').createIndex({ parent: 1, n: 1 });
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(() => void (seen.length = 0));

const failOnce = (data: object) =>
  client
    .db('admin')
    .command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data: { appName: 'reader', ...data } });

test('a page that is sorted in memory is one command, too', async () => {
  const rows = await reader.find({ collection: 'things', filter: {}, sort: { n: -1 }, limit: 3 }, scope);
  expect(rows.map((row) => row['n'])).toEqual([249, 248, 247]);
  expect(seen).toEqual(['find']);
});

test('a page is one plain command that carries comment, time limit, sort and projection', async () => {
  const commands: mongo.Document[] = [];
  const listen = ({ command }: mongo.CommandStartedEvent) => commands.push(command);
  client.on('commandStarted', listen);
  const rows = await reader.find(
    {
      collection: 'things',
      filter: { n: { $gte: 10 } },
      rows: { parent: 1 },
      fields: ['n'],
      sort: { n: 1 },
      limit: 3,
    },
    scope,
  );
  client.off('commandStarted', listen);
  expect(rows.map((row) => row['n'])).toEqual([11, 16, 21]);
  expect(Object.keys(rows[0]!)).toEqual(['_id', 'n']);
  expect(commands).toMatchObject([
    {
      find: 'things',
      filter: { $and: [{ n: { $gte: 10 } }, { parent: 1 }] },
      projection: { _id: 1, n: 1 },
      sort: { n: 1 },
      limit: 3,
      comment: scope.comment,
      maxTimeMS: scope.maxTimeMS,
    },
  ]);
});

test('a document is what the cursor of the driver would answer, whatever it holds', async () => {
  const { Binary, Decimal128, Int32, Long, ObjectId, Timestamp, UUID } = mongo;
  await db.collection('kinds').insertOne({
    long: Long.fromString('9007199254740993'),
    small: Long.fromNumber(7),
    int: new Int32(7),
    double: 0.5,
    decimal: Decimal128.fromString('1.10'),
    date: new Date(1e12),
    bytes: new Binary(Buffer.from('abc')),
    uuid: new UUID(),
    regex: /^a/i,
    time: new Timestamp({ t: 1, i: 2 }),
    nothing: null,
    deep: { id: new ObjectId(), firstBatch: [{ a: [{ b: 1 }] }] },
    reference: { $ref: 'things', $id: 1 },
  });
  const [row] = await reader.find({ collection: 'kinds', filter: {}, limit: 1 }, scope);
  expect(row).toEqual(await db.collection('kinds').findOne());
  expect(Number(row!['small'])).toBe(7);
});

test('an answer of more than one reply is whole', async () => {
  const rows = await reader.find({ collection: 'things', filter: {}, sort: { n: 1 }, limit: 250 }, scope);
  expect(rows.map((row) => row['n'])).toEqual(Array.from({ length: 250 }, (_, n) => n));
  // It goes on where it was, and is not begun again.
  expect(seen).toEqual(['find', 'getMore']);
});

test('no limit reads everything, also past the first batch of the server', async () => {
  expect(await reader.find({ collection: 'things', filter: {}, fields: ['n'] }, scope)).toHaveLength(250);
});

test.each([{ closeConnection: true }, { errorCode: 43 }])(
  'a read whose rest is lost is begun again: %o',
  async (data) => {
    await failOnce({ failCommands: ['getMore'], ...data });
    const rows = await reader.find({ collection: 'things', filter: {}, sort: { n: 1 }, limit: 250 }, scope);
    expect(rows.map((row) => row['n'])).toEqual(Array.from({ length: 250 }, (_, n) => n));
    expect(seen.filter((name) => name === 'find')).toHaveLength(2);
  },
);

test.each([{ closeConnection: true }, { errorCode: 11_602 }])(
  'a read that lost its server is sent once more: %o',
  async (data) => {
    await failOnce({ failCommands: ['find'], ...data });
    const rows = await reader.find(
      { collection: 'things', filter: { n: 1 }, fields: ['n'], limit: 1 },
      scope,
    );
    expect(rows).toHaveLength(1);
  },
);

test('an error that a second try would not mend is not tried again', async () => {
  await expect(reader.find({ collection: 'things', filter: { $bad: 1 }, limit: 1 }, scope)).rejects.toThrow(
    /unknown top level operator/,
  );
  expect(seen).toEqual(['find']);
});

test('inside a transaction it reads what the transaction wrote', async () => {
  await client.withSession((session) =>
    session.withTransaction(async () => {
      await db.collection('things').insertOne({ n: 1_000, parent: 9 }, { session });
      const inside = await reader.find(
        { collection: 'things', filter: { n: 1_000 }, limit: 1 },
        { ...scope, session },
      );
      expect(inside).toHaveLength(1);
      expect(await reader.find({ collection: 'things', filter: { n: 1_000 }, limit: 1 }, scope)).toEqual([]);
      await session.abortTransaction();
    }),
  );
});

test('an aborted signal ends it with its reason', async () => {
  await failOnce({ failCommands: ['find'], blockConnection: true, blockTimeMS: 5_000 });
  const controller = new AbortController();
  const reason = new Error('nobody waits');
  setTimeout(() => controller.abort(reason), 50);
  const read = reader.find(
    { collection: 'things', filter: {}, limit: 1 },
    { ...scope, signal: controller.signal },
  );
  await expect(read).rejects.toBe(reason);
});

test('children of several parents come in one command, each parent up to the limit', async () => {
  const rows = await reader.find(
    {
      collection: 'things',
      filter: {},
      fields: ['n'],
      sort: { n: 1 },
      limit: 2,
      perParent: { path: 'parent', values: [0, 3] },
    },
    scope,
  );
  expect(rows.map((row) => row['n'])).toEqual([0, 5, 3, 8]);
  expect(seen).toEqual(['aggregate']);
});
