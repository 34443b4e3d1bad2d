import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { Lease } from '../../src/database/lease.js';
import { Running } from '../support/command.js';
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
