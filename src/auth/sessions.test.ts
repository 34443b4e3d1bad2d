import { randomUUID } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createSessions } from './sessions.js';

const client = new mongo.MongoClient(inject('mongodAdminUri'), { monitorCommands: true });
const db = client.db(`sessions-${randomUUID().slice(0, 8)}`);
const collection = db.collection('sessions');
const commands: mongo.CommandStartedEvent[] = [];
const options = { comment: 'bulkhead:blog:-:Mutation.signIn', maxTimeMS: 5_000 };
const user = new mongo.ObjectId();

const sessions = createSessions({ collection: () => collection, product: 'blog' });
const foreign = createSessions({ collection: () => collection, product: 'aviation' });

beforeAll(() => client.connect());
beforeEach(async () => {
  await collection.deleteMany({});
  commands.length = 0;
});
client.on('commandStarted', (event) => void commands.push(event));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

test('a session is opened, found and closed', async () => {
  const { token, expiresAt } = await sessions.open(user, options);
  expect(token).toMatch(/^bhs_blog_[\w-]{43}$/);
  expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(6.99 * 24 * 3_600_000);
  expect(await sessions.find(token, options)).toBe(user.toHexString());
  expect(await sessions.close(token, options)).toBe(true);
  expect(await sessions.find(token, options)).toBeNull();
  expect(await sessions.close(token, options)).toBe(false);
  expect(commands.map(({ command }) => command['comment'])).toEqual(Array(5).fill(options.comment));
});

test('the token itself is never stored', async () => {
  const { token, expiresAt } = await sessions.open(user, options);
  const stored = await collection.findOne();
  expect(stored).toEqual({
    _id: expect.any(mongo.ObjectId),
    user,
    tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    expiresAt,
    createdAt: expect.any(Date),
    updatedAt: expect.any(Date),
  });
  expect(JSON.stringify(stored)).not.toContain(token.slice('bhs_blog_'.length));
});

test('an expired session is not found, though the database still has it', async () => {
  const brief = createSessions({ collection: () => collection, product: 'blog', lifetimeMs: -1 });
  const { token } = await brief.open(user, options);
  expect(await collection.countDocuments()).toBe(1);
  expect(await sessions.find(token, options)).toBeNull();
});

test('a token of another product, or none at all, is not even asked about', async () => {
  const { token } = await sessions.open(user, options);
  commands.length = 0;
  for (const other of [token.replace('blog', 'aviation'), token.slice(0, -1), 'bhs_blog_', ''])
    expect(await sessions.find(other, options)).toBeNull();
  expect(await foreign.find(token, options)).toBeNull();
  expect(await foreign.close(token, options)).toBe(false);
  expect(commands).toEqual([]);
});

test('an aborted request ends the lookup, and a transaction takes the session with it', async () => {
  const { token } = await sessions.open(user, options);
  await expect(sessions.find(token, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
  await client.withSession(async (session) => {
    session.startTransaction();
    expect(await sessions.close(token, { ...options, session })).toBe(true);
    await session.abortTransaction();
  });
  expect(await sessions.find(token, options)).toBe(user.toHexString());
});
