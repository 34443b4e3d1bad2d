import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { signToken } from '../../src/auth/token-keys.js';
import type { Environment } from '../../src/config/environment.js';
import { secretKeys } from '../../src/config/token-keys.js';
import { defineGateway } from '../../src/product/gateway.js';
import { copyBuiltProject } from '../support/built-project.js';
import { bulkhead, Running } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

/** What a slow machine needs for a read, and no more: each old connection is kept for so long. */
const DEADLINE_MS = 3_000;
const POSTS = '{ posts(first: 3) { nodes { title author { name } } } }';
const blog = config.products['blog']!;
const gateway = defineGateway({
  ...config,
  products: {
    ...config.products,
    blog: { ...blog, limits: { ...blog.limits, deadlineMs: DEADLINE_MS, waitQueueTimeoutMs: 60_000 } },
  },
});

let running: TestGateway;
let environment: Environment;
beforeAll(async () => {
  running = await TestGateway.start({ gateway, scale: 0.02 });
  ({ environment } = running);
});
afterAll(() => running.close());

const link = () => running.server.runtimes.get('blog')!.link;

/** Makes another serving user of blog's, as `provision` does. @returns its connection string. */
async function anotherUser(): Promise<string> {
  const uri = new URL(running.uris['blog']!);
  [uri.username, uri.password] = [
    `blog-serve-${randomBytes(4).toString('hex')}`,
    randomBytes(16).toString('hex'),
  ];
  const db = running.db('blog');
  await db.command({
    createUser: uri.username,
    pwd: uri.password,
    roles: [{ role: 'bulkhead.serve', db: db.databaseName }],
  });
  return uri.href;
}

/** Reads the surroundings again with something of blog's changed. */
function reload(blog: Partial<Environment['products'][string]>) {
  const products = { ...environment.products, blog: { ...environment.products['blog'], ...blog } };
  environment = { ...environment, products };
  return running.server.reload(environment);
}

const whoIsConnected = async (): Promise<string> => {
  const { authInfo } = await link().db.command({ connectionStatus: 1 });
  return authInfo.authenticatedUsers[0].user;
};

/** Clients that read and write without pause. @returns a function that ends them and answers what failed. */
async function load(clients: number) {
  const end = new AbortController();
  let asked = 0;
  const failures: unknown[] = [];
  const tokens: string[] = [];
  for (let n = 0; n < clients; n += 1) tokens.push((await running.signUp('blog')).token);
  const client = async (token: string) => {
    while (!end.signal.aborted) {
      asked += 1;
      for (const query of [POSTS, `mutation { updateProfile(input: { name: "Name ${asked}" }) { name } }`]) {
        const answer = await running.ask('blog', query, { token });
        if (answer.status !== 200 || answer.body.errors) failures.push(answer.body);
      }
    }
  };
  const clientsEnd = Promise.all(tokens.map(client));
  return async () => {
    end.abort();
    await clientsEnd;
    return { asked, failures };
  };
}

describe('a credential that is replaced', () => {
  test('costs no request, and the old connection is closed when nobody can be on it', async () => {
    const end = await load(3);
    // Whatever fails, nobody goes on asking a gateway that is gone.
    onTestFinished(async () => void (await end()));
    for (let i = 0; i < 3; i += 1) {
      const before = { link: link(), user: await whoIsConnected() };
      const { products, keys, needRestart } = await reload({ uri: await anotherUser() });
      expect(products).toEqual({ blog: { connection: 'replaced' }, aviation: { connection: 'unchanged' } });
      expect([keys, needRestart]).toEqual([[], []]);
      expect(link()).not.toBe(before.link);
      expect(await whoIsConnected()).not.toBe(before.user);
      expect(before.link.connection.readyState).toBe(mongoose.ConnectionStates.connected);
      await eventually(
        'the old connection is closed',
        () => before.link.connection.readyState === mongoose.ConnectionStates.disconnected,
      );
      await running.db('blog').command({ dropUser: before.user });
      // What the new link serves, it serves without the old user.
      await sleep(100);
    }
    const { asked, failures } = await end();
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(10);
    expect(running.server.runtimes.get('blog')!.compartment.load).toEqual({ inFlight: 0, waiting: 0 });
  });

  test('leaves an operation on the connection that it began on', async () => {
    // One that no other file uses: a fail point is one for the whole server.
    const hold = (mode: 'off' | 'alwaysOn') =>
      running.admins
        .get('blog')!
        .db('admin')
        .command({
          configureFailPoint: 'waitInFindBeforeMakingBatch',
          mode,
          data: { nss: `${running.databases['blog']}.posts` },
        });
    const uri = await anotherUser();
    await hold('alwaysOn');
    const under = running.ask('blog', '{ posts(first: 1) { nodes { title } } }');
    await eventually(
      'it is under way',
      () => running.server.runtimes.get('blog')!.compartment.load.inFlight === 1,
    );
    const before = link();
    const seen: string[] = [];
    before.client.on('commandSucceeded', ({ commandName }) => seen.push(commandName));
    const reloaded = reload({ uri });
    // Its own deadline is not far, on a machine that reloads slowly.
    await Promise.race([reloaded, sleep(700)]);
    await hold('off');
    expect((await reloaded).products['blog']).toEqual({ connection: 'replaced' });
    expect((await under).body.errors).toBeUndefined();
    expect(seen).toContain('find');
  });

  test('is not taken where it would not serve, and the old one goes on', async () => {
    const good = environment.products['blog']!.uri!;
    const before = link();
    const wrong = new URL(good);
    wrong.password = 'hunter2-hunter2';
    const nowhere = new URL(good);
    nowhere.host = '127.0.0.1:9';
    const bare = new URL(await anotherUser());
    const db = running.db('blog');
    await db.command({ revokeRolesFromUser: bare.username, roles: ['bulkhead.serve'] });
    for (const [uri, problem] of [
      [wrong.href, 'the server refuses its credential'],
      [nowhere.href, 'its database cannot be reached'],
      [bare.href, expect.stringMatching(/^grants are missing .* run `bulkhead provision blog`$/)],
    ]) {
      expect((await reload({ uri })).products['blog']).toEqual({ connection: 'kept', problem });
      expect(link()).toBe(before);
      expect((await running.ask('blog', POSTS)).body.errors).toBeUndefined();
    }
    expect((await reload({ uri: good })).products['blog']).toEqual({ connection: 'unchanged' });
  });

  test('brings back a product that was parked for the old one', async () => {
    const good = environment.products['blog']!.uri!;
    const wrong = new URL(good);
    wrong.password = 'hunter2-hunter2';
    const parked = await TestGateway.start({ gateway, env: { BLOG_MONGODB_URI: wrong.href } });
    try {
      const { compartment } = parked.server.runtimes.get('blog')!;
      expect([compartment.state, compartment.reason]).toEqual([
        'parked',
        'the server refuses its credential',
      ]);
      const mended = (uri: string) => {
        const products = {
          ...parked.environment.products,
          blog: { ...parked.environment.products['blog'], uri },
        };
        return parked.server.reload({ ...parked.environment, products });
      };
      const alsoWrong = wrong.href.replace('hunter2-', 'hunter3-');
      expect((await mended(alsoWrong)).products['blog']).toEqual({
        connection: 'replaced',
        problem: 'the server refuses its credential',
      });
      expect((await mended(parked.uris['blog']!)).products['blog']).toEqual({ connection: 'replaced' });
      await eventually('blog serves', () => compartment.state === 'ready');
      expect((await parked.ask('blog', POSTS)).body.errors).toBeUndefined();
    } finally {
      await parked.close();
    }
  });
});

describe('token keys', () => {
  test('of before are good beside the new ones for as long as they are named', async () => {
    const before = environment.products['blog']!.keys as ReturnType<typeof secretKeys>;
    const next = secretKeys(randomBytes(32).toString('hex'), 'blog');
    const contents = { subject: 'svc', scopes: ['blog:read'], expiresInS: 60 };
    const [old, young] = [await signToken(before, contents), await signToken(next, contents)];
    const session = (await running.signUp('blog')).token;
    const statuses = async () => {
      const answers = await Promise.all(
        [old, young, session].map((token) => running.ask('blog', POSTS, { token })),
      );
      return answers.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 401, 200]);
    expect((await reload({ keys: { ...next, previous: before.secret } })).keys).toEqual(['blog']);
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await reload({ keys: next })).keys).toEqual(['blog']);
    expect(await statuses()).toEqual([401, 200, 200]);
    expect((await reload({})).keys).toEqual([]);
  });
});

describe('bulkhead reload', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-reload-'));
    await copyBuiltProject(folder);
    // In the middle of what every command loads.
    appendFileSync(
      join(folder, 'dist/src/cli/output.js'),
      "\nif (process.env['HANGS_UP']) process.kill(process.pid, 'SIGHUP');\n",
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, value: string) => {
    writeFileSync(join(folder, name), `${value}\n`, { mode: 0o600 });
    return join(folder, name);
  };

  test.each([
    ['start', /"msg":"secrets were read again"/, () => ({ BLOG_MONGODB_URI: running.uris['blog'] })],
    [
      'work',
      /"msg":"connection strings were read again"/,
      () => ({ BLOG_OPS_MONGODB_URI: running.opsUris['blog'] }),
    ],
  ])('SIGHUP while `%s` loads does not end it, and is not lost', async (command, done, uris) => {
    const started = new Running(process.execPath, [join(folder, 'dist/src/cli/main.js'), command, 'blog'], {
      cwd: folder,
      env: { ...uris(), PORT: '0', HANGS_UP: 'true' },
    });
    try {
      await started.says(done);
      process.kill(started.pid, 'SIGTERM');
      expect((await started.ended).code).toBe(0);
    } finally {
      started.kill();
    }
  });

  test('reads files of secrets again, tells what became of each, and changes nothing where one is wrong', async () => {
    const secret = () => randomBytes(32).toString('hex');
    const first = await anotherUser();
    const env = {
      NODE_ENV: 'production',
      PORT: '0',
      BULKHEAD_COMPOSED: 'off',
      BULKHEAD_METRICS_PORT: '0',
      BLOG_MONGODB_URI_FILE: write('blog-uri', first),
      BLOG_JWT_SECRET_FILE: write('blog-jwt', secret()),
      AVIATION_MONGODB_URI: running.uris['aviation'],
      AVIATION_JWT_SECRET: secret(),
    };
    const reload = async () => {
      const { code, stdout, stderr } = await bulkhead(folder, ['reload', '--json'], env);
      return { code, stderr, ...JSON.parse(stdout) };
    };
    expect(await reload()).toMatchObject({
      code: 3,
      ok: false,
      problems: [expect.stringMatching(/no gateway is reached/)],
    });

    const served = new Running(process.execPath, [join(folder, 'dist/src/cli/main.js'), 'start'], {
      cwd: folder,
      env,
    });
    try {
      await served.says(/"msg":"blog is ready"/);
      const address = (await served.says(/"listening":"([^"]+)"/))[1]!;
      const provision = async (how: string) => {
        const { code, stdout } = await bulkhead(folder, ['provision', 'blog', how, '--json'], {
          ...env,
          BLOG_OPS_MONGODB_URI: running.opsUris['blog'],
          BULKHEAD_ADMIN_URI: inject('mongodAdminUri'),
        });
        return { code, ...JSON.parse(stdout).products[0] };
      };
      const before = new URL(first).username;
      const rotated = await provision('--rotate');
      const uri: string = rotated.variables['BLOG_MONGODB_URI'];
      expect(rotated).toMatchObject({
        code: 0,
        problems: [],
        users: [
          { user: `${before}-2`, what: `made; ${before} stays good until it is retired` },
          { user: 'blog-ops-2' },
        ],
      });
      write('blog-uri', uri);
      // Nobody has told the gateway yet.
      const early = await provision('--retire');
      expect(early).toMatchObject({
        code: 1,
        problems: expect.arrayContaining([
          expect.stringContaining(`${before} is still connected (bulkhead:blog`),
        ]),
      });
      write('blog-jwt', secret());
      const done = await reload();
      expect(done).toMatchObject({
        code: 0,
        ok: true,
        gateways: [
          {
            pid: served.pid,
            ok: true,
            products: { blog: { connection: 'replaced' }, aviation: { connection: 'unchanged' } },
            keys: ['blog'],
            needRestart: [],
          },
        ],
      });

      // A shell that still names the first user: the second one serves, and keeps its password.
      write('blog-uri', first);
      expect(await provision('--rotate')).toMatchObject({
        code: 1,
        problems: [expect.stringContaining(`${before}-2 is connected (bulkhead:blog`)],
      });
      write('blog-uri', uri);

      const isRetired = async () =>
        JSON.stringify((await provision('--retire')).users).includes(`"${before}"`);
      await eventually('the old user is retired', isRetired, 30_000);
      const { users: left } = await running.db('blog').command({ usersInfo: 1 });
      expect(left.map(({ user }: { user: string }) => user)).not.toContain(before);
      const { body } = await send(`${address}/graphql/blog`, json({ query: POSTS }));
      expect(body.data.posts.nodes).toHaveLength(3);

      write('blog-jwt', 'short');
      const refused = await reload();
      expect(refused).toMatchObject({
        code: 1,
        ok: false,
        gateways: [{ ok: false, problems: [expect.stringMatching(/^BLOG_JWT_SECRET: it is shorter/)] }],
      });
      const plain = await bulkhead(folder, ['reload'], env);
      expect([plain.code, plain.stdout]).toEqual([
        1,
        expect.stringMatching(/^gateway \d+: nothing was changed\n  ✗ BLOG_JWT_SECRET: it is shorter/),
      ]);

      write('blog-jwt', secret());
      const from = served.stdout.length;
      process.kill(served.pid, 'SIGHUP');
      await served.says(/"keys":\["blog"\].*"msg":"secrets were read again"/, { from });
      expect((await fetch(`${address}/health/live`)).status).toBe(200);

      process.kill(served.pid, 'SIGTERM');
      expect((await served.ended).code).toBe(0);
      expect((await reload()).code).toBe(3);
      const said = served.stdout + served.stderr + JSON.stringify([done, refused]) + plain.stderr;
      for (const value of [readFileSync(join(folder, 'blog-jwt'), 'utf8').trim(), new URL(uri).password])
        expect(said).not.toContain(value);
    } finally {
      served.kill();
    }
  });
});
