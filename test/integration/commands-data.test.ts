import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { Lease } from '../../src/database/lease.js';
import { Worker } from '../../src/jobs/worker.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { bulkhead, Running } from '../support/command.js';
import { found, nobodyThere, useCommands } from '../support/commands.js';
import { eventually } from '../support/eventually.js';
import { OwnServer } from '../support/own-server.js';

const commands = useCommands();
const { run } = commands;

/** The variables that a text sets. */
const assignmentsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+_MONGODB_URI)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  ) as Record<string, string>;

describe('provision', () => {
  const admin = () => ({ BULKHEAD_ADMIN_URI: inject('mongodAdminUri') });
  /** Without connection strings, the products' databases are called like the products. */
  const unset = {
    BLOG_MONGODB_URI: undefined,
    BLOG_OPS_MONGODB_URI: undefined,
    AVIATION_MONGODB_URI: undefined,
    AVIATION_OPS_MONGODB_URI: undefined,
  };
  afterAll(async () => {
    const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
    for (const name of ['blog', 'aviation']) {
      const db = client.db(name);
      await db.command({ dropAllUsersFromDatabase: 1 });
      await db.command({ dropAllRolesFromDatabase: 1 });
      await db.dropDatabase();
    }
    await client.close();
  });

  test('makes users with new passwords and prints them once; the doctor is content with them', async () => {
    const away = { BULKHEAD_DATA_DIR: '/proc/bulkhead' };
    const first = await run('provision', { ...admin(), ...unset, ...away, NODE_ENV: 'production' });
    expect(first.code, first.stderr).toBe(0);
    const variables = assignmentsIn(first.stdout);
    expect(Object.keys(variables).sort()).toEqual(Object.keys(unset).sort());
    const doctor = await run('doctor --attack --json', variables);
    expect([doctor.code, found(doctor.stdout)]).toEqual([0, []]);

    // Again: what exists is left, its passwords too, whether they are known or not.
    const again = await run('provision --json', { ...admin(), ...unset });
    const { products } = JSON.parse(again.stdout) as { products: { variables: object; indexes: number }[] };
    expect(products.map((one) => [one.variables, one.indexes])).toEqual([
      [{}, 0],
      [{}, 0],
    ]);
    expect((await run('doctor --json', variables)).code).toBe(0);

    const anew = await run('provision blog --new-passwords', { ...admin(), ...unset });
    expect(anew.stdout).toMatch(/^BLOG_MONGODB_URI=/m);
    expect(found((await run('doctor blog --json', variables)).stdout).join()).toContain(
      'refuses the credential',
    );
  });

  test.each([false, true])(
    'an interrupt during an index build loses no password, JSON: %s',
    async (isJson) => {
      const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
      const db = client.db('blog');
      await run('provision blog', { ...admin(), ...unset });
      await db.collection('posts').dropIndexes();
      // Whoever holds the lease is waited for.
      const lease = await Lease.take(db, 'indexes');
      const args = ['provision', 'blog', '--new-passwords', ...(isJson ? ['--json'] : [])];
      const env = { ...commands.env, ...admin(), ...unset };
      const main = join(commands.folder, 'dist/src/cli/main.js');
      const provisioning = new Running(process.execPath, [main, ...args], { cwd: commands.folder, env });
      try {
        const credentials = async (): Promise<string[]> => {
          const { users } = await db.command({ usersInfo: 1, showCredentials: true });
          return users.map((one: mongo.Document) => JSON.stringify(one['credentials']));
        };
        const before = await credentials();
        const areSet = async () => (await credentials()).every((one) => !before.includes(one));
        await eventually('passwords are set', areSet, 60_000);
        process.kill(provisioning.pid, 'SIGINT');
        const { stdout } = await provisioning.ended;
        const told = isJson ? JSON.parse(stdout).products[0].variables : assignmentsIn(stdout);
        expect(Object.keys(told).sort()).toEqual(['BLOG_MONGODB_URI', 'BLOG_OPS_MONGODB_URI']);
        for (const uri of Object.values(told as Record<string, string>))
          await (await new mongo.MongoClient(uri).connect()).close();
      } finally {
        provisioning.kill();
        await lease.release();
        await client.close();
      }
    },
  );

  test('sets no password that nobody was told of', async () => {
    const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
    const env = { ...commands.env, ...admin(), ...unset };
    /** In a shell, with what it prints going somewhere else. */
    const shell = (args: string, where: string) =>
      new Running(
        'bash',
        ['-c', `set -o pipefail; "$0" dist/src/cli/main.js ${args} ${where}`, process.execPath],
        {
          cwd: commands.folder,
          env,
        },
      ).ended;
    const credentials = async () => {
      const { users } = await client.db('blog').command({ usersInfo: 1, showCredentials: true });
      return users.map((one: mongo.Document) => JSON.stringify(one['credentials']));
    };
    try {
      await run('provision blog', { ...admin(), ...unset });
      const before = await credentials();
      for (const [where, code] of [
        ['> /dev/full', 'ENOSPC'],
        ['| true', 'EPIPE'],
      ] as const) {
        const lost = await shell('provision blog --new-passwords', where);
        const why = `connection string of blog-serve cannot be printed (${code}): its password was not set`;
        expect([lost.code, lost.stderr]).toEqual([3, expect.stringContaining(why)]);
        expect(lost.stderr).not.toMatch(/^ +at /m);
        expect(await credentials()).toEqual(before);
      }
      // One document at the end comes too late for that; it is said.
      const late = await shell('provision blog --new-passwords --json', '> /dev/full');
      const why =
        'New passwords are set for blog-serve, blog-ops: where what was printed of them is lost, run';
      expect([late.code, late.stderr]).toEqual([3, expect.stringContaining(why)]);
      const token = await shell('token --product blog --scope blog:read', '> /dev/full');
      expect([token.code, token.stderr]).toEqual([
        3,
        expect.stringMatching(/^error what is printed cannot be written: ENOSPC.*\n$/),
      ]);
    } finally {
      await client.close();
    }
  });

  test('says where a connection string names another server, and what it could not ask', async () => {
    const other = await OwnServer.start();
    const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
    try {
      const on = (port: number) => {
        const moved = ([variable, from]: readonly [string, string]): [string, string] => {
          const uri = new URL(from);
          uri.port = String(port);
          uri.searchParams.set('serverSelectionTimeoutMS', '500');
          return [variable, uri.href];
        };
        return Object.fromEntries(
          (['BLOG_MONGODB_URI', 'BLOG_OPS_MONGODB_URI'] as const).map((name) =>
            moved([name, commands.env[name]!]),
          ),
        );
      };
      const users = async () =>
        (await client.db(commands.gateway.databases['blog']).command({ usersInfo: 1 })).users
          .length as number;
      const count = await users();
      const variables = Object.keys(on(1));
      for (const how of ['', ' --rotate', ' --retire']) {
        const { code, stdout } = await run(`provision blog${how}`, { ...admin(), ...on(other.port) });
        expect(code).toBe(1);
        for (const variable of variables)
          expect(stdout).toContain(`${variable}: the server that it names refuses `);
      }
      // With the same users there, too, what is printed would still be of the wrong one.
      const there = { BULKHEAD_ADMIN_URI: other.uri, ...on(other.port) };
      expect(await run('provision blog', there)).toMatchObject({ code: 0, stderr: '' });
      for (const how of ['', ' --rotate', ' --retire']) {
        const { code, stdout } = await run(`provision blog${how}`, { ...admin(), ...on(other.port) });
        expect([code, stdout]).toEqual([
          1,
          expect.stringContaining('BLOG_MONGODB_URI names another server than BULKHEAD_ADMIN_URI'),
        ]);
      }
      expect(await users()).toBe(count);
      const { code, stdout } = await run('provision blog', { ...admin(), ...on(1) });
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/BLOG_MONGODB_URI could not be checked from here: .*ECONNREFUSED/),
      ]);
      expect(stdout).toContain('bulkhead doctor blog');
    } finally {
      await client.close();
      await other.remove();
    }
  });

  test('makes the users that the connection strings name', async () => {
    const uri = new URL(commands.gateway.uris['blog']!);
    uri.username = 'somebody-else';
    uri.password = 'p%40ss%2Fword';
    const { code, stdout, stderr } = await run('provision blog', { ...admin(), BLOG_MONGODB_URI: uri.href });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('somebody-else: created, password as BLOG_MONGODB_URI says');
    expect(stdout + stderr).not.toContain('p%40ss');
    const doctor = await run('doctor blog --json', { BLOG_MONGODB_URI: uri.href });
    expect([doctor.code, found(doctor.stdout)]).toEqual([0, []]);
  });

  test('prints what to run where user commands are refused, and checks the result', async () => {
    const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
    const user = `no-users-${process.pid}`;
    const roles = ['readWriteAnyDatabase', 'dbAdminAnyDatabase'];
    await client.db('admin').command({ createUser: user, pwd: 'pw', roles });
    try {
      const uri = new URL(inject('mongodAdminUri'));
      [uri.username, uri.password] = [user, 'pw'];
      // The users are there already, so that nothing is left to do.
      const done = await run('provision blog', { BULKHEAD_ADMIN_URI: uri.href });
      expect([done.code, done.stderr]).toEqual([0, '']);
      expect(done.stdout).toContain('db.createRole(');
      expect(done.stdout).toContain(`use ${commands.gateway.databases['blog']}`);
      const wrong = new URL(commands.gateway.uris['blog']!);
      wrong.password = 'hunter2';
      const left = await run('provision blog', {
        BULKHEAD_ADMIN_URI: uri.href,
        BLOG_MONGODB_URI: wrong.href,
      });
      expect(left.code).toBe(1);
      expect(left.stdout).toContain('BLOG_MONGODB_URI: Authentication failed');
      expect(left.stdout).not.toContain('hunter2');
    } finally {
      await client.db('admin').command({ dropUser: user });
      await client.close();
    }
  });

  test('is 2 for users kept elsewhere, and 3 where no server answers', async () => {
    const elsewhere = commands.gateway.uris['blog']!.replace(/authSource=[^&]*/, 'authSource=admin');
    const [kept, away] = await Promise.all([
      run('provision blog', { ...admin(), BLOG_MONGODB_URI: elsewhere }),
      run('provision blog', { BULKHEAD_ADMIN_URI: nobodyThere }),
    ]);
    expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining('expected authSource=')]);
    expect(away.code).toBe(3);
    // Atlas keeps all users in one place: that is no problem of the string.
    const onAtlas = `mongodb://u:p@one.ab1cd.mongodb.net/${commands.gateway.databases['blog']}?authSource=admin`;
    const planned = await run('provision blog', {
      BULKHEAD_ADMIN_URI: nobodyThere,
      BLOG_MONGODB_URI: onAtlas,
    });
    expect(planned.code).toBe(3);
  });
});

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
