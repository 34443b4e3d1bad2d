import { once } from 'node:events';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EmbeddedServer } from './embedded/supervisor.js';
import { startScratch } from './embedded/scratch.js';
import { type CommandOutcome, observedConnection, type SentCommand } from './observed-connection.js';

interface Heard {
  readonly name: string;
  readonly command: mongo.Document;
  readonly outcome?: CommandOutcome;
}

// Fail points hold for a whole server, so these tests have one of their own.
let server: EmbeddedServer;
let client: mongo.MongoClient;
let things: mongo.Collection;
/** What the driver's own events tell. */
const told: { name: string; command: mongo.Document; end: 'succeeded' | 'failed' }[] = [];
const heard: Heard[] = [];
const listener = ({ name, command }: SentCommand) => {
  const at = heard.push({ name, command: { ...command } }) - 1;
  return (outcome: CommandOutcome): void => {
    expect(heard[at]!.outcome, 'it ends once').toBeUndefined();
    heard[at] = { ...heard[at]!, outcome };
  };
};

beforeAll(async () => {
  server = await startScratch({ extraArgs: ['--setParameter', 'enableTestCommands=1'] });
  const observed: object = { connectionType: observedConnection({ onCommand: listener }) };
  client = new mongo.MongoClient(server.uri, {
    ...observed,
    monitorCommands: true,
    appName: 'observed',
    heartbeatFrequencyMS: 500,
  });
  const sent = new Map<number, { name: string; command: mongo.Document }>();
  const ended = (end: 'succeeded' | 'failed') => (event: { requestId: number; commandName: string }) =>
    told.push({ ...sent.get(event.requestId)!, end });
  client.on('commandStarted', ({ requestId, commandName, command }) =>
    sent.set(requestId, { name: commandName, command }),
  );
  client.on('commandSucceeded', ended('succeeded')).on('commandFailed', ended('failed'));
  things = client.db('observed').collection('things');
  await things.insertMany(Array.from({ length: 250 }, (_, n) => ({ n })));
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(() => {
  heard.length = 0;
  told.length = 0;
});

const failOnce = (data: object) =>
  client.db('admin').command({
    configureFailPoint: 'failCommand',
    mode: { times: 1 },
    data: { appName: 'observed', ...data },
  });

const documents = (): unknown[] => heard.map(({ name, outcome }) => [name, outcome?.documents]);

test('hears what the driver tells of reads, writes, transactions and failures, and nothing else', async () => {
  await things.find({ n: { $lt: 150 } }).toArray();
  await things.aggregate([{ $match: { n: 3 } }]).toArray();
  await things.countDocuments({ n: 3 });
  await things.distinct('n', { n: { $lt: 3 } });
  await things.insertOne({ n: 1_000 });
  await things.updateMany({ n: { $gte: 240 } }, { $set: { isLate: true } });
  await things.findOneAndUpdate({ n: 1 }, { $set: { isFirst: true } });
  await things.findOneAndUpdate({ n: -1 }, { $set: { isFirst: true } });
  await things.deleteMany({ n: 1_000 });
  await client.db('observed').command({ ping: 1 });
  await things.insertOne({ n: 1_001 }, { writeConcern: { w: 0 } });
  await client.withSession((session) =>
    session.withTransaction(
      async () => void (await things.updateOne({ n: 2 }, { $inc: { x: 1 } }, { session })),
    ),
  );
  await expect(things.find({ $where: 3 } as never).toArray()).rejects.toThrow('$where');
  await failOnce({ failCommands: ['find'], closeConnection: true });
  await things.findOne({ n: 7 });
  // Heartbeats go on meanwhile.
  for (let n = 0; n < 2; n += 1) await once(client, 'serverHeartbeatSucceeded');

  const ends = (ones: readonly { name: string; end: string }[]) =>
    ones.map(({ name, end }) => `${name} ${end}`);
  const heardEnds = heard.map(({ name, outcome }) => ({
    name,
    end: outcome === undefined ? 'never' : outcome.failure ? 'failed' : 'succeeded',
  }));
  const isOfConnection = ({ name }: { name: string }) => !/^(?:hello|ismaster|sasl)/i.test(name);
  expect(ends(heardEnds)).toEqual(ends(told.filter(isOfConnection)));
  expect(heard.map(({ command }) => command)).toEqual(
    told.filter(isOfConnection).map(({ command }) => command),
  );
  expect(ends(heardEnds).filter((one) => one.endsWith('failed'))).toEqual(['find failed', 'find failed']);
  expect(ends(heardEnds)).toContain('commitTransaction succeeded');
});

test('tells how many documents an answer has, and whether there are more', async () => {
  await things.find({ n: { $lt: 150 } }, { batchSize: 100 }).toArray();
  await things.updateMany({ n: { $gte: 240 } }, { $set: { isLater: true } });
  await things.findOneAndUpdate({ n: 1 }, { $set: { isFirst: true } });
  await things.findOneAndUpdate({ n: -1 }, { $set: { isFirst: true } });
  await client.db('observed').command({ find: 'things', limit: 3, batchSize: 4 });
  expect(documents()).toEqual([
    ['find', 100],
    ['getMore', expect.any(Number)],
    ['update', expect.any(Number)],
    ['findAndModify', 1],
    ['findAndModify', 0],
    ['find', 3],
  ]);
  const [first, more] = heard;
  expect(first!.outcome!.cursor).toBe(String(more!.command['getMore']));
  expect(more!.outcome!.cursor).toBeUndefined();
  expect(first!.outcome!.ms).toBeGreaterThan(0);
});

test('tells how long an answer is before it is decoded, and whose it is; what is thrown then fails the command', async () => {
  const answers: { bytes: number; signal: AbortSignal }[] = [];
  const mostBytes = 10_000;
  const observed: object = {
    connectionType: observedConnection({
      onAnswer: (bytes, signal) => {
        answers.push({ bytes, signal });
        if (bytes > mostBytes) throw new Error('It is too long.');
      },
    }),
  };
  const gated = new mongo.MongoClient(server.uri, observed);
  const db = gated.db('observed');
  const { signal } = new AbortController();
  await db.command({ insert: 'long', documents: [{ text: 'x'.repeat(20_000) }] }, { signal });
  const few = await db.command({ find: 'things', limit: 3 }, { signal });
  expect(few['cursor'].firstBatch).toHaveLength(3);
  await expect(db.command({ find: 'long' }, { signal })).rejects.toThrow('It is too long.');
  // Nobody's: nothing is asked.
  expect((await db.command({ find: 'long' }))['cursor'].firstBatch).toHaveLength(1);
  expect(answers.map(({ bytes }) => bytes > mostBytes)).toEqual([false, false, true]);
  expect(new Set(answers.map((answer) => answer.signal))).toEqual(new Set([signal]));
  // The connection is as good as before.
  expect(await db.command({ ping: 1 }, { signal })).toMatchObject({ ok: 1 });
  await gated.close();
});

test('ends a command whose caller gave up', async () => {
  const gone = new AbortController();
  await failOnce({ failCommands: ['find'], blockConnection: true, blockTimeMS: 400 });
  const read = things.find({ n: 1 }, { signal: gone.signal }).toArray();
  setTimeout(() => gone.abort(new Error('It went away.')), 100);
  await expect(read).rejects.toThrow('It went away.');
  expect(heard.find(({ name }) => name === 'find')).toMatchObject({
    outcome: { documents: 0, failure: { message: 'It went away.' } },
  });
});
