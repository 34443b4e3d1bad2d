import { type AddressInfo, createServer } from 'node:net';
import mongoose, { type mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { CONTROL_COLLECTION, type Control } from '../../src/product/control.js';
import { createAccount, type StoredAccount, toStored } from '../../src/ledger/stored.js';
import { collectionOf } from '../../src/database/schema.js';
import { defineGateway } from '../../src/product/gateway.js';
import { serveGrants } from '../../src/product/grants.js';
import { findSurplus, provision } from '../../src/product/provision.js';
import type { Product } from '../../src/product/product.js';
import { createGatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { type KeeperOptions, ProductKeeper } from '../../src/server/runtime/product-keeper.js';
import { ProductRuntime } from '../../src/server/runtime/product-runtime.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';

const blog = config.products['blog']!;
const ROLE = 'bulkhead.serve';

let running: TestGateway;
let db: mongo.Db;
const cleanUps: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  running = await TestGateway.start();
  db = running.db('blog');
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
afterAll(() => running.close());

/** Keeps a connection of blog as the gateway does; what it logs from `warn` on is in `log`. */
function keep(options: Partial<KeeperOptions> = {}, product: Product = blog) {
  const log: string[] = [];
  const runtime = new ProductRuntime('blog', product);
  const keeper = new ProductKeeper(runtime, {
    uri: running.uris['blog'],
    production: false,
    neighbours: () => [],
    logger: createLogger('warn', { write: (line: string) => void log.push(line) }),
    ...options,
  });
  keeper.start();
  cleanUps.push(() => keeper.close());
  const { compartment } = runtime;
  const becomes = (state: string, reason = /^/) =>
    eventually(
      `${state} because ${reason.source}`,
      () => compartment.state === state && reason.test(compartment.reason),
    );
  return { runtime, keeper, compartment, becomes, log };
}

/** Gives blog's serving user a right on aviation's database; it is taken away again. */
async function widen(): Promise<() => Promise<unknown>> {
  const roles = [{ role: 'read', db: running.databases['aviation']! }];
  await db.command({ grantRolesToUser: 'blog-serve', roles });
  const narrow = () => db.command({ revokeRolesFromUser: 'blog-serve', roles });
  cleanUps.push(narrow);
  return narrow;
}

const wide = () => new RegExp(`reaches the database ${running.databases['aviation']}`);

describe('a credential that reaches further than its product', () => {
  test('parks it in production, says what to do, and it comes back when that is mended', async () => {
    const narrow = await widen();
    const { becomes, compartment } = keep({ production: true });
    await becomes('parked', wide());
    expect(compartment.reason).toContain('run `bulkhead provision blog`');
    await narrow();
    await becomes('ready');
  });

  test('is a warning in development, said once', async () => {
    await widen();
    const { becomes, log } = keep({ recheckMs: 20 });
    await becomes('ready');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(log).toHaveLength(1);
    expect(log[0]).toMatch(wide());
  });

  test('serves in production with `wideCredential`, and is a warning', async () => {
    await widen();
    const { becomes, log } = keep({ production: true }, { ...blog, wideCredential: 'moving hosts' });
    await becomes('ready');
    expect(JSON.parse(log[0]!)).toMatchObject({ level: 40, wideCredential: 'moving hosts' });
  });

  test('parks it while it serves, as soon as that is seen', async () => {
    const { becomes, compartment } = keep({ production: true, recheckMs: 50 });
    const changes: string[] = [];
    compartment.onChange((state) => changes.push(state));
    await becomes('ready');
    const narrow = await widen();
    await becomes('parked', wide());
    await narrow();
    await becomes('ready');
    expect(changes).toEqual(['ready', 'parked', 'ready']);
  });

  test('is never accepted beside another product on the same server', async () => {
    await widen();
    const products = { ...config.products, blog: { ...blog, wideCredential: 'moving hosts' } };
    const server = await createGatewayServer({
      gateway: defineGateway({ ...config, products }),
      environment: { ...running.environment, production: true },
      logger: createLogger('silent'),
    });
    cleanUps.push(() => server.close());
    await server.settled();
    const { compartment } = server.runtimes.get('blog')!;
    expect(compartment.state).toBe('parked');
    expect(compartment.reason).toContain('wideCredential is not accepted beside aviation on the same server');
    expect(server.runtimes.get('aviation')!.compartment.state).toBe('ready');

    const post = (path: string, query: string) =>
      server.app.inject({ method: 'POST', url: path, payload: { query } });
    const refused = await post('/graphql/blog', '{ posts { nodes { title } } }');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5']);
    const [error] = refused.json().errors;
    // Why is for the operator; the client learns that it is.
    expect([error.message, error.extensions]).toEqual([
      'blog is not available. It is parked.',
      { code: 'PRODUCT_UNAVAILABLE', product: 'blog' },
    ]);
    expect((await post('/graphql/aviation', '{ subjects { code } }')).json().data.subjects).toEqual([]);
    const ready = await server.app.inject({ url: '/health/ready' });
    expect([ready.statusCode, ready.json().products]).toEqual([
      200,
      { blog: { state: 'parked' }, aviation: { state: 'ready' } },
    ]);
  });
});

describe('a credential that may do too little', () => {
  test('parks it, names what is missing and the command, and it comes back by itself', async () => {
    const grants = serveGrants(running.server.runtimes.get('blog')!.classes);
    const privileges = Object.entries(grants).map(([collection, actions]) => ({
      resource: { db: db.databaseName, collection },
      actions: collection === 'posts' ? ['find', 'listIndexes'] : actions,
    }));
    const [before] = (await db.command({ rolesInfo: ROLE, showPrivileges: true }))['roles'];
    await db.command({ updateRole: ROLE, privileges });
    const restore = () => db.command({ updateRole: ROLE, privileges: before.privileges });
    cleanUps.push(restore);
    const { becomes, compartment } = keep();
    await becomes('parked', /grants are missing/);
    expect(compartment.reason).toBe(
      'grants are missing (posts: insert, update, remove): run `bulkhead provision blog`',
    );
    await restore();
    await becomes('ready');
  });
});

test.each(['read-only', 'parked'] as const)(
  '%s holds while the operator’s decision cannot be read, and is said once',
  async (mode) => {
    const control = db.collection<Control>(CONTROL_COLLECTION);
    const stamps = { createdAt: new Date(), updatedAt: new Date() };
    await control.insertOne({ _id: 'mode', mode, reason: 'a test', ...stamps });
    cleanUps.push(() => control.deleteMany({}));
    const { becomes, compartment, log } = keep();
    const holds = () =>
      mode === 'parked'
        ? compartment.state === 'parked'
        : compartment.state === 'ready' && compartment.isReadOnly;
    await eventually(`blog is ${mode}`, holds);
    const changes: string[] = [];
    compartment.onChange((state) => changes.push(state));

    const privilege = {
      resource: { db: db.databaseName, collection: CONTROL_COLLECTION },
      actions: ['find'],
    };
    const grant = () => db.command({ grantPrivilegesToRole: ROLE, privileges: [privilege] });
    await db.command({ revokePrivilegesFromRole: ROLE, privileges: [privilege] });
    cleanUps.push(grant);
    const told = () => log.filter((line) => line.includes('may not be read: the last decision holds'));
    await eventually('it is said', () => told().length > 0);
    // Some beats more.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([holds(), told().length, changes]).toEqual([true, 1, []]);

    await grant();
    await control.deleteMany({});
    await becomes('ready');
    await eventually('it takes writes', () => !compartment.isReadOnly);
  },
);

test('provision with a new declaration that needs less leaves the old gateway serving, until it is told to revoke', async () => {
  const { classes } = running.server.runtimes.get('blog')!;
  const next = classes.filter((one) => collectionOf(one) !== 'comments');
  const users = { serve: { user: 'blog-serve' }, ops: { user: 'blog-ops' } };
  const provisionWith = (declared: typeof classes, revoke: boolean) =>
    provision(running.admins.get('blog')!, {
      database: db.databaseName,
      classes: declared,
      ...users,
      revoke,
    });
  cleanUps.push(() => provisionWith(classes, true));
  const { becomes, compartment } = keep({ recheckMs: 50 });
  await becomes('ready');
  const changes: string[] = [];
  compartment.onChange((state) => changes.push(state));

  await provisionWith(next, false);
  // Several looks at the credential.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(changes).toEqual([]);
  expect(await findSurplus(db, next)).toEqual([
    expect.stringMatching(/^bulkhead\.serve: comments: (?=.*insert)(?=.*remove)/),
  ]);
  expect(await findSurplus(db, classes)).toEqual([]);

  await provisionWith(next, true);
  await becomes('parked', /grants are missing \(comments/);
  expect(await findSurplus(db, next)).toEqual([]);
  await provisionWith(classes, false);
  await becomes('ready');
});

describe('a wrong password', () => {
  test('parks its product only, tells nobody the string, and is mended on the server', async () => {
    const uri = new URL(running.uris['blog']!);
    const { password } = uri;
    uri.password = 'hunter2-hunter2';
    const environment = {
      ...running.environment,
      products: {
        ...running.environment.products,
        blog: { ...running.environment.products['blog'], uri: uri.href },
      },
    };
    const log: string[] = [];
    const server = await createGatewayServer({
      gateway: config,
      environment,
      logger: createLogger('debug', { write: (line: string) => void log.push(line) }),
    });
    cleanUps.push(() => server.close());
    await server.settled();
    const [ours, theirs] = ['blog', 'aviation'].map((name) => server.runtimes.get(name)!.compartment);
    expect([ours!.state, ours!.reason]).toEqual(['parked', 'the server refuses its credential']);
    await eventually('aviation serves', () => theirs!.state === 'ready');
    await eventually(
      'it was tried again',
      () => log.filter((line) => line.includes('attempt failed')).length > 1,
    );
    // Tried again and again, and logged once.
    expect(log.filter((line) => line.includes('blog is parked'))).toHaveLength(1);
    expect(log.join('')).not.toContain('hunter2');

    const setPassword = (pwd: string) => db.command({ updateUser: 'blog-serve', pwd });
    cleanUps.push(() => setPassword(password));
    await setPassword('hunter2-hunter2');
    await eventually('blog serves', () => ours!.state === 'ready');
  });

  test('is seen while it serves: a user that was removed parks its product', async () => {
    const { becomes, compartment } = keep({ recheckMs: 50 });
    await becomes('ready');
    const { password } = new URL(running.uris['blog']!);
    const create = () =>
      db.command({ createUser: 'blog-serve', pwd: password, roles: [{ role: ROLE, db: db.databaseName }] });
    await db.command({ dropUser: 'blog-serve' });
    let isBack = false;
    cleanUps.push(async () => isBack || create());
    await becomes('parked', /the server refuses its credential/);
    await expect(compartment.enter(new AbortController().signal)).rejects.toThrow(/It is parked/);
    await create();
    isBack = true;
    await becomes('ready');
  });
});

test('an operation that is refused the credential says so, and has it looked at before its time', async () => {
  const { compartment } = running.server.runtimes.get('blog')!;
  const ask = () => running.ask('blog', '{ posts(first: 1) { nodes { title } } }');
  // Other tests have removed the user, and made it again.
  await eventually('blog answers', async () => (await ask()).body.errors === undefined);
  const grant = (roles: readonly { role: string; db: string }[]) =>
    db.command({ updateUser: 'blog-serve', roles });
  const roles = [{ role: ROLE, db: db.databaseName }];
  cleanUps.push(() => grant(roles));
  await grant([]);
  const { body } = await ask();
  expect(body.errors[0]).toMatchObject({
    message: 'blog is not available. Its database refuses its credential.',
    extensions: { code: 'PRODUCT_UNAVAILABLE', product: 'blog' },
  });
  await eventually('blog is parked', () => compartment.state === 'parked');
  expect(compartment.reason).toMatch(/grants are missing|refuses its credential/);
  await grant(roles);
  await eventually('blog is ready', () => compartment.state === 'ready');
});

test('a product that was parked while it served has its ledger again, and its old connection is forgotten', async () => {
  const aviation = running.db('aviation');
  const { compartment } = running.server.runtimes.get('aviation')!;
  const [to, owner] = [new mongoose.Types.ObjectId(), new mongoose.Types.ObjectId()];
  const account = createAccount({ _id: to, owner, user: null, unit: 'credit' }, new Date());
  await aviation.collection<StoredAccount>('ledger.accounts').insertOne(toStored(account));
  const token = await running.operator();
  const issue = async (idempotencyKey: string) => {
    const input = { to: String(to), amount: 1, reason: 'parked', idempotencyKey };
    const query = 'mutation ($input: IssueCreditsInput!) { issueCredits(input: $input) { amount } }';
    return (await running.ask('aviation', query, { token, variables: { input } })).body;
  };
  const issued = { data: { issueCredits: { amount: 1 } } };
  expect(await issue('before')).toEqual(issued);
  const connections = mongoose.connections.length;

  const grant = (roles: readonly { role: string; db: string }[]) =>
    aviation.command({ updateUser: 'aviation-serve', roles });
  const roles = [{ role: ROLE, db: aviation.databaseName }];
  cleanUps.push(() => grant(roles));
  await grant([]);
  expect((await issue('meanwhile')).errors[0].extensions.code).toBe('PRODUCT_UNAVAILABLE');
  await eventually('aviation is parked', () => compartment.state === 'parked');
  await grant(roles);
  await eventually('aviation is ready', () => compartment.state === 'ready');
  expect(await issue('after')).toEqual(issued);
  expect(mongoose.connections).toHaveLength(connections);
});

test.each([
  ['a file that is not there', '&tls=true&tlsCAFile=/nope.pem', /ENOENT.*\/nope\.pem/],
  ['a port where nobody listens', undefined, /ECONNREFUSED 127\.0\.0\.1:1\b/],
])('%s is named in the log, once, and without the credential', async (_what, more, why) => {
  const uri = new URL(running.uris['blog']!);
  if (more === undefined) uri.host = '127.0.0.1:1';
  // Long enough for the refusal of the port to be heard of before the attempt is given up.
  const shortest = { ...blog, limits: { ...blog.limits, deadlineMs: 500 } };
  const log: string[] = [];
  const logger = createLogger('debug', { write: (line: string) => void log.push(line) });
  const { becomes } = keep({ uri: `${uri.href}${more ?? ''}`, logger }, shortest);
  await becomes('parked', /cannot be reached/);
  const attempts = () =>
    log
      .map((line) => JSON.parse(line) as { level: number; msg: string })
      .filter(({ msg }) => msg.includes('attempt failed'));
  await eventually('it was tried again', () => attempts().length >= 3);
  const [first, ...others] = attempts();
  expect(first).toMatchObject({ level: 40, product: 'blog', why: expect.stringMatching(why) });
  expect(new Set(others.map(({ level }) => level))).toEqual(new Set([20]));
  expect(log.join('')).not.toContain(uri.password);
});

test('a product without a connection string is parked, and the variable named', () => {
  const { compartment } = keep({ uri: undefined });
  expect([compartment.state, compartment.reason]).toEqual([
    'parked',
    'no connection string: set BLOG_MONGODB_URI',
  ]);
});

test('a gateway that stops while it connects says nothing of its products, and waits for nobody', async () => {
  // Accepts connections and never says a word.
  const silent = createServer();
  await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  cleanUps.push(() => new Promise((resolve) => silent.close(resolve)));
  const patient = { ...blog, limits: { ...blog.limits, deadlineMs: 60_000 } };
  const { compartment, keeper } = keep(
    { uri: `mongodb://u:p@127.0.0.1:${port}/blog?directConnection=true` },
    patient,
  );
  await new Promise((resolve) => silent.once('connection', resolve));
  const stoppedAt = Date.now();
  await keeper.close();
  expect(Date.now() - stoppedAt).toBeLessThan(patient.limits.deadlineMs / 2);
  expect([compartment.state, compartment.reason]).toEqual(['open', 'connecting']);
});
