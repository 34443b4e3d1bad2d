import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { Receiver } from '../../src/jobs/jobs.test.support.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost, Running } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';

// Whole processes, on a machine that other test files keep busy; and a minute is promised.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const LINE = 'index({ status: 1, publishedAt: -1, _id: -1 })';
const OTHER_LINE = 'index({ publishedAt: -1, _id: -1 })';
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-advise-'));
const compiled = join(folder, 'dist/schema/blog/post.js');
/** Makes the databases; what is asked is a gateway of the copy. */
let gateway: TestGateway;
let receiver: Receiver;
let env: Record<string, string>;
const hosts: CommandHost[] = [];
/** A process of its own for each state of the class: modules are loaded once. */
const run = (args: string) => {
  const host = new CommandHost(folder);
  hosts.push(host);
  return host.run(args.split(' '), env);
};
const started: Running[] = [];
/** What runs for as long as a class stays as it is: the gateway, or the worker. */
const begin = (...args: string[]): Running => {
  const running = new Running(process.execPath, [join(folder, 'dist/src/cli/main.js'), ...args], {
    cwd: folder,
    env: { ...env, PORT: '0' },
  });
  started.push(running);
  return running;
};
const end = async (running: Running) => {
  process.kill(running.pid, 'SIGTERM');
  expect((await running.ended).code).toBe(0);
};

beforeAll(async () => {
  [gateway, receiver] = await Promise.all([
    TestGateway.start({ scale: 0.6 }),
    Receiver.start(),
    copyBuiltProject(folder),
  ]);
  env = {
    BLOG_MONGODB_URI: gateway.uris['blog']!,
    BLOG_OPS_MONGODB_URI: gateway.opsUris['blog']!,
    AVIATION_MONGODB_URI: gateway.uris['aviation']!,
    AVIATION_OPS_MONGODB_URI: gateway.opsUris['aviation']!,
    BULKHEAD_ALERT_WEBHOOK: receiver.url,
    BULKHEAD_MONGOD: inject('mongodBinary'),
  };
});
afterAll(async () => {
  for (const running of started) running.kill();
  for (const host of hosts) host.end();
  await Promise.all([gateway.close(), receiver.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const serve = async () => {
  const running = begin('start', 'blog');
  const [, address] = await running.says(/"listening":"(http[^"]+)"/);
  await eventually('the gateway is ready', async () => (await fetch(`${address}/health/ready`)).ok, 60_000);
  return { running, address: address! };
};
async function front(address: string, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const answer = await fetch(`${address}/graphql/blog`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query Front { posts(first: 10) { nodes { title } } }' }),
    });
    expect(await answer.json()).toEqual({ data: { posts: { nodes: expect.any(Array) } } });
  }
}
const examined = async () => {
  const find = {
    find: 'posts',
    filter: { status: 'PUBLISHED' },
    sort: { publishedAt: -1, _id: -1 },
    limit: 10,
  };
  const { executionStats } = await gateway.db('blog').command({ explain: find, verbosity: 'executionStats' });
  return (executionStats as { totalDocsExamined: number }).totalDocsExamined;
};

/** What the webhook was posted of the list's shape. */
const told = () =>
  receiver.received
    .map(({ kind, finding }) => [kind, (finding as { rule: string } | undefined)?.rule])
    .filter(([, rule]) => rule === 'collection-scan');

test('a lacking index is seen, told, advised by its very line, built, and the finding resolved', async () => {
  const whole = readFileSync(compiled, 'utf8');
  const without = (...lines: string[]) =>
    lines.reduce((text, line) => text.replace(line, '() => undefined'), whole);
  expect(whole).toContain(LINE);
  writeFileSync(compiled, without(LINE, OTHER_LINE));
  const posts = gateway.db('blog').collection('posts');
  for (const name of ['status_1_publishedAt_-1__id_-1', 'publishedAt_-1__id_-1']) await posts.dropIndex(name);
  const before = await examined();
  expect(before).toBe(await posts.countDocuments());

  const first = await serve();
  await front(first.address, 30);
  const kept = async () => {
    const rows = gateway
      .db('blog')
      .collection(STATS_COLLECTION)
      .find({ kind: 'operations', operation: 'Front' });
    return (await rows.toArray()).reduce((sum, { calls }) => sum + Number(calls), 0);
  };
  await eventually('the gateway has written what it counted', async () => (await kept()) === 30, 60_000);
  const worker = begin('work', 'blog');
  // A minute is promised.
  await eventually('the webhook has fired', () => told().length > 0, 120_000);
  expect(told()).toEqual([['finding', 'collection-scan']]);
  await worker.says(
    /"rule":"collection-scan".*"msg":"find on posts by Front, Query\.posts reads 1,200 documents/,
  );
  const slow = await run('slow blog');
  expect(slow.stdout).toMatch(
    /1,200 → 11 {2}SCAN SORT {2}posts\.find\({status}\)\.sort\({publishedAt: -1, _id: -1}\)/,
  );
  expect(slow.stdout).toContain('Front Query.posts');

  const advice = await run('indexes advise blog --since 1h');
  expect([advice.code, advice.stderr]).toEqual([1, '']);
  expect(advice.stdout).toContain(`add     posts  @${LINE}`);
  expect(advice.stdout).toContain('on Post (schema/blog/post.ts)');
  expect(advice.stdout).toContain('by Query.posts of Front, 30 calls');
  expect(advice.stdout).toContain(`${before.toLocaleString('en')} documents (all are read), 0 keys`);
  expect(advice.stdout).toContain('bulkhead indexes apply blog');
  expect(advice.stdout.match(/add {5}/g)).toHaveLength(1);
  expect(advice.stdout).not.toContain('PUBLISHED');
  // Nothing was done to the product.
  expect(await examined()).toBe(before);

  // Put back.
  writeFileSync(compiled, without(OTHER_LINE));
  const declared = await run('indexes advise blog --since 1h --json');
  const facts = JSON.parse(declared.stdout) as { ok: boolean; products: { missing: { name: string }[] }[] };
  expect([declared.code, facts.ok, facts.products[0]!.missing.map(({ name }) => name)]).toEqual([
    0,
    true,
    ['status_1_publishedAt_-1__id_-1'],
  ]);

  expect((await run('indexes apply blog --yes')).code).toBe(0);
  const after = await examined();
  process.stdout.write(`documents examined: ${before} before, ${after} after\n`);
  expect(after).toBe(10);

  // What was changed is rolled out: gateway and worker know the class as it is now.
  await Promise.all([end(first.running), end(worker)]);
  const second = await serve();
  await front(second.address, 5);
  const next = begin('work', 'blog');
  await next.says(/"rule":"collection-scan".*"msg":"resolved"/, { withinMs: 120_000 });
  await eventually('the webhook was told', () => told().length > 1, 120_000);
  await end(second.running);
  const { stdout } = await run('work blog --once');
  expect(stdout).toMatch(/^blog is watched by another worker/m);
  expect(stdout).not.toContain('collection-scan');
  await end(next);
  expect(told()).toEqual([
    ['finding', 'collection-scan'],
    ['resolved', 'collection-scan'],
  ]);
  expect(JSON.stringify(receiver.received)).not.toContain('PUBLISHED');
  const again = await run('indexes advise blog --since 1h');
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('blog: no advice')]);
});

test('in production a scratch server is named, and is not the one that serves', async () => {
  const secret = () => randomBytes(32).toString('hex');
  const production = {
    ...env,
    NODE_ENV: 'production',
    BULKHEAD_COMPOSED: 'off',
    BLOG_JWT_SECRET: secret(),
    AVIATION_JWT_SECRET: secret(),
    AVIATION_MONGODB_URI: gateway.uris['aviation']!,
  };
  const host = new CommandHost(folder);
  hosts.push(host);
  const advise = (more: Record<string, string>) =>
    host.run(['indexes', 'advise', 'blog'], { ...production, ...more });
  expect(await advise({})).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('BULKHEAD_SCRATCH_URI: expected in production'),
  });
  const own = gateway.opsUris['blog']!;
  const alias = own.replace('127.0.0.1', 'localhost');
  expect(alias).not.toBe(own);
  for (const uri of [own, alias])
    expect(await advise({ BULKHEAD_SCRATCH_URI: uri })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected a throw-away server, got the one of a product (blog)'),
    });
});
