import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost, Running } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { dropCommand } from '../../src/indexes/named-index.js';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-indexes-'));
let gateway: TestGateway;
let host: CommandHost;
let env: Record<string, string>;
const run = (args: string) => host.run(`indexes ${args}`.split(' '), env);
const start = (args: string) =>
  new Running(process.execPath, [join(folder, 'dist/src/cli/main.js'), ...`indexes ${args}`.split(' ')], {
    cwd: folder,
    env,
  });
const names = async (collection: string) =>
  (await gateway.db('blog').collection(collection).listIndexes().toArray())
    .map(({ name }) => String(name))
    .sort();
const jsonOf = ({ stdout }: { stdout: string }) =>
  JSON.parse(stdout) as {
    ok: boolean;
    interrupted?: boolean;
    products: {
      product: string;
      changes: { kind: string; name: string }[];
      done: { name: string }[];
      left: { why: string }[];
    }[];
  };

beforeAll(async () => {
  [gateway] = await Promise.all([TestGateway.start({ scale: 0.01 }), copyBuiltProject(folder)]);
  host = new CommandHost(folder);
  env = {};
  for (const name of ['blog', 'aviation']) {
    env[`${name.toUpperCase()}_MONGODB_URI`] = gateway.uris[name]!;
    env[`${name.toUpperCase()}_OPS_MONGODB_URI`] = gateway.opsUris[name]!;
  }
});
afterAll(async () => {
  host.end();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

test('after provisioning there is nothing to do, and that is exit code 0', async () => {
  expect(await run('plan')).toMatchObject({
    code: 0,
    stdout:
      'blog: the indexes are what the classes declare\naviation: the indexes are what the classes declare\n',
  });
  expect(await run('apply')).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
});

describe('with the ops credential', () => {
  test('a plan is written, and done from the file; nothing else is', async () => {
    const db = gateway.db('blog');
    await db.collection('posts').dropIndex('status_1_publishedAt_-1__id_-1');
    await db.collection('comments').createIndex({ text: 1 });
    const doctor = await host.run(['doctor', 'blog', '--json'], env);
    expect(doctor.stdout).toContain('comments: text_1 { text: 1 } is declared by no class');
    const path = join(folder, 'plan.json');
    const plan = await run(`plan blog --out ${path}`);
    expect(plan.code).toBe(1);
    expect(plan.stdout).toContain('1 create  posts.status_1_publishedAt_-1__id_-1');
    expect(plan.stdout).toContain('why: Post declares it');
    expect(plan.stdout).toMatch(/takes a moment \([\d,]+ documents, [\d.]+ [kM]?B\); blocks nobody/);
    expect(plan.stdout).toContain('undeclared  comments.text_1');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ ok: false, format: 1 });

    await db.collection('users').dropIndex('createdAt_1');
    const apply = await run(`apply --plan ${path}`);
    expect(apply.code).toBe(1);
    expect(apply.stdout).toContain('✓ blog: create posts.status_1_publishedAt_-1__id_-1');
    expect(apply.stdout).toContain('users.createdAt_1: the plan does not name it: plan again');
    expect(await names('users')).not.toContain('createdAt_1');
    expect(await names('comments')).toContain('text_1');

    const rest = await run('apply blog --yes --json');
    expect([
      rest.code,
      jsonOf(rest).products.map(({ product, done }) => [product, done.map(({ name }) => name)]),
    ]).toEqual([0, [['blog', ['createdAt_1']]]]);
    expect((await run(`apply --plan ${path}`)).code).toBe(0);
  });

  test('an undeclared index is hidden, and dropped by a later plan', async () => {
    const hide = await run('apply blog --yes --drop-undeclared');
    expect(hide.stdout).toContain('✓ blog: hide comments.text_1');
    const waiting = await run('plan blog --wait 1h');
    expect([waiting.code, waiting.stdout]).toEqual([
      0,
      expect.stringContaining(', hidden, to be dropped after '),
    ]);
    const due = '--drop-undeclared --wait 1s';
    await eventually('its second is over', async () => (await run(`plan blog ${due}`)).code === 1);
    expect((await run(`plan blog ${due}`)).stdout).toContain('drop    comments.text_1');
    // Without being told to drop, nothing is.
    expect((await run('apply blog --yes --wait 1s')).stdout).toBe('Nothing to do.\n');
    expect(await names('comments')).toContain('text_1');
    expect((await run(`apply blog --yes ${due}`)).code).toBe(0);
    expect(await names('comments')).not.toContain('text_1');
  });

  test('the remedy of one index, as it is printed, hides that one and does nothing else', async () => {
    const db = gateway.db('blog');
    await db.collection('comments').createIndexes([{ key: { text: 1 } }, { key: { text: 1, post: 1 } }]);
    await db.collection('comments').createIndex({ post: 1 }, { name: "it's mine" });
    await db.collection('users').dropIndex('createdAt_1');
    const remedy = (name: string) => dropCommand('blog', { collection: 'comments', name });
    expect(remedy('text_1')).toBe('bulkhead indexes apply blog --drop comments.text_1');
    expect(remedy("it's mine")).toBe(`bulkhead indexes apply blog --drop 'comments.it'\\''s mine'`);
    const { stdout, code } = await run(`${remedy('text_1').replace('bulkhead indexes ', '')} --yes --json`);
    const [done] = jsonOf({ stdout }).products;
    expect([code, done!.done.map(({ name }) => name)]).toEqual([0, ['text_1']]);
    const later = await run('plan blog --drop comments.text_1');
    expect([later.code, later.stdout]).toEqual([0, expect.stringContaining('nothing to do yet about what')]);
    for (const [args, reason] of [
      ['--drop comments.text_1', /say which product/],
      ['blog --drop comments.nothing_1', /blog has no undeclared index comments\.nothing_1/],
      ['blog --drop posts.publishedAt_-1__id_-1', /its @index line goes first/],
      ['blog --drop comments.text_1 --drop-undeclared', /cannot be used with/],
    ] as const)
      expect(await run(`apply ${args} --yes`)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(reason) as unknown,
      });
    for (const name of ['text_1', 'text_1_post_1', "it's mine"])
      await db.collection('comments').dropIndex(name);
    expect((await run('apply blog --yes')).code).toBe(0);
  });

  test('a credential with too few rights, or a wrong password, is exit code 2 and says whose it is and what to do', async () => {
    await gateway.db('blog').collection('users').dropIndex('createdAt_1');
    const serving = { ...env, BLOG_OPS_MONGODB_URI: gateway.uris['blog']! };
    const few = await host.run(['indexes', 'apply', 'blog', '--yes'], serving);
    expect([few.code, few.stderr]).toEqual([
      2,
      expect.stringMatching(
        /BLOG_OPS_MONGODB_URI: its user lacks a grant \(not authorized on \w+ to execute command \w+\)\. Run `bulkhead provision blog`/,
      ),
    ]);
    expect(few.stderr).not.toContain('lsid');
    const worker = await host.run(['work', 'blog', '--once', '--json'], serving);
    expect(worker.stdout).toMatch(
      /not authorized on \w+ to execute command \w+: run bulkhead provision blog/,
    );
    const wrong = env['BLOG_OPS_MONGODB_URI']!.replace(/:[^:@/]+@/, ':wrong@');
    const refused = await host.run(['indexes', 'plan', 'blog'], { ...env, BLOG_OPS_MONGODB_URI: wrong });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('BLOG_OPS_MONGODB_URI: the server refuses the ops credential of blog'),
    ]);
    expect((await run('apply blog --yes')).code).toBe(0);
  });

  test('the serving credential can build, hide and drop nothing', async () => {
    const client = await new mongo.MongoClient(gateway.uris['blog']!).connect();
    const db = client.db();
    for (const command of [
      { createIndexes: 'posts', indexes: [{ key: { x: 1 }, name: 'x_1' }] },
      { collMod: 'posts', index: { name: 'publishedAt_-1__id_-1', hidden: true } },
      { dropIndexes: 'posts', index: 'publishedAt_-1__id_-1' },
    ])
      await expect(db.command(command)).rejects.toMatchObject({ code: 13 });
    await client.close();
  });
});

describe('cut short', () => {
  const marker = `stop ${process.pid} ${Math.random()}`;
  const hang = (mode: 'alwaysOn' | 'off') =>
    gateway
      .db('blog')
      .admin()
      .command({
        configureFailPoint: 'hangIndexBuildDuringCollectionScanPhaseBeforeInsertion',
        mode,
        data: { fieldsToMatch: { marker } },
      });
  const isBuilding = async () => (await run('plan blog')).stdout.includes('the server is building it');

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'by %s: the server goes on building, and the next run waits for it',
    async (signal) => {
      const db = gateway.db('blog');
      await db.collection('comments').dropIndexes();
      await db.collection('users').dropIndex('createdAt_1');
      const { insertedId } = await db.collection('comments').insertOne({ marker });
      await hang('alwaysOn');
      try {
        const first = start('apply blog --yes');
        await eventually('the build is under way', isBuilding);
        process.kill(first.pid, signal);
        const { code, stdout } = await first.ended;
        if (signal === 'SIGINT') {
          expect(code).toBe(1);
          expect(stdout).toContain('comments.post_1_createdAt_1__id_1: the server goes on building it');
          expect(stdout).toContain('it was stopped, and running it again goes on');
        }
        const second = start('apply blog --yes');
        // Whoever was killed keeps the right to apply for fifteen seconds.
        if (signal === 'SIGKILL') {
          await second.says(/is at work on the indexes; waiting/);
          const leases = db.collection<{ _id: string }>('_bulkhead.leases');
          await leases.updateOne({ _id: 'indexes' }, { $set: { expiresAt: new Date(0) } });
        }
        await hang('off');
        const { code: again, stdout: said } = await second.ended;
        expect([again, said]).toEqual([0, expect.stringContaining('✓ blog: create users.createdAt_1')]);
      } finally {
        await hang('off');
        await db.collection('comments').deleteOne({ _id: insertedId });
      }
      expect(await names('comments')).toEqual(['_id_', 'post_1_createdAt_1__id_1']);
      expect((await run('plan blog')).code).toBe(0);
    },
  );
});

describe('usage', () => {
  const written = (content: string) => {
    const path = join(folder, 'wrong.json');
    writeFileSync(path, content);
    return path;
  };
  test.each([
    ['apply --plan nowhere.json', /there is no such file/],
    ['plan --wait soon', /30m, 12h or 7d/],
    ['plan nonsense', /no such product/],
  ])('%s is exit code 2', async (args, reason) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(reason) });
  });

  test.each([
    ['{"format":2}', '', /expected a plan that/],
    ['not json', '', /expected JSON/],
    ['{}', ' --drop-undeclared', /belong to `bulkhead indexes plan`/],
  ])('a plan %j%s is exit code 2', async (content, more, reason) => {
    const { code, stderr } = await run(`apply --plan ${written(content)}${more}`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
  });

  test('where nobody can be asked, it says what to add', async () => {
    await gateway.db('blog').collection('users').dropIndex('createdAt_1');
    expect(await run('apply blog')).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') });
    expect((await run('apply blog --yes')).code).toBe(0);
  });
});
