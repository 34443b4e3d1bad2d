import { readFileSync } from 'node:fs';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectReach } from '../../src/database/privileges.js';
import {
  type ProvisionedProducts,
  provisionProducts,
  type SignedIn,
} from '../support/provisioned-products.js';
import {
  type Action,
  COLLECTION_ACTIONS,
  DATABASE_ACTIONS,
  EXTRA,
  MADE,
  MOVED,
  type Place,
  SERVER_ACTIONS,
} from '../support/server-actions.js';

let products: ProvisionedProducts;
beforeAll(async () => {
  products = await provisionProducts();
  // What follows tries to shut the server down, and worse: not with a user who could.
  for (const { client, product } of products.users)
    if ((await inspectReach(client.db(products.databases[product]), {})).beyond.length > 0)
      throw new Error(`a user of ${product} reaches beyond it`);
});
afterAll(() => products.remove());

const PRODUCTS = ['blog', 'aviation'] as const;
const LETTER = { serve: 'S', ops: 'O' } as const;

/** A column of a table: places that have to be alike; `own` are names in the user's own database. */
interface Column {
  readonly title: string;
  readonly own?: readonly string[];
  readonly elsewhere?: (foreign: string) => readonly (readonly [database: string, collection: string])[];
  /** For collections that one product has. */
  readonly product?: (typeof PRODUCTS)[number];
}

const COLLECTIONS: readonly Column[] = [
  { title: 'declared', own: ['users', 'sessions'] },
  { title: '`auditentries`', own: ['auditentries'], product: 'blog' },
  { title: '`ledger.accounts`', own: ['ledger.accounts'], product: 'aviation' },
  { title: '`ledger.transfers`', own: ['ledger.transfers'], product: 'aviation' },
  { title: '`_bulkhead.stats`', own: ['_bulkhead.stats'] },
  {
    title: '`_bulkhead.operations`, `_bulkhead.control`',
    own: ['_bulkhead.operations', '_bulkhead.control'],
  },
  { title: 'undeclared', own: ['spare', '_bulkhead.sample'] },
  { title: '`system.profile`', own: ['system.profile'] },
  { title: '`system.*`', own: ['system.js', 'system.views', 'system.users'] },
  {
    title: 'elsewhere',
    elsewhere: (foreign) => [
      ...['users', 'spare', '_bulkhead.control', 'system.profile'].map((name) => [foreign, name] as const),
      ...['system.users', 'system.roles', 'system.version', 'spare'].map((name) => ['admin', name] as const),
      ...['oplog.rs', 'system.replset', 'startup_log'].map((name) => ['local', name] as const),
      ...['transactions', 'system.sessions', 'image_collection'].map((name) => ['config', name] as const),
    ],
  },
];
const DATABASES: readonly Column[] = [
  { title: 'own', own: [''] },
  {
    title: 'elsewhere',
    elsewhere: (foreign) =>
      [foreign, 'admin', 'local', 'config', 'nowhere'].map((name) => [name, ''] as const),
  },
];
const SERVER: readonly Column[] = [{ title: 'the server', elsewhere: () => [['admin', '']] }];

const UNAUTHORIZED = 13;
/** Answered to everybody before rights are asked: stages that take another database's collection, or internal ones. */
const NOT_OFFERED = new Set<unknown>([9, 115, 40_415]);

/** Whether the server let somebody do something, however it then went. */
async function isAllowed(work: Promise<unknown>, isElsewhere: boolean): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError)) throw error;
    return error.code !== UNAUTHORIZED && !(isElsewhere && NOT_OFFERED.has(error.code));
  }
}

/** Puts a collection, and what actions make, in the state that every action starts from. */
async function restore(db: mongo.Db, name: string): Promise<void> {
  for (const one of [MADE, MOVED]) await db.collection(one).drop();
  for (const one of name.startsWith('system.') ? ['spare'] : ['spare', name]) {
    const [there] = await db.listCollections<mongo.CollectionInfo>({ name: one }).toArray();
    if (there?.options?.['capped']) await db.collection(one).drop();
    if (!there || there.options?.['capped']) await db.createCollection(one);
    const indexes = await db.collection(one).indexes();
    if (indexes.some((index) => index.name === MADE)) await db.collection(one).dropIndex(MADE);
    await db.collection(one).createIndex({ [EXTRA]: 1 }, { name: EXTRA });
  }
}

/** What the users of a product may do in a column's places: their letters, or a list of them where places differ. */
async function cell<Target>(
  { run, changes }: Action<Target>,
  { own = [], elsewhere }: Column,
  product: (typeof PRODUCTS)[number],
  target: (db: mongo.Db, name: string) => Target,
): Promise<string> {
  const home = products.databases[product]!;
  const foreign = products.databases[PRODUCTS.find((one) => one !== product)!]!;
  const places = [...own.map((name) => [home, name] as const), ...(elsewhere?.(foreign) ?? [])];
  const found = new Set<string>();
  for (const [database, name] of places) {
    let letters = '';
    for (const { role, client } of usersOf(product)) {
      const at = target(client.db(database), name);
      if (!(await isAllowed(run(at, client.db(home)), name !== '' && database !== home))) continue;
      letters += LETTER[role];
      if (changes && database === home) await restore(products.admin.db(home), name || 'spare');
    }
    found.add(letters || '·');
  }
  return [...found].sort().join(' or ');
}

const usersOf = (of: string): readonly SignedIn[] => products.users.filter(({ product }) => product === of);

/** Performs every action in every place as every user, and writes who may; actions that are alike share a row. */
async function tableOf<Target>(
  actions: Readonly<Record<string, Action<Target>>>,
  columns: readonly Column[],
  target: (db: mongo.Db, name: string) => Target,
): Promise<string> {
  const rows = new Map<string, string[]>();
  for (const [name, action] of Object.entries(actions)) {
    const cells: string[] = [];
    for (const column of columns) {
      const found = new Set<string>();
      for (const product of column.product ? [column.product] : PRODUCTS)
        found.add(await cell(action, column, product, target));
      cells.push([...found].join(' or '));
    }
    const key = cells.join(' | ');
    rows.set(key, [...(rows.get(key) ?? []), name]);
  }
  return [
    `| Action | ${columns.map(({ title }) => title).join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...[...rows].map(([cells, names]) => `| ${names.join('; ')} | ${cells} |`),
  ].join('\n');
}

/** The tables on the page, in order. */
const promised = (): string[] => {
  const page = readFileSync(new URL('../../docs/isolation.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| Action \|.*\n(?:\|.*\n)+/gm)].map(([table]) => table.trimEnd());
};

const databaseItself = (db: mongo.Db) => db;

test('every user that provisioning makes is tried', async () => {
  for (const product of PRODUCTS) {
    const { users } = await products.admin.db(products.databases[product]).command({ usersInfo: 1 });
    expect(users.map((one: { user: string }) => one.user).sort()).toEqual(
      usersOf(product)
        .map(({ role }) => `${product}-${role}`)
        .sort(),
    );
  }
});

test('on each collection only what docs/isolation.md lists is allowed', async () => {
  for (const product of PRODUCTS)
    for (const name of COLLECTIONS.filter((one) => (one.product ?? product) === product).flatMap(
      ({ own = [] }) => own,
    ))
      await restore(products.admin.db(products.databases[product]), name);
  const place = (db: mongo.Db, name: string): Place => ({ db, name });
  expect(await tableOf(COLLECTION_ACTIONS, COLLECTIONS, place)).toBe(promised()[0]);
});

test('on each database', async () => {
  expect(await tableOf(DATABASE_ACTIONS, DATABASES, databaseItself)).toBe(promised()[1]);
});

test('on the server', async () => {
  expect(await tableOf(SERVER_ACTIONS, SERVER, databaseItself)).toBe(promised()[2]);
});

test('nobody sees a database but its own', async () => {
  for (const { product, client } of products.users) {
    const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
    expect(databases).toEqual([{ name: products.databases[product] }]);
  }
});

test('it is the grants that refuse: an administrator may do all that leaves the server as it is', async () => {
  const { admin, databases } = products;
  const home = admin.db(databases['blog']);
  const refused: string[] = [];
  const attempt = async (name: string, work: Promise<unknown>) => {
    if (!(await isAllowed(work, false))) refused.push(name);
  };
  for (const [name, { run, changes }] of Object.entries(SERVER_ACTIONS))
    if (!changes) await attempt(name, run(admin.db('admin'), home));
  for (const [name, { run, changes }] of Object.entries(COLLECTION_ACTIONS)) {
    await attempt(name, run({ db: home, name: 'comments' }, home));
    if (changes) await restore(home, 'comments');
  }
  // Last: among these is the end of the users and of the database.
  for (const [name, { run }] of Object.entries(DATABASE_ACTIONS)) await attempt(name, run(home, home));
  expect(refused).toEqual([]);
});
