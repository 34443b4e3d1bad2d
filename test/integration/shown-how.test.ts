import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Receiver } from '../../src/jobs/jobs.test.support.js';
import { writeStats } from '../../src/monitor/stats.js';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost } from '../support/command.js';
import { TestGateway } from '../support/gateway.js';

const LINE = 'index({ status: 1, publishedAt: -1, _id: -1 })';
const OTHER_LINE = 'index({ publishedAt: -1, _id: -1 })';
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-advise-'));
const compiled = join(folder, 'dist/schema/blog/post.js');
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
  for (const host of hosts) host.end();
  await Promise.all([gateway.close(), receiver.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const front = () => gateway.ask('blog', 'query Front { posts(first: 10) { nodes { title } } }');
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

  for (let n = 0; n < 30; n += 1) expect((await front()).body.errors).toBeUndefined();
  const { link, recorder } = gateway.server.runtimes.get('blog')!;
  await writeStats(link.db, 'blog', recorder!.drain(), new Date());

  const seen = await run('work blog --once');
  expect(seen.stdout).toMatch(/amber +collection-scan +.*posts/);
  expect(told()).toEqual([['finding', 'collection-scan']]);
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

  writeFileSync(compiled, without(OTHER_LINE));
  const declared = await run('indexes advise blog --since 1h --json');
  const facts = JSON.parse(declared.stdout) as { ok: boolean; products: { missing: { name: string }[] }[] };
  expect([declared.code, facts.ok, facts.products[0]!.missing.map(({ name }) => name)]).toEqual([
    0,
    true,
    ['status_1_publishedAt_-1__id_-1'],
  ]);

  expect((await run('indexes apply blog --yes')).code).toBe(0);
  expect((await front()).body.errors).toBeUndefined();
  const after = await examined();
  process.stdout.write(`documents examined: ${before} before, ${after} after\n`);
  expect(after).toBe(10);

  for (let n = 0; n < 5; n += 1) await front();
  await writeStats(link.db, 'blog', recorder!.drain(), new Date());
  expect((await run('work blog --once')).stdout).not.toContain('collection-scan');
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
  expect(await advise({ BULKHEAD_SCRATCH_URI: gateway.opsUris['blog']! })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected a throw-away server, got the one of a product'),
  });
});
