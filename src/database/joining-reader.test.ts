import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { mongo, Types } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../test/support/eventually.js';
import { DriverReader } from './driver-reader.js';
import { startScratch } from './embedded/scratch.js';
import type { EmbeddedServer } from './embedded/supervisor.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { JoiningReader } from './joining-reader.js';
import { type AnswerGate, observedConnection } from './observed-connection.js';
import { sharersOf } from './sharers.js';
import type { Filter } from './reader.js';

// Fail points hold for a whole server, so these tests have one of their own.
let server: EmbeddedServer;
let client: mongo.MongoClient;
let db: mongo.Db;
const seen: mongo.Document[] = [];
let onAnswer: AnswerGate = () => {};
const reader = new JoiningReader(new DriverReader(() => db));
const scope = { comment: 'bulkhead:test:-:Thing.one', maxTimeMS: 10_000 };
const ids = Array.from({ length: 40 }, () => new Types.ObjectId());
const plan = (...at: number[]) => ({
  collection: 'things',
  ids: at.map((n) => ids[n]!),
  fields: ['n', 'parts'],
});
const numbersOf = (rows: Map<string, unknown>) =>
  [...rows.values()].map((row) => (row as { n: number }).n).sort((a, b) => a - b);
const idsOf = ({ filter }: mongo.Document): number[] =>
  [filter._id?.$in ?? filter._id ?? filter.$and[0]._id]
    .flat()
    .map((id: Types.ObjectId) => ids.findIndex((one) => one.equals(id)));

beforeAll(async () => {
  server = await startScratch({ extraArgs: ['--setParameter', 'enableTestCommands=1'] });
  const observed: object = {
    connectionType: observedConnection({ onAnswer: (...answer) => onAnswer(...answer) }),
  };
  const options = { ...observed, monitorCommands: true, appName: 'joining' };
  client = await new mongo.MongoClient(server.uri, options).connect();
  client.on('commandStarted', ({ command }) => command['find'] && seen.push(command));
  db = client.db('joining');
  await db
    .collection('things')
    .insertMany(ids.map((_id, n) => ({ _id, n, owner: n % 2, parts: [{ size: n }] })));
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(async () => {
  await failCommand('off');
  seen.length = 0;
});

const failCommand = (mode: 'off' | { times: number }, data: object = {}) =>
  client.db('admin').command({
    configureFailPoint: 'failCommand',
    mode,
    data: { appName: 'joining', failCommands: ['find'], ...data },
  });
/** Makes two finds slow, so that what is asked meanwhile has to wait. */
const holdTwo = () => failCommand({ times: 2 }, { blockConnection: true, blockTimeMS: 300 });

const sent = async (commands: number) => {
  while (seen.length < commands) await nextTurn();
};

/** Starts two loads, each under way with a command of its own; answers when they are over. */
async function twoUnderWay(): Promise<() => Promise<unknown>> {
  const first = reader.load(plan(0), scope);
  await sent(1);
  const second = reader.load(plan(1), scope);
  await sent(2);
  return () => Promise.all([first, second]);
}

test('a load with nothing under way is sent at once, by itself', async () => {
  expect(numbersOf(await reader.load(plan(3, 4), scope))).toEqual([3, 4]);
  expect(seen.map(idsOf)).toEqual([[3, 4]]);
  expect(seen).toMatchObject([{ comment: scope.comment, projection: { _id: 1, n: 1, parts: 1 }, limit: 2 }]);
});

test('what waits while two commands are under way goes with the next one', async () => {
  await holdTwo();
  const held = await twoUnderWay();
  const joined = await Promise.all([2, 3, 4, 3].map((n) => reader.load(plan(n, n + 1), scope)));
  await held();
  expect(joined.map(numbersOf)).toEqual([
    [2, 3],
    [3, 4],
    [4, 5],
    [3, 4],
  ]);
  expect(seen.map(idsOf)).toEqual([[0], [1], [2, 3, 4, 5]]);
});

test('whose an answer is can be told of those that have asked together; what is too much for all is asked by each', async () => {
  const told: { share: number; of: AbortSignal }[][] = [];
  onAnswer = (_bytes, signal) => {
    const sharers = sharersOf(signal)!.map(({ signal: of, share }) => ({ of, share }));
    told.push(sharers);
    if (sharers.length > 1) throw new BulkheadError('OPERATION_TOO_LARGE', 'Too much together.');
  };
  const [one, other] = [new AbortController().signal, new AbortController().signal];
  const loads = await Promise.all([
    reader.load(plan(2, 3, 4), { ...scope, signal: one }),
    reader.load(plan(4, 5), { ...scope, signal: other }),
  ]);
  onAnswer = () => {};
  expect(loads.map(numbersOf)).toEqual([
    [2, 3, 4],
    [4, 5],
  ]);
  expect(seen.map(idsOf)).toEqual([
    [2, 3, 4, 5],
    [2, 3, 4],
    [4, 5],
  ]);
  expect(told).toEqual([
    [
      { of: one, share: 0.75 },
      { of: other, share: 0.5 },
    ],
    [{ of: one, share: 1 }],
    [{ of: other, share: 1 }],
  ]);
});

test('a row that two operations asked for is not one object to both', async () => {
  const [one, other] = await Promise.all([reader.load(plan(7), scope), reader.load(plan(7), scope)]);
  expect(seen).toHaveLength(1);
  const [mine, theirs] = [one, other].map((rows) => rows.get(ids[7]!.toHexString())!);
  expect(mine).toEqual(theirs);
  (mine!['parts'] as { size: number }[])[0]!.size = -1;
  expect(theirs).toMatchObject({ parts: [{ size: 7 }] });
});

test.each<[string, Filter, Filter]>([
  ['an owner', { owner: 0 }, { owner: 1 }],
  ['an id and its text', { ref: new Types.ObjectId('0'.repeat(24)) }, { ref: '0'.repeat(24) }],
  ['two regular expressions', { name: /^a/ }, { name: /^b/ }],
])('loads with different row filters never share a command: %s', async (_name, rows, others) => {
  await Promise.all([
    reader.load({ ...plan(5), rows }, scope),
    reader.load({ ...plan(5), rows: others }, scope),
  ]);
  expect(seen).toHaveLength(2);
});

test('rows that a filter hides are missing, also when another viewer sees them', async () => {
  const rows = (owner: number) => reader.load({ ...plan(8, 9), rows: { owner } }, scope);
  expect((await Promise.all([rows(0), rows(1)])).map(numbersOf)).toEqual([[8], [9]]);
});

test('other fields, another comment and a session each have a command of their own', async () => {
  await client.withSession((session) =>
    Promise.all([
      reader.load(plan(6), scope),
      reader.load({ ...plan(6), fields: ['n'] }, scope),
      reader.load(plan(6), { ...scope, comment: 'bulkhead:test:-:Other.one' }),
      reader.load(plan(6), { ...scope, session }),
    ]),
  );
  expect(seen).toHaveLength(4);
});

test('an operation that ends takes only itself out; the last one takes the command with it', async () => {
  await failCommand({ times: 1 }, { blockConnection: true, blockTimeMS: 5_000 });
  const [one, other] = [new AbortController(), new AbortController()];
  const loads = [one, other].map(({ signal }) => reader.load(plan(1), { ...scope, signal }));
  const settled = Promise.allSettled(loads);
  await eventually('their command is sent', () => seen.length === 1);
  one.abort(new Error('one'));
  await expect(loads[0]).rejects.toThrow('one');
  other.abort(new Error('other'));
  await settled;
  await expect(loads[1]).rejects.toThrow('other');
  expect(seen).toHaveLength(1);
  await failCommand('off');
  expect(numbersOf(await reader.load(plan(2), scope))).toEqual([2]);
});

test('an operation that ends while it waits is not sent', async () => {
  await holdTwo();
  const held = await twoUnderWay();
  const controller = new AbortController();
  const gone = reader.load(plan(9), { ...scope, signal: controller.signal });
  const stays = reader.load(plan(10), scope);
  controller.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  await Promise.all([held(), stays]);
  expect(seen.map(idsOf)).toEqual([[0], [1], [10]]);
});

test('what fails together is sent again one by one, so that nobody fails for another', async () => {
  // 96: the operation failed for a reason of its own.
  await failCommand({ times: 1 }, { errorCode: 96 });
  const loads = await Promise.all([reader.load(plan(1), scope), reader.load(plan(2), scope)]);
  expect(loads.map(numbersOf)).toEqual([[1], [2]]);
  expect(seen.map(idsOf)).toEqual([[1, 2], [1], [2]]);
});

test('a database that is away is not asked once more for each of them', async () => {
  await failCommand({ times: 100 }, { errorCode: 11_602 });
  const loads = await Promise.allSettled([1, 2, 3].map((n) => reader.load(plan(n), scope)));
  for (const load of loads)
    expect(load).toMatchObject({ status: 'rejected', reason: { code: 'PRODUCT_UNAVAILABLE' } });
  // The command, and the cursor that tries again, once more by itself.
  expect(seen.map(idsOf)).toEqual([1, 2, 3].map(() => [1, 2, 3]));
});

test('a command holds a thousand keys and no more', async () => {
  const many = Array.from({ length: 400 }, () => new Types.ObjectId());
  await Promise.all(
    Array.from({ length: 5 }, () => reader.load({ ...plan(), ids: [...many, new Types.ObjectId()] }, scope)),
  );
  expect(seen.every(({ filter }) => filter._id.$in.length <= 1_000)).toBe(true);
});

test('whatever is asked together, each gets its own', async () => {
  const some = fc.array(fc.nat({ max: ids.length - 1 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(some, fc.nat({ max: 2 }), fc.nat({ max: 3 })), { maxLength: 12 }),
      async (asked) => {
        const answers = asked.map(async ([at, owner, turns]) => {
          for (let turn = 0; turn < turns; turn += 1) await nextTurn();
          const rows = owner === 2 ? {} : { owner };
          return numbersOf(await reader.load({ ...plan(...at), rows }, scope));
        });
        expect(await Promise.all(answers)).toEqual(
          asked.map(([at, owner]) =>
            [...new Set(at)].filter((n) => owner === 2 || n % 2 === owner).sort((a, b) => a - b),
          ),
        );
      },
    ),
    { numRuns: 60 },
  );
});
