import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import config from '../../bulkhead.config.js';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import { type Answer, TestGateway } from '../support/gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-control-'));
let gateway: TestGateway;
let host: CommandHost;
const logged: Record<string, unknown>[] = [];
const run = (args: string) =>
  host.run(args.split(' '), {
    BLOG_MONGODB_URI: gateway.uris['blog']!,
    BLOG_OPS_MONGODB_URI: gateway.opsUris['blog']!,
    AVIATION_MONGODB_URI: gateway.uris['aviation']!,
  });

beforeAll(async () => {
  [gateway] = await Promise.all([
    TestGateway.start({
      scale: 0.02,
      env: { BULKHEAD_LOG_LEVEL: 'info' },
      log: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    }),
    copyBuiltProject(folder),
  ]);
  host = new CommandHost(folder);
});
afterAll(async () => {
  host.end();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const POSTS = '{ posts(first: 1) { nodes { title } } }';
const codes = ({ body }: Answer) =>
  ((body.errors ?? []) as { extensions: { code: string } }[]).map(({ extensions }) => extensions.code);
const compartment = () => gateway.server.runtimes.get('blog')!.compartment;
const health = async () =>
  ((await (await fetch(`${gateway.address}/health/ready`)).json()) as { products: Record<string, object> })
    .products['blog'];

test('park refuses a product’s operations without a restart, and resume lets it serve again', async () => {
  const { code, stdout } = await run('product park blog --reason moving');
  expect([code, stdout]).toEqual([0, 'blog is parked: its operations are answered PRODUCT_UNAVAILABLE.\n']);
  await eventually('blog is parked', () => compartment().state === 'parked');
  const refused = await gateway.ask('blog', POSTS);
  expect([refused.status, codes(refused)]).toEqual([503, ['PRODUCT_UNAVAILABLE']]);
  expect(JSON.stringify(refused.body)).not.toContain('moving');
  expect(await health()).toEqual({ state: 'parked' });
  expect((await gateway.ask('aviation', '{ subjects { code } }')).body.data.subjects).toHaveLength(13);

  // A gateway that starts meanwhile obeys from its first operation on.
  const second = await createGatewayServer({
    gateway: config,
    environment: gateway.environment,
    logger: createLogger('silent'),
  });
  await second.settled();
  expect(second.runtimes.get('blog')!.compartment.reason).toBe('by an operator: moving');
  await second.close();

  expect((await run('product resume blog --json')).stdout).toBe(
    '{"ok":true,"product":"blog","mode":"serving"}\n',
  );
  await eventually('blog serves', () => compartment().state === 'ready');
  expect((await gateway.ask('blog', POSTS)).body.data.posts.nodes).toHaveLength(1);
  const states = logged.filter(({ product, state }) => product === 'blog' && state).map(({ state }) => state);
  // On a machine that keeps it waiting its database may seem away for a moment.
  expect(states.filter((state) => state !== 'open').join(' ')).toMatch(/^(ready )+parked( ready)+$/);
});

test('read-only answers queries and refuses every write, on both ways in', async () => {
  const { token } = await gateway.signUp('blog');
  expect((await run('product read-only blog --reason migration')).code).toBe(0);
  await eventually('blog is read-only', () => compartment().isReadOnly);
  expect(await health()).toEqual({ state: 'ready', readOnly: true });
  const commands = await gateway.commandsOf(async () => {
    for (const query of [POSTS, '{ viewer { id } }', '{ signUpsPerDay(month: "2026-11") { day count } }'])
      expect((await gateway.ask('blog', query, { token })).body.errors).toBeUndefined();
    const refused = await gateway.ask('blog', 'mutation { signOut }', { token });
    expect([refused.status, codes(refused), refused.headers.get('retry-after')]).toEqual([
      503,
      ['PRODUCT_UNAVAILABLE'],
      '5',
    ]);
    const composed = await gateway.ask(undefined, 'mutation { blogSignOut aviationSignOut }', { token });
    expect([composed.status, codes(composed)]).toEqual([200, ['PRODUCT_UNAVAILABLE']]);
    expect(composed.body.data).toEqual({ blogSignOut: null, aviationSignOut: false });
  });
  expect(commands.filter(({ product }) => product === 'blog').map(({ name }) => name)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/insert|update|delete|findAndModify/)]),
  );
  await run('product resume blog');
  await eventually('blog takes writes', () => !compartment().isReadOnly);
  expect((await gateway.ask('blog', 'mutation { signOut }', { token })).body.data).toEqual({ signOut: true });
  expect(logged.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(['blog is read-only', 'blog takes writes again']),
  );
});

test('statistics wait while it is read-only, and are written afterwards', async () => {
  const second = await createGatewayServer({
    gateway: config,
    environment: gateway.environment,
    logger: createLogger('silent'),
    statsEveryMs: 50,
  });
  const stats = gateway.db('blog').collection('_bulkhead.stats');
  const ask = () =>
    second.app.inject({ method: 'POST', url: '/graphql/blog', payload: { query: `query Counted ${POSTS}` } });
  const kept = () => stats.countDocuments({ operation: 'Counted' });
  try {
    await second.settled();
    await run('product read-only blog --reason backup');
    const { compartment, recorder } = second.runtimes.get('blog')!;
    await eventually('blog is read-only', () => compartment.isReadOnly);
    expect((await ask()).statusCode).toBe(200);
    // As long as ten writes would take.
    await sleep(500);
    expect(await kept()).toBe(0);
    expect(recorder!.droppedInAll).toBe(0);
    await run('product resume blog');
    await eventually('they are written', async () => (await kept()) > 0);
  } finally {
    await second.close();
  }
});

test.each([
  'product park blog',
  'product resume blog',
  'operations push',
  'status',
  'indexes plan',
  'schema check',
])('%s needs the ops credentials alone, in production too', async (args) => {
  const { code, stdout, stderr } = await host.run(args.split(' '), {
    NODE_ENV: 'production',
    PORT: new URL(gateway.address).port,
    BLOG_OPS_MONGODB_URI: gateway.opsUris['blog'],
    AVIATION_OPS_MONGODB_URI: gateway.opsUris['aviation'],
  });
  expect([code, stderr]).toEqual([0, '']);
  if (args === 'schema check') expect(stdout).toContain('of the database');
  if (args === 'product resume blog') await eventually('blog serves', () => compartment().state === 'ready');
});

test('says in production which credential is missing', async () => {
  const { code, stderr } = await host.run(['product', 'park', 'blog'], { NODE_ENV: 'production' });
  expect([code, stderr]).toEqual([2, expect.stringContaining('BLOG_OPS_MONGODB_URI: expected')]);
});

test('a product that is not there is exit code 2', async () => {
  const { code, stderr } = await run('product park nothing');
  expect([code, stderr]).toEqual([2, expect.stringContaining('no such product')]);
});

test.each([
  [
    'a wrong password',
    (uri: URL) => (uri.password = 'hunter2-hunter2'),
    /refuses the ops credential of blog/,
  ],
  [
    'a file that is missing',
    (uri: URL) => (uri.search += '&tls=true&tlsCAFile=/nope.pem'),
    /cannot be used: ENOENT.*\/nope\.pem/,
  ],
])('%s in the ops connection string is a mistake of configuration, by name', async (_what, spoil, why) => {
  const uri = new URL(gateway.opsUris['blog']!);
  spoil(uri);
  const { code, stdout, stderr } = await host.run(['product', 'park', 'blog'], {
    BLOG_MONGODB_URI: gateway.uris['blog']!,
    BLOG_OPS_MONGODB_URI: uri.href,
    AVIATION_MONGODB_URI: gateway.uris['aviation']!,
  });
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(why)]);
  expect(stderr).toContain('BLOG_OPS_MONGODB_URI: ');
  expect(stderr).not.toContain(uri.password);
});
