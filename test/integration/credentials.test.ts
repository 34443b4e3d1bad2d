import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';

type Role = 'serve' | 'ops';
const PRODUCTS = ['blog', 'aviation'] as const;

let gateway: TestGateway;
const clients = new Map<string, mongo.MongoClient>();
beforeAll(async () => {
  gateway = await TestGateway.start();
  for (const product of PRODUCTS) {
    for (const [role, uris] of [
      ['serve', gateway.uris],
      ['ops', gateway.opsUris],
    ] as const) {
      clients.set(`${product} ${role}`, await new mongo.MongoClient(uris[product]!).connect());
    }
  }
});
afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await gateway.close();
});

const UNAUTHORIZED = 13;
const NOBODY = { _id: new mongo.ObjectId() };
const SET = { $set: { name: 'Mallory' } };

interface Action {
  /** What is tried on `target`; `home` is the credential's own database. */
  readonly run: (target: mongo.Db, home: mongo.Db) => Promise<unknown>;
  /** Who may do it at home; nobody may anywhere else. */
  readonly allowed: readonly Role[];
}

const rename = (from: mongo.Db, to: mongo.Db, names: readonly [string, string]) =>
  from.client
    .db('admin')
    .command({ renameCollection: `${from.databaseName}.${names[0]}`, to: `${to.databaseName}.${names[1]}` });
const aggregate = (db: mongo.Db, ...pipeline: mongo.Document[]) =>
  db.collection('users').aggregate(pipeline).toArray();
const into = ({ databaseName: db }: mongo.Db, coll: string) => ({ db, coll });

/** `users` is declared by both products; `spare` by none. */
const ACTIONS: Readonly<Record<string, Action>> = {
  find: { run: (db) => db.collection('users').findOne(), allowed: ['serve', 'ops'] },
  count: { run: (db) => db.collection('users').countDocuments(), allowed: ['serve', 'ops'] },
  distinct: { run: (db) => db.collection('users').distinct('name'), allowed: ['serve', 'ops'] },
  aggregate: { run: (db) => aggregate(db, { $limit: 1 }), allowed: ['serve', 'ops'] },
  $lookup: {
    run: (db) =>
      aggregate(db, { $lookup: { from: 'sessions', localField: '_id', foreignField: 'user', as: 'all' } }),
    allowed: ['serve', 'ops'],
  },
  $unionWith: { run: (db) => aggregate(db, { $unionWith: 'sessions' }), allowed: ['serve', 'ops'] },
  '$merge into it': {
    run: (db, home) => aggregate(home, { $match: NOBODY }, { $merge: { into: into(db, 'users') } }),
    allowed: ['serve', 'ops'],
  },
  '$merge into something new': {
    run: (db, home) => aggregate(home, { $match: NOBODY }, { $merge: { into: into(db, 'spare') } }),
    allowed: ['ops'],
  },
  '$out into it': {
    run: (db, home) => aggregate(home, { $match: NOBODY }, { $out: into(db, 'spare') }),
    allowed: ['ops'],
  },
  insert: {
    run: (db) => {
      const now = new Date();
      return db
        .collection('sessions')
        .insertOne({ createdAt: now, updatedAt: now, tokenHash: String(new mongo.ObjectId()) });
    },
    allowed: ['serve', 'ops'],
  },
  update: { run: (db) => db.collection('users').updateOne(NOBODY, SET), allowed: ['serve', 'ops'] },
  findAndModify: {
    run: (db) => db.collection('users').findOneAndUpdate(NOBODY, SET),
    allowed: ['serve', 'ops'],
  },
  delete: { run: (db) => db.collection('users').deleteOne(NOBODY), allowed: ['serve', 'ops'] },
  'read what no class declares': { run: (db) => db.collection('spare').findOne(), allowed: ['ops'] },
  'read users and roles': { run: (db) => db.collection('system.users').findOne(), allowed: [] },
  listIndexes: { run: (db) => db.collection('users').listIndexes().toArray(), allowed: ['serve', 'ops'] },
  $indexStats: { run: (db) => aggregate(db, { $indexStats: {} }), allowed: ['ops'] },
  collStats: { run: (db) => db.command({ collStats: 'users' }), allowed: ['ops'] },
  dbStats: { run: (db) => db.command({ dbStats: 1 }), allowed: ['ops'] },
  'read the profile level': { run: (db) => db.command({ profile: -1 }), allowed: ['ops'] },
  createCollection: { run: (db) => db.createCollection('made'), allowed: ['ops'] },
  createIndex: { run: (db) => db.collection('users').createIndex({ spare: 1 }), allowed: ['ops'] },
  dropIndex: { run: (db) => db.collection('users').dropIndex('extra'), allowed: ['ops'] },
  collMod: { run: (db) => db.command({ collMod: 'users', validationLevel: 'strict' }), allowed: ['ops'] },
  'rename within': { run: (db) => rename(db, db, ['spare', 'moved']), allowed: ['ops'] },
  'rename into it': { run: (db, home) => rename(home, db, ['spare', 'moved']), allowed: ['ops'] },
  'rename out of it': { run: (db, home) => rename(db, home, ['spare', 'moved']), allowed: ['ops'] },
  drop: { run: (db) => db.collection('spare').drop(), allowed: ['ops'] },
  dropDatabase: { run: (db) => db.dropDatabase(), allowed: ['ops'] },
  createUser: {
    run: (db) => db.command({ createUser: 'mallory', pwd: 'mallory', roles: [] }),
    allowed: [],
  },
  createRole: {
    run: (db) => db.command({ createRole: 'mallory', privileges: [], roles: [] }),
    allowed: [],
  },
  'grant itself a role': {
    run: (db) => db.command({ grantRolesToUser: 'blog-serve', roles: ['readWrite'] }),
    allowed: [],
  },
  usersInfo: { run: (db) => db.command({ usersInfo: 1 }), allowed: [] },
};

/** Puts a database in the state that every action starts from. */
async function prepare(product: string): Promise<void> {
  const db = gateway.db(product);
  for (const name of ['made', 'moved', 'spare']) await db.collection(name).drop();
  await db.createCollection('spare');
  await db.collection('users').createIndex({ extra: 1 }, { name: 'extra' });
}

/** `allowed`, or the server's code for a refusal. */
async function outcome(work: Promise<unknown>): Promise<number | string> {
  try {
    await work;
    return 'allowed';
  } catch (error) {
    return error instanceof mongo.MongoServerError ? Number(error.code) : String(error);
  }
}

describe.each(PRODUCTS)('the credentials of %s', (product) => {
  const roles: readonly Role[] = ['serve', 'ops'];
  test.each(roles)('%s may do at home what is listed, and nothing elsewhere', async (role) => {
    const client = clients.get(`${product} ${role}`)!;
    const home = client.db(gateway.databases[product]);
    const [seen, expected]: Record<string, unknown>[] = [{}, {}];
    await Promise.all(PRODUCTS.map(prepare));
    for (const target of PRODUCTS) {
      const db = client.db(gateway.databases[target]);
      for (const [name, { run, allowed }] of Object.entries(ACTIONS)) {
        const cell = `${name} on ${target}`;
        seen![cell] = await outcome(run(db, home));
        // A refusal changes nothing, and what `serve` may do leaves collections and indexes as they are.
        if (seen![cell] === 'allowed' && !allowed.includes('serve')) await prepare(product);
        expected![cell] = target === product && allowed.includes(role) ? 'allowed' : UNAUTHORIZED;
      }
    }
    expect(seen).toEqual(expected);
  });

  test.each(roles)('%s sees no database but its own', async (role) => {
    const client = clients.get(`${product} ${role}`)!;
    const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
    expect(databases).toEqual([{ name: gateway.databases[product] }]);
    const command = { listDatabases: 1, nameOnly: true, authorizedDatabases: false };
    expect(await outcome(client.db('admin').command(command))).toBe(UNAUTHORIZED);
  });

  test.each(roles)('%s may do nothing with the server itself', async (role) => {
    const admin = clients.get(`${product} ${role}`)!.db('admin');
    const commands = [
      { aggregate: 1, pipeline: [{ $currentOp: { allUsers: true } }], cursor: {} },
      { getParameter: '*' },
      { serverStatus: 1 },
      { replSetGetStatus: 1 },
      { shutdown: 1 },
      { getLog: 'global' },
      { find: 'system.users' },
    ];
    for (const command of commands) expect(await outcome(admin.command(command))).toBe(UNAUTHORIZED);
  });
});

test('the serving credential may add transfers and read them, never change or remove one', async () => {
  const db = clients.get('aviation serve')!.db(gateway.databases['aviation']);
  const transfers = db.collection('ledger.transfers');
  const now = new Date();
  expect(await outcome(transfers.insertOne({ createdAt: now, updatedAt: now }))).toBe('allowed');
  expect(await outcome(transfers.findOne())).toBe('allowed');
  const attempts = [
    () => transfers.updateOne({}, { $set: { amount: 1 } }),
    () => transfers.updateMany({}, { $set: { amount: 1 } }),
    () => transfers.replaceOne({}, { amount: 1 }),
    () => transfers.findOneAndUpdate({}, { $set: { amount: 1 } }),
    () => transfers.deleteOne({}),
    () => transfers.findOneAndDelete({}),
    () => transfers.aggregate([{ $merge: { into: 'ledger.transfers' } }]).toArray(),
    () => transfers.aggregate([{ $out: 'ledger.transfers' }]).toArray(),
    () => db.collection('ledger.accounts').deleteOne({}),
  ];
  for (const attempt of attempts) expect(await outcome(attempt())).toBe(UNAUTHORIZED);
});
