import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Worker } from '../../src/jobs/worker.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { bulkhead } from '../support/command.js';
import { nobodyThere, useCommands } from '../support/commands.js';

const commands = useCommands();
const { run } = commands;

describe('schema', () => {
  test('print and check agree, and a change is told', async () => {
    const dir = join(commands.folder, 'sdl');
    expect((await run(`schema print --out ${dir}`)).code).toBe(0);
    expect((await run(`schema check --dir ${dir}`)).code).toBe(0);
    const { stdout } = await run('schema print blog');
    const file = join(dir, 'blog.graphql');
    expect(stdout.trim()).toBe(readFileSync(file, 'utf8').trim());

    writeFileSync(file, stdout.replace(/(type User \{[^}]*?) {2}bio: String\n/, '$1'));
    const check = await run(`schema check --dir ${dir} --json`);
    const { ok, failing, schemas } = JSON.parse(check.stdout) as {
      ok: boolean;
      failing: string[];
      schemas: { graph: string; changes: object[] }[];
    };
    expect([check.code, ok, failing]).toEqual([1, false, ['blog']]);
    expect(schemas.filter((one) => one.changes.length > 0)).toEqual([
      expect.objectContaining({
        graph: 'blog',
        changes: [expect.objectContaining({ level: 'safe', kind: 'FIELD_ADDED', at: 'User.bio' })],
      }),
    ]);
    expect((await run('schema print')).stdout).toContain('type BlogPost');
  });
});

describe('init', () => {
  const made = join(commands.folder, 'made');
  const init = (args: string) => run(`init ${args} --package 1.2.3`);
  beforeEach(() => rmSync(made, { recursive: true, force: true }));

  test('makes a repository with one product, its test, and what npm, TypeScript and Vitest want to know', async () => {
    const { code, stdout } = await init(`${made} --name flight-school --json`);
    const facts = JSON.parse(stdout) as { created: string[]; dependency: string; next: string[] };
    expect([code, facts.dependency]).toEqual([0, '1.2.3']);
    expect(facts.next).toEqual(['cd made', 'npm install', 'npm start']);
    for (const path of facts.created) expect(existsSync(join(made, path)), path).toBe(true);
    expect(facts.created).toEqual(
      expect.arrayContaining(
        'package.json tsconfig.json vitest.config.ts bulkhead.config.ts README.md .gitignore .env.example'.split(
          ' ',
        ),
      ),
    );
    const text = (path: string) => readFileSync(join(made, path), 'utf8');
    const { scripts, dependencies } = JSON.parse(text('package.json')) as Record<string, object>;
    expect(Object.keys(scripts!)).toEqual(['start', 'dev', 'build', 'test', 'codegen', 'check']);
    expect(dependencies).toEqual({ bulkhead: '1.2.3' });
    expect(text('bulkhead.config.ts')).toContain("'flight-school': defineProduct({");
    expect(text('.env.example')).toContain('FLIGHT_SCHOOL_MONGODB_URI');
    expect(text('resolvers/flight-school/flight-school.test.ts')).toContain('TestGateway');
  });

  test('takes a folder that holds a repository of nothing, and no other', async () => {
    mkdirSync(join(made, '.git'), { recursive: true });
    expect((await init(made)).code).toBe(0);
    const before = readdirSync(made);
    const { code, stderr } = await init(made);
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected an empty folder')]);
    expect(readdirSync(made)).toEqual(before);
  });

  test('leaves nothing behind where the package cannot be packed, so that it can be named and tried again', async () => {
    const { code, stderr } = await run(`init ${made}`, { PATH: '' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('--package')]);
    expect((await init(made)).code).toBe(0);
  });

  test('says that a file is no folder', async () => {
    writeFileSync(made, '');
    const { code, stderr } = await init(made);
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected an empty folder, found a file')]);
  });

  test.each([
    ['/proc/bulkhead', '/proc/bulkhead: expected a folder, or where one can be made, got ENOENT. Make'],
    [`${made} --package=`, '--package is empty: leave it out, or say what it is.'],
    [`${made} --package=\t`, '--package is empty: leave it out, or say what it is.'],
  ])('ends with 2 for %s, and makes nothing', async (args, problem) => {
    const { code, stderr } = await run(`init --name shop ${args}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(problem)]);
    expect(existsSync(made)).toBe(false);
  });

  test('wants a name that a product can have, and writes nothing without one', async () => {
    const { code, stderr } = await init(join(commands.folder, 'My_Shop'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('Give it another with --name')]);
    expect((await init(`${made} --name ops`)).code).toBe(2);
    expect([existsSync(made), existsSync(join(commands.folder, 'My_Shop'))]).toEqual([false, false]);
  });
});

describe('seed', () => {
  test('loads through the command, once', async () => {
    const before = await commands.gateway.db('blog').collection('posts').countDocuments();
    const { code, stdout, stderr } = await run('seed blog --scale 0.01 --json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      scale: 0.01,
      products: [expect.objectContaining({ product: 'blog', documents: 0, removed: 0 })],
    });
    expect(await commands.gateway.db('blog').collection('posts').countDocuments()).toBe(before);
  });

  test('says where there is none to load', async () => {
    writeFileSync(
      join(commands.folder, 'dist/plain.config.js'),
      `import { defineGateway } from './src/index.js';
       import config from './bulkhead.config.js';
       const { sample, ...blog } = config.products.blog;
       export default defineGateway({ products: { blog } });`,
    );
    const seed = async (args: string) => run(`seed${args} --config dist/plain.config.js`);
    expect(await seed('')).toMatchObject({ code: 2, stderr: 'error No product declares sample data.\n' });
    expect(await seed(' blog')).toMatchObject({ code: 2, stderr: 'error blog declares no sample data.\n' });
  });

  test('is refused in production', async () => {
    const { code, stderr } = await run('seed', { NODE_ENV: 'production', BULKHEAD_COMPOSED: 'off' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('published password')]);
  });

  test('says what to start where no database runs', async () => {
    const none = { BLOG_MONGODB_URI: undefined, BLOG_OPS_MONGODB_URI: undefined };
    const { code, stderr } = await run('seed blog', none);
    expect([code, stderr]).toEqual([3, expect.stringContaining('npm start')]);
  });
});

describe('work --once', () => {
  test('runs by itself, with nothing loaded before it', async () => {
    const { code, stdout } = await bulkhead(commands.folder, ['work', '--once', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([
      3,
      { ok: false, problems: [expect.stringContaining('no database runs here')] },
    ]);
  });

  // The machine's disk is none of this test's business.
  type Work = {
    ok: boolean;
    products: object[];
    findings: { product: string; rule: string; severity: string }[];
  };
  const findings = (stdout: string) =>
    (JSON.parse(stdout) as Work).findings
      .filter(({ rule }) => rule !== 'growth')
      .map(({ product, rule, severity }) => `${product} ${rule} ${severity}`);

  test('prints what is wrong, and ends with 1 where that is red', async () => {
    const users = commands.gateway.db('blog').collection('users');
    await users.dropIndex('email_1');
    const { code, stdout } = await run('work --once --json');
    expect(code).toBe(1);
    expect(findings(stdout)).toEqual(['blog missing-index red']);
    const table = await run('work blog --once');
    expect(table.stdout).toMatch(
      /red +missing-index +users: the class declares the unique index \{ email: 1 \}.* bulkhead indexes apply blog/,
    );
    await users.createIndex({ email: 1 }, { unique: true });
    const mended = await run('work blog --once --json');
    expect(findings(mended.stdout)).toEqual([]);
  });

  test('does nothing beside a worker that runs, and says which one that is and what it has found', async () => {
    const worker = new Worker({
      products: new Map([['blog', []]]),
      uriOf: (product) => commands.gateway.opsUris[product],
      logger: createLogger('silent'),
    });
    const users = commands.gateway.db('blog').collection('users');
    await worker.round();
    await users.dropIndex('email_1');
    const beside = await run('work blog --once');
    expect(beside.code).not.toBe(3);
    expect(beside.stdout).toMatch(
      new RegExp(
        `^blog is watched by another worker \\(process ${process.pid} on ${hostname()}\\), which looked [\\d.]+ m?s ago and has it until \\d\\d:\\d\\d:\\d\\d UTC: nothing was done here\\. Its \\d findings?$`,
        'm',
      ),
    );
    await users.createIndex({ email: 1 }, { unique: true });

    // It is gone, and has not said so.
    const stats = commands.gateway.db('blog').collection<{ _id: string }>(STATS_COLLECTION);
    const until = new Date(Date.now() + 25_000);
    await stats.updateOne({ _id: 'lease:watch' }, { $set: { until } });
    const [silent, table] = [await run('work blog --once --json'), await run('work blog --once')];
    expect(silent.code).toBe(3);
    expect(JSON.parse(silent.stdout)).toMatchObject({
      ok: false,
      products: [
        {
          product: 'blog',
          state: 'elsewhere',
          holder: { owner: expect.stringContaining(`:${process.pid}:`), until: until.toISOString() },
        },
      ],
    });
    expect(table.stdout).toContain(
      `\`bulkhead work --once\` looks from ${until.toISOString().slice(11, 19)} UTC on`,
    );
    await worker.stop();
    expect(JSON.parse((await run('work blog --once --json')).stdout)).toMatchObject({
      products: [{ state: 'watched' }],
    });
  });

  test('needs the ops credential, and says so', async () => {
    const { code, stderr } = await run('work --once', {
      NODE_ENV: 'production',
      BLOG_OPS_MONGODB_URI: undefined,
      AVIATION_OPS_MONGODB_URI: undefined,
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/BLOG_OPS_MONGODB_URI: expected, to work with\.\n.*AVIATION_OPS_MONGODB_URI/);
  });

  test('is 3 where a database cannot be asked, and watches the others', async () => {
    const { code, stdout } = await run('work --once --json', {
      BLOG_OPS_MONGODB_URI: nobodyThere.replace('/shop', `/${commands.gateway.databases['blog']}`),
    });
    expect(code).toBe(3);
    const { products } = JSON.parse(stdout) as Work;
    expect(products).toMatchObject([
      { product: 'blog', state: 'parked', problem: expect.not.stringContaining('u:p@') },
      { product: 'aviation', state: 'watched' },
    ]);
  });
});
