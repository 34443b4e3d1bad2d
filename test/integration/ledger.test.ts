import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { buildSchema } from '@typegoose/typegoose';
import * as fc from 'fast-check';
import mongoose, { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowRuleOf } from '../../src/auth/rows.js';
import { Viewer } from '../../src/auth/viewer.js';
import { BulkheadError } from '../../src/errors/bulkhead-error.js';
import { MAX_CREDITS } from '../../src/graph/scalars.js';
import {
  Account,
  createLedger,
  ISSUANCE_ID,
  Transfer,
  type CallOptions,
  type Ledger,
  type StoredAccount,
  type StoredTransfer,
} from '../../src/ledger/index.js';
import { OwnServer } from '../support/own-server.js';

const { Long, MongoClient, ObjectId } = mongo;
const { EJSON } = mongo.BSON;

const DATABASE = `ledger-${randomUUID().slice(0, 8)}`;
const BARE = `${DATABASE}-bare`;
const APP = `${DATABASE}-app`;
const OPERATOR = 'operator:olga';

/** Its own: a fail point is one for a whole server, whoever it is meant for. */
let server: OwnServer;
let admin: mongo.MongoClient;
let client: mongo.MongoClient;
let second: mongo.MongoClient;
let ledger: Ledger;
let commands: mongo.CommandStartedEvent[] = [];

const database = () => admin.db(DATABASE);
const accounts = () => database().collection<StoredAccount>('ledger.accounts');
const transfers = () => database().collection<StoredTransfer>('ledger.transfers');

const call = (ms = 10_000, actor = OPERATOR): CallOptions => ({
  actor,
  comment: 'bulkhead:test:-:ledger',
  deadline: Date.now() + ms,
});
const newKey = (): string => randomUUID();
const codeOf = (error: unknown) => (error instanceof BulkheadError ? error.code : String(error));
const refusal = async (work: Promise<unknown>) => {
  const result = await work.then((value) => `answered ${EJSON.stringify(value)}`, codeOf);
  return result;
};

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  return [await work, performance.now() - started];
}

async function open(credits = 0, user?: mongo.ObjectId): Promise<string> {
  const account = await ledger.openAccount({ owner: new ObjectId(), ...(user && { user }) }, call());
  const id = account._id.toHexString();
  if (credits > 0)
    await ledger.issue({ to: id, amount: credits, reason: 'opening', idempotencyKey: newKey() }, call());
  return id;
}
const balanceOf = async (id: string) => (await accounts().findOne({ _id: new ObjectId(id) }))?.balance;
const countOf = (idempotencyKey: string) => transfers().countDocuments({ idempotencyKey });
const everything = async () =>
  EJSON.stringify([
    await accounts().find().sort({ _id: 1 }).toArray(),
    await transfers().find().sort({ _id: 1 }).toArray(),
  ]);

/** Makes commands of the ledger's own client fail, whatever else the server is doing. */
async function failing<T>(
  mode: mongo.Document | string,
  data: mongo.Document,
  work: () => Promise<T>,
): Promise<T> {
  const failPoint = { configureFailPoint: 'failCommand' };
  await admin.db('admin').command({ ...failPoint, mode, data: { appName: APP, ...data } });
  try {
    return await work();
  } finally {
    await admin.db('admin').command({ ...failPoint, mode: 'off' });
  }
}

async function createIndexes(name: string) {
  for (const target of [Account, Transfer]) {
    const schema = buildSchema(target);
    const collection = admin.db(name).collection(schema.get('collection') as string);
    for (const [keys, options] of schema.indexes()) {
      const { background: _, ...rest } = options;
      await collection.createIndex(keys as mongo.IndexSpecification, rest as mongo.CreateIndexesOptions);
    }
  }
}

beforeAll(async () => {
  server = await OwnServer.start();
  const { uri } = server;
  admin = await MongoClient.connect(uri);
  await createIndexes(DATABASE);
  // No more than the serving credential may: what the ledger needs beyond that would fail here.
  const on = (collection: string, ...actions: string[]) => ({
    resource: { db: DATABASE, collection },
    actions,
  });
  await database().command({
    createRole: 'serve',
    roles: [],
    privileges: [
      on('ledger.accounts', 'find', 'insert', 'update', 'listIndexes'),
      on('ledger.transfers', 'find', 'insert', 'listIndexes'),
    ],
  });
  const auth = { username: 'serve', password: randomUUID() };
  await database().command({ createUser: auth.username, pwd: auth.password, roles: ['serve'] });
  const options = { auth, authSource: DATABASE, appName: APP, maxPoolSize: 20 };
  client = await MongoClient.connect(uri, { ...options, monitorCommands: true });
  second = await MongoClient.connect(uri, options);
  client.on('commandStarted', (event) => void commands.push(event));
  ledger = createLedger({ client, database: DATABASE, product: 'test', unit: 'credit' });
});

beforeEach(() => {
  commands = [];
});

afterAll(async () => {
  await database().command({ dropAllUsersFromDatabase: 1 });
  await database().command({ dropAllRolesFromDatabase: 1 });
  await Promise.all([DATABASE, BARE].map((name) => admin.db(name).dropDatabase()));
  await Promise.all([admin, client, second].map((one) => one.close()));
  await server.remove();
});

describe('a transfer', () => {
  it('moves credits, and is stored with both sides, the principal and the users', async () => {
    const [u1, u2] = [new ObjectId(), new ObjectId()];
    const [from, to] = [await open(100, u1), await open(0, u2)];
    const idempotencyKey = newKey();
    const { transfer, replayed } = await ledger.transfer(
      { from, to, amount: 40, reason: 'lesson', idempotencyKey },
      call(),
    );
    expect(replayed).toBe(false);
    expect(await transfers().findOne({ idempotencyKey })).toEqual(transfer);
    expect(transfer).toMatchObject({ amount: 40, reason: 'lesson', actor: OPERATOR, users: [u1, u2] });
    expect([await balanceOf(from), await balanceOf(to)]).toEqual([60, 40]);
    expect((await ledger.totals(call())).sum).toBe(0);
  });

  it('is one transaction: snapshot reads, a majority and journaled commit, a comment and a limit on each command', async () => {
    const [from, to] = [await open(100), await open()];
    commands = [];
    await ledger.transfer({ from, to, amount: 1, reason: 'r', idempotencyKey: newKey() }, call());
    expect(commands.map((one) => one.commandName)).toEqual([
      'find',
      'find',
      'insert',
      'update',
      'commitTransaction',
    ]);
    const [first, ...others] = commands.map((one) => one.command);
    expect(first).toMatchObject({
      startTransaction: true,
      hint: 'idempotency',
      readConcern: { level: 'snapshot' },
    });
    for (const other of others) expect(other).not.toHaveProperty('readConcern');
    expect(others.at(-1)).toMatchObject({ writeConcern: { w: 'majority', j: true } });
    expect(new Set(commands.map((one) => String(one.command['txnNumber']))).size).toBe(1);
    for (const { command } of commands) {
      expect(command['maxTimeMS']).toBeLessThanOrEqual(10_000);
      expect(command['autocommit']).toBe(false);
    }
    // The server takes no comment on a commit.
    for (const { command } of commands.slice(0, -1))
      expect(command['comment']).toBe('bulkhead:test:-:ledger');
  });

  it('opens an account inside the transaction of the caller', async () => {
    const owner = new ObjectId();
    await client.withSession(async (session) => {
      session.startTransaction();
      await ledger.openAccount({ owner }, { ...call(), session });
      await session.abortTransaction();
    });
    expect(await accounts().countDocuments({ owner })).toBe(0);
  });
});

describe('a refusal', () => {
  it('stores nothing', async () => {
    const [from, to, frozen] = [await open(100), await open(), await open(5)];
    await ledger.setFrozen(frozen, true, call());
    const unknown = new ObjectId().toHexString();
    const issuance = ISSUANCE_ID.toHexString();
    const good = { from, to, amount: 1, reason: 'r', idempotencyKey: newKey() };
    const before = await everything();
    const refused = async (change: Partial<typeof good>) =>
      refusal(ledger.transfer({ ...good, ...change }, call()));

    for (const amount of [0, -1, 0.5, NaN, Infinity, MAX_CREDITS + 1]) {
      expect([amount, await refused({ amount })]).toEqual([amount, 'AMOUNT_INVALID']);
    }
    expect(await refused({ amount: 101 })).toBe('INSUFFICIENT_CREDITS');
    expect(await refused({ amount: MAX_CREDITS })).toBe('INSUFFICIENT_CREDITS');
    for (const id of [unknown, issuance, issuance.toUpperCase(), '', 'x', `${from} `, `${from}0`]) {
      expect([id, await refused({ from: id })]).toEqual([id, 'ACCOUNT_NOT_FOUND']);
      expect([id, await refused({ to: id })]).toEqual([id, 'ACCOUNT_NOT_FOUND']);
      const issued = ledger.issue({ to: id, amount: 1, reason: 'r', idempotencyKey: newKey() }, call());
      expect([id, await refusal(issued)]).toEqual([id, 'ACCOUNT_NOT_FOUND']);
    }
    expect(await refused({ from: frozen })).toBe('ACCOUNT_FROZEN');
    expect(await refused({ to: frozen })).toBe('ACCOUNT_FROZEN');
    expect(await refused({ to: from.toUpperCase() })).toBe('SAME_ACCOUNT');
    for (const idempotencyKey of ['', '  ', 'k'.repeat(256), '\uD800', 'a\0b', 'a\nb', 'a\u202Eb']) {
      expect(await refused({ idempotencyKey })).toBe('BAD_USER_INPUT');
    }
    for (const reason of ['', 'r'.repeat(501)]) expect(await refused({ reason })).toBe('BAD_USER_INPUT');
    // More than the largest balance, on either side of an issue.
    const issued = ledger.issue(
      { to: from, amount: MAX_CREDITS, reason: 'r', idempotencyKey: newKey() },
      call(),
    );
    expect(await refusal(issued)).toBe('AMOUNT_INVALID');

    expect(await everything()).toBe(before);
    // Not even the key is spent.
    expect((await ledger.transfer(good, call())).replayed).toBe(false);
    await ledger.setFrozen(frozen, false, call());
    expect(
      (await ledger.transfer({ ...good, to: frozen, idempotencyKey: 'k'.repeat(255) }, call())).replayed,
    ).toBe(false);
  });

  it('counts what is held as not there', async () => {
    const [from, to] = [await open(100), await open()];
    await accounts().updateOne({ _id: new ObjectId(from) }, { $set: { held: Long.fromNumber(70) as never } });
    const input = { from, to, reason: 'r', idempotencyKey: newKey() };
    expect(await refusal(ledger.transfer({ ...input, amount: 31 }, call()))).toBe('INSUFFICIENT_CREDITS');
    expect((await ledger.transfer({ ...input, amount: 30 }, call())).transfer.amount).toBe(30);
  });
});

describe('an idempotency key', () => {
  it('answers the stored transfer again, even when it would be refused now', async () => {
    const [from, to] = [await open(10), await open()];
    const input = { from, to, amount: 10, reason: 'r', idempotencyKey: newKey() };
    const first = await ledger.transfer(input, call());
    await ledger.setFrozen(from, true, call());
    expect(await ledger.transfer(input, call())).toEqual({ transfer: first.transfer, replayed: true });
    expect([await balanceOf(from), await balanceOf(to)]).toEqual([0, 10]);
  });

  it('refuses another input', async () => {
    const [from, to, other] = [await open(10), await open(), await open()];
    const input = { from, to, amount: 1, reason: 'r', idempotencyKey: newKey() };
    await ledger.transfer(input, call());
    const before = await everything();
    for (const change of [{ amount: 2 }, { reason: 's' }, { to: other }, { from: to, to: from }]) {
      expect(await refusal(ledger.transfer({ ...input, ...change }, call()))).toBe('IDEMPOTENCY_MISMATCH');
    }
    expect(await refusal(ledger.issue(input, call()))).toBe('IDEMPOTENCY_MISMATCH');
    expect(await everything()).toBe(before);
  });

  it('is the principal’s own: another one’s equal key is another transfer', async () => {
    const [from, to] = [await open(10), await open()];
    const input = { from, to, amount: 1, reason: 'r', idempotencyKey: newKey() };
    const first = await ledger.transfer(input, call());
    const other = await ledger.transfer(input, call(10_000, 'service:other'));
    expect(other.replayed).toBe(false);
    expect(other.transfer._id).not.toEqual(first.transfer._id);
    expect(await balanceOf(to)).toBe(2);
  });

  it('sent 50 times at once makes one transfer', async () => {
    const [from, to] = [await open(100), await open()];
    const input = { from, to, amount: 3, reason: 'r', idempotencyKey: newKey() };
    const other = createLedger({ client: second, database: DATABASE, product: 'test', unit: 'credit' });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? ledger : other).transfer(input, call(20_000))),
    );
    expect(outcomes.filter((one) => !one.replayed)).toHaveLength(1);
    expect(new Set(outcomes.map((one) => EJSON.stringify(one.transfer))).size).toBe(1);
    expect(await balanceOf(to)).toBe(3);
  });

  it('in flight is waited for until the deadline', async () => {
    const [from, to] = [await open(10), await open()];
    const input = { from, to, amount: 1, reason: 'r', idempotencyKey: newKey() };
    const now = new Date();
    const held = {
      _id: new ObjectId(),
      from: new ObjectId(from),
      to: new ObjectId(to),
      amount: Long.fromNumber(1) as never,
      reason: 'r',
      actor: OPERATOR,
      idempotencyKey: input.idempotencyKey,
      users: [],
      createdAt: now,
      updatedAt: now,
    };
    await admin.withSession(async (session) => {
      session.startTransaction();
      await transfers().insertOne(held, { session });
      const waits = call(700);
      expect(await refusal(ledger.transfer(input, waits))).toBe('IDEMPOTENCY_IN_FLIGHT');
      // The server's own time limit is a few milliseconds before ours.
      expect(Date.now()).toBeGreaterThan(waits.deadline - 200);

      const waiting = ledger.transfer(input, call());
      setTimeout(() => void session.commitTransaction(), 200);
      expect(await waiting).toMatchObject({ replayed: true, transfer: { _id: held._id } });
    });
    // The entry was written by hand, without its credits: taken away again for the checks of the whole journal.
    await transfers().deleteOne({ _id: held._id });
  });
});

describe('without its unique index the ledger refuses', () => {
  it('when there is none, when it is not unique, and when it goes while serving', async () => {
    const bare = admin.db(BARE);
    const books = createLedger({ client: admin, database: BARE, product: 'test', unit: 'credit' });
    const to = (await books.openAccount({ owner: new ObjectId() }, call()))._id.toHexString();
    const issue = () => books.issue({ to, amount: 1, reason: 'r', idempotencyKey: newKey() }, call());
    const stored = () => bare.collection('ledger.transfers').countDocuments();
    const keys = { actor: 1, idempotencyKey: 1 } as const;

    expect(await refusal(issue())).toBe('LEDGER_NOT_READY');
    await bare.collection('ledger.transfers').createIndex(keys, { name: 'idempotency' });
    expect(await refusal(issue())).toBe('LEDGER_NOT_READY');
    expect(await refusal(books.checkReady(call()))).toBe('LEDGER_NOT_READY');
    await bare.collection('ledger.transfers').dropIndex('idempotency');
    const partial = { partialFilterExpression: { amount: { $gt: 5 } } };
    await bare
      .collection('ledger.transfers')
      .createIndex(keys, { name: 'idempotency', unique: true, ...partial });
    expect(await refusal(issue())).toBe('LEDGER_NOT_READY');
    expect(await stored()).toBe(0);

    await bare.collection('ledger.transfers').dropIndex('idempotency');
    await createIndexes(BARE);
    await issue();
    await bare.collection('ledger.transfers').dropIndex('idempotency');
    expect(await refusal(issue())).toBe('LEDGER_NOT_READY');
    expect(await stored()).toBe(1);
    await createIndexes(BARE);
    await issue();
    expect(await books.totals(call())).toEqual({ accounts: 2, sum: 0 });
  });
});

describe('when the database stumbles', () => {
  /** How long the server holds what a fail point stops. */
  const HELD_MS = 2_000;
  const prepare = async () => {
    const [from, to] = [await open(100), await open()];
    return { from, to, amount: 7, reason: 'r', idempotencyKey: newKey() };
  };

  it('a commit that never arrived is sent again', async () => {
    const input = await prepare();
    const data = { failCommands: ['commitTransaction'], closeConnection: true };
    const { replayed } = await failing({ times: 3 }, data, () => ledger.transfer(input, call()));
    expect(replayed).toBe(false);
    expect([await countOf(input.idempotencyKey), await balanceOf(input.to)]).toEqual([1, 7]);
  });

  it('a commit that happened and was not answered makes one transfer', async () => {
    const input = await prepare();
    const writeConcernError = { code: 91, codeName: 'ShutdownInProgress', errmsg: 'planted' };
    const data = { failCommands: ['commitTransaction'], writeConcernError };
    const { replayed } = await failing({ times: 3 }, data, () => ledger.transfer(input, call()));
    expect(replayed).toBe(false);
    expect([await countOf(input.idempotencyKey), await balanceOf(input.to)]).toEqual([1, 7]);
  });

  it('a commit whose answer never comes is told as unknown, and replayed with its key', async () => {
    const input = await prepare();
    const writeConcernError = { code: 91, codeName: 'ShutdownInProgress', errmsg: 'planted' };
    const data = { failCommands: ['commitTransaction'], writeConcernError };
    const error = await failing('alwaysOn', data, () =>
      ledger.transfer(input, call(1_000)).catch((e: unknown) => e),
    );
    expect(codeOf(error)).toBe('PRODUCT_UNAVAILABLE');
    expect((error as Error).message).toMatch(/same idempotency key/);
    expect((await ledger.transfer(input, call())).replayed).toBe(true);
    expect([await countOf(input.idempotencyKey), await balanceOf(input.to)]).toEqual([1, 7]);
  });

  it('a transient error is retried from the start, with fresh reads', async () => {
    const input = await prepare();
    commands = [];
    const data = { failCommands: ['update'], errorCode: 112, errorLabels: ['TransientTransactionError'] };
    await failing({ times: 1 }, data, () => ledger.transfer(input, call()));
    const attempt = ['find', 'find', 'insert', 'update'];
    expect(commands.map((one) => one.commandName)).toEqual([
      ...attempt,
      'abortTransaction',
      ...attempt,
      'commitTransaction',
    ]);
    const starts = commands.filter((one) => one.command['startTransaction']);
    expect(starts.map((one) => one.command['readConcern'].level)).toEqual(['snapshot', 'snapshot']);
    expect([await countOf(input.idempotencyKey), await balanceOf(input.to)]).toEqual([1, 7]);
  });

  it('a slow server holds nobody past the deadline, and no account after it', async () => {
    const input = await prepare();
    const data = { failCommands: ['update'], blockConnection: true, blockTimeMS: HELD_MS };
    // Measured inside: switching a fail point off waits for the command it holds.
    const [code, tookMs] = await failing({ times: 1 }, data, () =>
      timed(refusal(ledger.transfer(input, call(500)))),
    );
    expect(code).toBe('PRODUCT_UNAVAILABLE');
    expect(tookMs).toBeLessThan(HELD_MS);
    expect(await countOf(input.idempotencyKey)).toBe(0);
    expect((await ledger.transfer(input, call())).replayed).toBe(false);
    expect(await balanceOf(input.to)).toBe(7);
  });

  it('a caller who has gone is answered at once', async () => {
    const input = await prepare();
    const gone = new AbortController();
    const data = { failCommands: ['find'], blockConnection: true, blockTimeMS: HELD_MS };
    setTimeout(() => gone.abort(), 100);
    const [code, tookMs] = await failing({ times: 1 }, data, () =>
      timed(refusal(ledger.transfer(input, { ...call(), signal: gone.signal }))),
    );
    expect(code).toBe('PRODUCT_UNAVAILABLE');
    expect(tookMs).toBeLessThan(HELD_MS);
    expect(await countOf(input.idempotencyKey)).toBe(0);
  });
});

describe('rows', () => {
  it('are the user’s own, or a reading service’s', () => {
    const user = new mongoose.Types.ObjectId();
    const session = new Viewer('session', user.toHexString(), ['test:read', 'test:write'], 'test');
    const service = new Viewer('service', 's', ['test:read'], 'test');
    expect(rowRuleOf(Account)(session)).toEqual({ user });
    expect(rowRuleOf(Transfer)(session)).toEqual({ users: user });
    for (const target of [Account, Transfer]) {
      expect(rowRuleOf(target)(service)).toBe('all');
      expect(rowRuleOf(target)(Viewer.anonymous('test'))).toBe('none');
    }
  });
});

describe('the books', () => {
  it('are exact after 500 concurrent transfers between five accounts, through two gateways', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => open(10_000)));
    const other = createLedger({ client: second, database: DATABASE, product: 'test', unit: 'credit' });
    const unanswered = new Set(['DEADLINE_EXCEEDED', 'IDEMPOTENCY_IN_FLIGHT', 'PRODUCT_UNAVAILABLE']);
    const balances = ids.map(() => 10_000);
    const inputs = Array.from({ length: 450 }, (_, i) => {
      const [from, to, amount] = [i % 5, (i + 1 + (i % 4)) % 5, 1 + (i % 17)];
      balances[from]! -= amount;
      balances[to]! += amount;
      return { from: ids[from]!, to: ids[to]!, amount, reason: 'storm', idempotencyKey: newKey() };
    });
    // One in nine is sent twice at once, under its one key.
    const sent = [...inputs, ...inputs.slice(0, 50)];
    const answers = await Promise.all(
      sent.map(async (input, i) => {
        for (;;) {
          try {
            return await (i % 2 ? ledger : other).transfer(input, call(1_500));
          } catch (error) {
            if (!unanswered.has(codeOf(error))) throw error;
          }
        }
      }),
    );
    expect(new Set(answers.map((one) => one.transfer._id.toHexString())).size).toBe(450);
    expect(await Promise.all(ids.map(balanceOf))).toEqual(balances);
    expect(await transfers().countDocuments({ reason: 'storm' })).toBe(450);
    expect((await ledger.totals(call())).sum).toBe(0);
  });

  it('follow a plain model through any sequence of commands', async () => {
    const step = fc.record({
      kind: fc.constantFrom('issue' as const, 'transfer' as const, 'transfer' as const, 'freeze' as const),
      from: fc.nat(2),
      to: fc.nat(2),
      amount: fc.integer({ min: -1, max: 30 }),
      key: fc.nat(9),
      actor: fc.constantFrom('service:a', 'service:b'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 16 }), async (steps) => {
        const ids = await Promise.all([open(), open(), open()]);
        const model = ids.map(() => ({ balance: 0, frozen: false }));
        const known = new Map<string, string>();
        const run = newKey();
        for (const { kind, from, to, amount, key, actor } of steps) {
          const [debit, credit] = [model[from]!, model[to]!];
          if (kind === 'freeze') {
            debit.frozen = !debit.frozen;
            await ledger.setFrozen(ids[from]!, debit.frozen, call());
            continue;
          }
          const input = {
            from: ids[from]!,
            to: ids[to]!,
            amount,
            reason: 'model',
            idempotencyKey: `${run}-${key}`,
          };
          const got = await ledger[kind](input, call(10_000, actor)).then((one) => one.replayed, codeOf);
          const issuing = kind === 'issue';
          const name = `${actor} ${key}`;
          const text = JSON.stringify([issuing ? 'issuance' : from, to, amount]);
          const expected = (() => {
            if (amount < 1) return 'AMOUNT_INVALID';
            if (!issuing && from === to) return 'SAME_ACCOUNT';
            if (known.has(name)) return known.get(name) === text ? true : 'IDEMPOTENCY_MISMATCH';
            if (credit.frozen || (!issuing && debit.frozen)) return 'ACCOUNT_FROZEN';
            if (!issuing && debit.balance < amount) return 'INSUFFICIENT_CREDITS';
            known.set(name, text);
            if (!issuing) debit.balance -= amount;
            credit.balance += amount;
            return false;
          })();
          expect(got).toBe(expected);
        }
        expect(await Promise.all(ids.map(balanceOf))).toEqual(model.map((one) => one.balance));
      }),
      { numRuns: 25 },
    );
  });

  it('balance: every account is the fold of its transfers, none but issuance is below zero, the sum is zero', async () => {
    const fold = new Map<string, number>();
    for await (const { from, to, amount } of transfers().find()) {
      fold.set(String(from), (fold.get(String(from)) ?? 0) - amount);
      fold.set(String(to), (fold.get(String(to)) ?? 0) + amount);
    }
    for await (const { _id, balance } of accounts().find()) {
      expect([_id, balance]).toEqual([_id, fold.get(String(_id)) ?? 0]);
    }
    const below = await accounts()
      .find({ balance: { $lt: 0 } })
      .toArray();
    expect(below.map((one) => [one._id, one.system])).toEqual([[ISSUANCE_ID, 'issuance']]);
    expect((await ledger.totals(call())).sum).toBe(0);
  });

  it('lie in the database as their types say, every document with its timestamps', async () => {
    const unstamped = {
      $or: [{ createdAt: { $not: { $type: 'date' } } }, { updatedAt: { $not: { $type: 'date' } } }],
    };
    const notLong = { $not: { $type: 'long' } } as const;
    for (const { name } of await database().listCollections({}, { nameOnly: true }).toArray()) {
      if (name.startsWith('_bulkhead.')) continue;
      expect([name, await database().collection(name).countDocuments(unstamped)]).toEqual([name, 0]);
    }
    expect(await accounts().countDocuments({ $or: [{ balance: notLong }, { held: notLong }] })).toBe(0);
    expect(await transfers().countDocuments({ amount: notLong })).toBe(0);
    expect(await transfers().countDocuments({ $expr: { $ne: ['$createdAt', '$updatedAt'] } })).toBe(0);
  });
});
