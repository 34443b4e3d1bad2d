import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeStats } from '../../src/monitor/stats/stats.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost, Running } from '../support/command.js';
import { TestGateway } from '../support/gateway.js';
import { storeFinding, storePlan } from '../support/monitor-documents.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-monitor-'));
let gateway: TestGateway;
let host: CommandHost;
let env: Record<string, string>;
const run = (args: string, more: Record<string, string | undefined> = {}) =>
  host.run(args.split(' '), { ...env, ...more });

type Shape = { shape: string; words: string; calls: number; collection: string };
type Slow = {
  ok: boolean;
  products: { product: string; problem?: string; empty?: string; shapes?: Shape[] }[];
};
const slow = async (args = '') => JSON.parse((await run(`slow --json${args}`)).stdout) as Slow;
const stats = (product: string) => gateway.db(product).collection(STATS_COLLECTION);
const shapeOf = async (collection: string) =>
  (await slow()).products[0]!.shapes!.find((one) => one.collection === collection)!.shape;

beforeAll(async () => {
  [gateway] = await Promise.all([TestGateway.start({ scale: 0.02 }), copyBuiltProject(folder)]);
  host = new CommandHost(folder);
  env = { PORT: new URL(gateway.address).port };
  for (const name of ['blog', 'aviation'])
    env[`${name.toUpperCase()}_OPS_MONGODB_URI`] = gateway.opsUris[name]!;
  const { link, recorder } = gateway.server.runtimes.get('blog')!;
  for (let i = 0; i < 3; i += 1) await gateway.ask('blog', POSTS);
  await writeStats(link.db, 'blog', recorder!.drain(), new Date());
});
afterAll(async () => {
  host.end();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('slow', () => {
  test('lists shapes in words with figures, origin, plan and worst finding', async () => {
    const posts = await shapeOf('posts');
    await storePlan(gateway.db('blog'), posts);
    await storeFinding(gateway.db('blog'), { subject: { shape: posts } });
    const { code, stdout, stderr } = await run('slow blog --sort examined');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      /^blog {2}since \d{4}-\d\d-\d\d \d\d:00: 6 commands of 2 shapes, [\d.]+ m?s in all$/,
    );
    expect(lines[1]).toMatch(/^ {2}shape +calls +total +mean +p95 +examined → returned +plan +query$/);
    expect(lines[2]).toMatch(
      /^ {2}[\da-f]{10} +3 +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +8,500 → 4 +SCAN SORT +posts\.find\(\{/,
    );
    expect(lines[2]).toContain('.sort({publishedAt: -1, _id: -1})');
    expect(lines[3]!.trim()).toBe('Front Query.posts');
    expect(lines[4]!.trim()).toBe('red collection-scan: Reads 8,500 documents to return 4.');
    // Not explained yet.
    expect(lines[5]).toMatch(/ +– +– +users\.find\(\{_id in \[/);
  });

  test('orders, limits and says all as JSON', async () => {
    const { ok, products } = await slow(' --sort calls --limit 1 --since 7d');
    expect(ok).toBe(true);
    expect(products.map(({ product, shapes }) => [product, shapes!.length])).toEqual([
      ['blog', 1],
      ['aviation', 0],
    ]);
    expect(products[0]).toMatchObject({ all: 2, calls: 6, dropped: 0 });
    expect(products[0]!.shapes![0]).toMatchObject({
      calls: 3,
      origins: [{ operation: 'Front', calls: 3 }],
    });
  });

  test.each([
    [{}, /no traffic yet/],
    [{ BULKHEAD_MONITOR: 'false' }, /BULKHEAD_MONITOR is off here/],
    [{ PORT: '1' }, /no gateway listens at http:\/\/127\.0\.0\.1:1/],
  ])('says why there is nothing to show: %j', async (more, why) => {
    const { code, stdout } = await run('slow aviation', more);
    expect(code).toBe(0);
    expect(stdout).toMatch(why);
  });

  test('says since when there is nothing, and that a parked product keeps nothing', async () => {
    const now = new Date();
    const old = new Date(now.getTime() - 5 * 86_400_000);
    await stats('aviation').insertOne({
      kind: 'operations',
      operation: 'Old',
      hour: old,
      last: old,
      createdAt: now,
      updatedAt: now,
    });
    gateway.server.runtimes.get('aviation')!.compartment.set('parked', 'a test', 'test');
    const { stdout } = await run('slow aviation');
    gateway.server.runtimes.get('aviation')!.compartment.set('ready', '', 'test');
    await stats('aviation').deleteMany({});
    expect(stdout).toMatch(/the gateway says aviation is parked.* The last was 5 d ago/);
  });

  test('tells a missing credential, a missing grant and a missing database apart', async () => {
    const none = await run('slow', {
      AVIATION_OPS_MONGODB_URI: '',
      AVIATION_MONGODB_URI: gateway.uris['aviation'],
    });
    expect([none.code, none.stdout]).toEqual([
      2,
      expect.stringContaining('AVIATION_OPS_MONGODB_URI: expected'),
    ]);
    const db = gateway.db('aviation');
    const [user, password] = ['nobody', 'nobody-password'];
    await db.command({ createUser: user, pwd: password, roles: [] });
    const uri = new URL(gateway.opsUris['aviation']!);
    [uri.username, uri.password] = [user, password];
    const grant = await run('slow aviation', { AVIATION_OPS_MONGODB_URI: uri.href });
    expect([grant.code, grant.stdout]).toEqual([
      3,
      expect.stringContaining('may not read the statistics: run `bulkhead provision aviation`'),
    ]);
    const gone = await run('slow aviation', {
      AVIATION_OPS_MONGODB_URI: 'mongodb://u:p@127.0.0.1:1/shop?serverSelectionTimeoutMS=300',
    });
    expect([gone.code, gone.stdout]).toEqual([3, expect.stringContaining('does not answer')]);
  });

  test('needs the ops credentials alone, in production too', async () => {
    const more = { NODE_ENV: 'production', AVIATION_OPS_MONGODB_URI: undefined };
    const { code, stdout, stderr } = await run('slow', more);
    expect([code, stderr]).toEqual([2, '']);
    expect(stdout).toMatch(/^blog {2}since .*: 6 commands of 2 shapes/);
    expect(stdout).toMatch(/^aviation {2}AVIATION_OPS_MONGODB_URI: expected, to ask with\.$/m);
  });

  test('watches until it is interrupted, and ends with 0', async () => {
    const watching = new Running(
      process.execPath,
      [join(folder, 'dist/src/cli/main.js'), 'slow', 'blog', '--watch'],
      { cwd: folder, env },
    );
    await watching.says(/blog {2}since/);
    watching.child.kill('SIGINT');
    expect((await watching.ended).code).toBe(0);
  });
});

describe('explain', () => {
  test('tells a shape by the beginning of its id', async () => {
    const posts = await shapeOf('posts');
    const { code, stdout } = await run(`explain blog ${posts.slice(0, 6)}`);
    expect(code).toBe(0);
    for (const line of [
      `${posts}  posts.find({`,
      'p95',
      '3  Front  Query.posts',
      '8,500 documents and 0 keys examined, 4 returned: 2,125 documents for each that is returned',
      'SORT  4 returned  ← sorts in memory',
      '└─ COLLSCAN  8,500 documents examined, 4 returned  ← reads the whole collection',
      'red collection-scan',
      '→ bulkhead indexes advise blog',
    ])
      expect(stdout).toContain(line);
  });

  test('says that the worker has not been there', async () => {
    const { stdout } = await run(`explain blog ${await shapeOf('users')}`);
    expect(stdout).toContain('not explained yet: the worker does that; `bulkhead work --once`');
    expect(stdout).toContain('not known before it is explained');
  });

  test('says what it looked for and did not find, or found too often', async () => {
    const [one, other] = await Promise.all([shapeOf('posts'), shapeOf('users')]);
    const now = new Date();
    const twin = `${one.slice(0, 9)}${one.endsWith('0') ? '1' : '0'}`;
    const text = '{"find":"posts","filter":{"title":"?"}}';
    await stats('blog').insertOne({
      _id: `shape:${twin}` as never,
      kind: 'shape',
      shape: twin,
      text,
      collection: 'posts',
      command: 'find',
      first: now,
      last: now,
      createdAt: now,
      updatedAt: now,
    });
    const [several, none, nonsense] = [
      await run(`explain blog ${one.slice(0, 9)}`),
      await run(`explain blog ${other === 'ffffffffff' ? 'eeeeeeeeee' : 'ffffffffff'}`),
      await run('explain blog nonsense'),
    ];
    expect([several.code, several.stderr]).toEqual([
      2,
      expect.stringMatching(/2 shapes of blog begin so[^]*posts\.find\(\{title\}\)/),
    ]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('`bulkhead slow blog` lists them')]);
    expect([nonsense.code, nonsense.stderr]).toEqual([
      2,
      expect.stringContaining('expected the id of a shape'),
    ]);
    const unsent = await run(`explain blog ${twin} --since 1h`);
    expect(unsent.stdout).toContain('not sent since');
  });
});

describe('status', () => {
  test('says traffic and the worst finding, and ends with 1 for a red one', async () => {
    // A worker that has blog, and one that was killed in aviation.
    const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000);
    const lease = (until: Date) => ({ _id: 'lease:watch' as never, kind: 'lease', owner: 'w', until });
    await stats('blog').insertOne(lease(inSeconds(600)));
    await stats('aviation').insertOne(lease(inSeconds(-60)));
    const { code, stdout } = await run('status');
    expect(code).toBe(1);
    const [blog, aviation] = stdout.trim().split('\n');
    expect(blog).toMatch(/ documents +3 operations since \d\d:00, p95 [\d.]+ ms +red collection-scan$/);
    expect(aviation).toMatch(/ documents +no operation since \d\d:00 +not examined yet, no worker$/);
    await stats('blog').updateOne({ kind: 'finding' }, { $set: { resolvedAt: new Date() } });
    const after = await run('status --json');
    expect(after.code).toBe(0);
    const { products } = JSON.parse(after.stdout) as { products: object[] };
    expect(products[0]).toMatchObject({
      isExamined: true,
      isWatched: true,
      findings: { red: 0, amber: 0, info: 0 },
      traffic: { operations: 3, errors: 0 },
    });
    await stats('blog').deleteOne({ _id: 'lease:watch' as never });
    expect((await run('status')).stdout).toMatch(/^blog .* no findings, no worker$/m);
  });

  test('says what is known where a class is not provisioned yet, and why where nothing is', async () => {
    const db = gateway.db('blog');
    const resource = { db: db.databaseName, collection: STATS_COLLECTION };
    await db.command({ createRole: 'reader', privileges: [{ resource, actions: ['find'] }], roles: [] });
    await db.command({ createUser: 'reader', pwd: 'reader-password', roles: ['reader'] });
    const as = (password: string) => {
      const uri = new URL(gateway.uris['blog']!);
      [uri.username, uri.password] = ['reader', password];
      return run('status', { BLOG_MONGODB_URI: uri.href });
    };
    const [some, none] = [await as('reader-password'), await as('another')];
    expect(some.stdout).toMatch(
      /^blog +ready .* documents cannot be counted: run `bulkhead provision` +3 operations since .* no findings, no worker$/m,
    );
    expect([none.code, none.stdout]).toEqual([
      1,
      expect.stringMatching(
        /^blog +ready +the server refuses user or password of its serving credential: correct them, /m,
      ),
    ]);
    const gone = await run('status', {
      BLOG_MONGODB_URI: 'mongodb://u:p@127.0.0.1:1/shop?authSource=shop&serverSelectionTimeoutMS=300',
      BLOG_OPS_MONGODB_URI: '',
    });
    expect(gone.stdout).toMatch(/^blog +ready +its database does not answer\.$/m);
  });
});
