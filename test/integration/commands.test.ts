import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { copyBuiltProject } from '../support/built-project.js';
import { bulkhead, CommandHost } from '../support/command.js';
import { TestGateway } from '../support/gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-commands-'));
let gateway: TestGateway;
let host: CommandHost;
/** What the commands' surroundings say: this gateway, its databases, its keys. */
let env: Record<string, string>;
const run = (args: string, more: Record<string, string | undefined> = {}) =>
  host.run(args.split(' '), { ...env, ...more });

beforeAll(async () => {
  [gateway] = await Promise.all([TestGateway.start({ scale: 0.01 }), copyBuiltProject(folder)]);
  host = new CommandHost(folder);
  const { operatorKeys, products } = gateway.environment;
  const secret = (keys: typeof operatorKeys) => (keys?.kind === 'secret' ? keys.secret : '');
  env = { PORT: new URL(gateway.address).port, BULKHEAD_JWT_SECRET: secret(operatorKeys) };
  for (const name of ['blog', 'aviation']) {
    const prefix = name.toUpperCase();
    env[`${prefix}_MONGODB_URI`] = gateway.uris[name]!;
    env[`${prefix}_OPS_MONGODB_URI`] = gateway.opsUris[name]!;
    env[`${prefix}_JWT_SECRET`] = secret(products[name]?.keys);
  }
});
afterAll(async () => {
  host.end();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A user who may do everything everywhere, as a connection string on a product's database. */
const everywhere = (product: string) => {
  const uri = new URL(inject('mongodAdminUri'));
  uri.pathname = `/${gateway.databases[product]}`;
  return uri.href;
};
const nobodyThere = 'mongodb://u:p@127.0.0.1:1/shop?authSource=shop&serverSelectionTimeoutMS=300';
type Check = { product?: string; check: string; state: string; message: string; remedy?: string };
const found = (stdout: string, state = 'finding') =>
  (JSON.parse(stdout) as { checks: Check[] }).checks
    .filter((one) => one.state === state)
    .map((one) => `${one.product ?? '-'} ${one.check}: ${one.message}`);

describe('usage', () => {
  test.each([
    ['nonsense', /unknown command/],
    ['doctor --nonsense', /unknown option/],
    ['seed --scale none', /expected a number above 0/],
    ['token --product blog --scope blog:read --expires soon', /30m, 12h or 7d/],
    ['doctor nonsense', /no such product; there are blog, aviation/],
    ['schema print nonsense', /no such product; there are blog, aviation/],
    ['status --config nonsense.js', /No gateway found/],
    ['dev --config nonsense.js', /No gateway found/],
  ])('%s is exit code 2, with the reason', async (args, reason) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });

  test('a product that is not there is not waited for', async () => {
    const { code, stderr } = await bulkhead(folder, ['dev', 'nonsense'], env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no such product; there are blog, aviation/);
  });

  test('a mistake is JSON where JSON was asked for', async () => {
    const { code, stdout, stderr } = await run('token --json');
    expect([code, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toEqual({ ok: false, problems: [expect.stringContaining('--product')] });
  });

  test('every command that is listed has help with an example', async () => {
    const { stdout } = await run('--help');
    const names = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name!);
    const listed = names.filter(
      (name) => name !== 'help' && stdout.indexOf(`  ${name}`) > stdout.indexOf('Commands:'),
    );
    expect(listed).toEqual([
      'start',
      'work',
      'dev',
      'seed',
      'doctor',
      'status',
      'slow',
      'explain',
      'reload',
      'provision',
      'token',
      'schema',
      'indexes',
      'operations',
      'init',
      'product',
    ]);
    const below: Record<string, string[]> = {
      schema: ['print', 'check'],
      indexes: ['plan', 'apply'],
      operations: ['push'],
      product: ['new', 'park', 'read-only', 'resume'],
    };
    const leaves = listed.flatMap((name) => below[name]?.map((leaf) => `${name} ${leaf}`) ?? [name]);
    const helps = await Promise.all(leaves.map((name) => run(`${name} --help`)));
    for (const { code, stdout: help } of helps) {
      expect(code).toBe(0);
      expect(help).toMatch(/Examples:\n {2}\$ bulkhead /);
    }
    const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
    for (const name of leaves) expect(page, `docs/commands.md names ${name}`).toContain(`bulkhead ${name}`);
  });

  test('every mistake of configuration is told at once, and none of its values', async () => {
    const { code, stderr } = await bulkhead(folder, ['start'], {
      ...env,
      PORT: 'hunter2-port',
      BLOG_MONGODB_URI: 'mongodb://u:hunter2@[',
      BLOG_JWT_ALGORITHM: 'hunter2-algorithm',
      BULKHEAD_NONSENSE: 'hunter2-nonsense',
    });
    expect(code).toBe(2);
    for (const name of ['PORT', 'BLOG_MONGODB_URI', 'BLOG_JWT_ALGORITHM', 'BULKHEAD_NONSENSE'])
      expect(stderr).toContain(name);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('token', () => {
  test('prints the token alone, and the gateway believes it', async () => {
    const { code, stdout, stderr } = await run(
      'token --product blog --scope blog:read blog:write --subject ada',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { body } = await gateway.ask('blog', '{ viewer { id scopes } }', { token: stdout.trim() });
    expect(body.data.viewer).toEqual({ id: 'ada', scopes: ['blog:read', 'blog:write'] });
    const elsewhere = await gateway.ask('aviation', '{ viewer { id } }', { token: stdout.trim() });
    expect(elsewhere.body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test("prints an operator's token, good for as long as was asked", async () => {
    const { stdout } = await run('token --product * --scope *:admin --expires 30m --json');
    const { token, expiresInS } = JSON.parse(stdout) as { token: string; expiresInS: number };
    expect(expiresInS).toBe(1_800);
    const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<
      string,
      number
    >;
    expect(exp! - iat!).toBe(1_800);
    const { body } = await gateway.ask('aviation', '{ viewer { scopes } }', { token });
    expect(body.data.viewer.scopes).toEqual(['aviation:admin']);
  });

  test.each([
    ['--product blog --scope aviation:read', {}, /expected blog:read\|write\|admin/],
    ['--product blog --scope *:admin', {}, /expected blog:read\|write\|admin/],
    ['--product blog --scope blog:everything', {}, /expected blog:read/],
    ['--product nonsense --scope nonsense:read', {}, /no such product/],
    [
      '--product blog --scope blog:read',
      { BLOG_JWT_SECRET: '', BLOG_JWKS_URL: 'https://keys.example/jwks.json' },
      /only the holder of the private one/,
    ],
  ])('refuses %s', async (args, more, reason) => {
    const { code, stdout, stderr } = await run(`token ${args}`, more);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });
});

describe('status', () => {
  test('says one line per product', async () => {
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^blog +ready +t\w+_blog +MongoDB \d+\.\d+\.\d+ +[\d.]+ ms +\d+ documents +(?:no operation|\d+ operations) since \d\d:00.* +not examined yet$/,
    );
  });

  test('is 1 where one product is not ready, and 3 where no gateway listens', async () => {
    const broken = { AVIATION_MONGODB_URI: nobodyThere, AVIATION_OPS_MONGODB_URI: '' };
    const [one, none] = await Promise.all([run('status --json', broken), run('status', { PORT: '1' })]);
    expect(one.code).toBe(1);
    const { ok, products } = JSON.parse(one.stdout) as { ok: boolean; products: Record<string, unknown>[] };
    expect(ok).toBe(false);
    expect(products.map(({ product, version }) => [product, typeof version])).toEqual([
      ['blog', 'string'],
      ['aviation', 'undefined'],
    ]);
    expect([none.code, none.stdout]).toEqual([3, expect.stringContaining('not serving')]);
  });
});

describe('doctor', () => {
  test('finds nothing on databases that were provisioned, also by attacking', async () => {
    const { code, stdout } = await run('doctor --attack --json');
    expect(found(stdout)).toEqual([]);
    expect(code).toBe(0);
    const attacks = found(stdout, 'ok').filter((one) => one.includes(' attack: '));
    expect(attacks).toEqual([
      expect.stringMatching(/^blog attack: (\d+) attempts on other products, all refused$/),
      expect.stringMatching(/^aviation attack: (\d+) attempts on other products, all refused$/),
    ]);
    // Two credentials, a read and an update each, on every collection of the other product.
    expect(Number(/\d+/.exec(attacks[0]!)![0])).toBe(
      2 * 2 * gateway.server.runtimes.get('aviation')!.classes.length,
    );
  });

  test('finds a missing index, one with other options, and a missing grant, and says what to do', async () => {
    const db = gateway.db('blog');
    await db.collection('comments').dropIndex('post_1_createdAt_1__id_1');
    await db.collection('users').dropIndex('email_1');
    await db.collection('users').createIndex({ email: 1 });
    await db.command({
      revokePrivilegesFromRole: 'bulkhead.serve',
      privileges: [{ resource: { db: db.databaseName, collection: 'posts' }, actions: ['insert'] }],
    });
    try {
      const { code, stdout } = await run('doctor blog --json');
      expect(code).toBe(1);
      expect(found(stdout)).toEqual([
        'blog privileges: serve: a grant is missing: posts: insert',
        'blog indexes: comments: { post: 1, createdAt: 1, _id: 1 } is missing',
        'blog indexes: users: { email: 1 }, unique: User declares it with other options (unique)',
      ]);
      const { checks } = JSON.parse(stdout) as { checks: Check[] };
      expect(checks.flatMap(({ state, remedy }) => (state === 'finding' ? [remedy] : []))).toEqual([
        'Run `bulkhead provision blog`.',
        ...Array<string>(2).fill('Run `bulkhead indexes plan blog`, and apply it.'),
      ]);
    } finally {
      const provisioned = await run('provision blog', { BULKHEAD_ADMIN_URI: inject('mongodAdminUri') });
      expect(provisioned.code, provisioned.stderr).toBe(0);
    }
    expect(found((await run('doctor blog --json')).stdout)).toEqual([]);
  });

  test('finds rights at home that a role does not need, which provisioning takes away', async () => {
    const role = { grantRolesToRole: 'bulkhead.ops', roles: ['readWrite', 'dbAdmin'] };
    await gateway.db('blog').command(role);
    const { code, stdout } = await run('doctor blog --json');
    expect(code).toBe(1);
    expect(found(stdout)).toContainEqual(
      expect.stringMatching(/^blog privileges: ops: may do more than it needs: every collection: .* more$/),
    );
    await run('provision blog', { BULKHEAD_ADMIN_URI: inject('mongodAdminUri') });
    expect(found((await run('doctor blog --json')).stdout)).toEqual([]);
  });

  test('finds a credential that reaches further, and by attacking what it opens; nothing is changed', async () => {
    // The running gateway writes statistics of its own meanwhile.
    const hashes = async () => {
      const { collections } = await gateway.db('aviation').command({ dbHash: 1 });
      return Object.entries(collections as object).filter(([name]) => !name.startsWith('_bulkhead.'));
    };
    const before = await hashes();
    const { code, stdout } = await run('doctor blog --attack --json', {
      BLOG_MONGODB_URI: everywhere('blog'),
    });
    expect(code).toBe(1);
    const findings = found(stdout);
    expect(findings).toContainEqual(
      expect.stringContaining('blog privileges: serve: reaches beyond the product'),
    );
    expect(findings).toContain('blog attack: serve on aviation: a read of questions was answered');
    expect(findings).toContain('blog attack: serve on aviation: an update of questions was answered');
    expect(findings.filter((one) => one.includes('ops on aviation'))).toEqual([]);
    expect(await hashes()).toEqual(before);
  });

  test('is 3 where a database cannot be reached, and tells no password', async () => {
    const away = { BLOG_MONGODB_URI: nobodyThere.replace('u:p@', 'u:hunter2@'), BLOG_OPS_MONGODB_URI: '' };
    const { code, stdout, stderr } = await run('doctor', away);
    expect(code).toBe(3);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(stdout).toMatch(/aviation[\s\S]*✓ connection/);
    expect(stdout).toContain('or correct BLOG_MONGODB_URI.');
  });

  test('names the variable whose server does not answer, also where it is not the product’s own', async () => {
    const away = { BLOG_MONGODB_URI: undefined, BLOG_OPS_MONGODB_URI: undefined, MONGODB_URI: nobodyThere };
    expect(await run('doctor blog', away)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('MONGODB_URI names a server on which blog has no users yet'),
    });
    writeFileSync(
      join(folder, '.bulkhead', 'database-users.json'),
      JSON.stringify({ blog: { serve: 's'.repeat(20), ops: 'o'.repeat(20) } }),
    );
    const { code, stdout } = await run('doctor blog', away);
    expect([code, stdout]).toEqual([3, expect.stringContaining('or correct MONGODB_URI.')]);
    rmSync(join(folder, '.bulkhead', 'database-users.json'));
  });

  test('a data folder that cannot be made is a mistake of configuration', async () => {
    const { code, stderr } = await run('status', { BULKHEAD_DATA_DIR: '/proc/bulkhead' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('BULKHEAD_DATA_DIR: expected a folder')]);
  });

  test('in production, an unpatched server and a refused credential are findings', async () => {
    const wrong = new URL(gateway.uris['blog']!);
    wrong.password = 'not-the-password';
    const { code, stdout } = await run('doctor blog --json', {
      NODE_ENV: 'production',
      BULKHEAD_COMPOSED: 'off',
      BLOG_MONGODB_URI: wrong.href,
    });
    expect(code).toBe(1);
    expect(found(stdout)).toContain('blog connection: serve: the server refuses the credential');
    const { version } = await gateway.db('blog').command({ buildInfo: 1 });
    const other = await run('doctor aviation --json', { NODE_ENV: 'production', BULKHEAD_COMPOSED: 'off' });
    if (String(version) === '6.0.5') expect(found(other.stdout).join()).toContain('6.0.27 has not');
    else expect(other.code).toBe(0);
  });

  test('configuration that cannot be read is a finding, without its values', async () => {
    const { code, stdout } = await run('doctor --json', { BLOG_MONGODB_URI: 'mongodb://u:hunter2@[' });
    expect([code, found(stdout)]).toEqual([1, [expect.stringContaining('BLOG_MONGODB_URI')]]);
    expect(stdout).not.toContain('hunter2');
  });
});

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
    const first = await run('provision', { ...admin(), ...unset, NODE_ENV: 'production' });
    expect(first.code, first.stderr).toBe(0);
    const variables = Object.fromEntries(
      [...first.stdout.matchAll(/^([A-Z_]+_MONGODB_URI)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>;
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

  test('makes the users that the connection strings name', async () => {
    const uri = new URL(gateway.uris['blog']!);
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
      expect(done.stdout).toContain(`use ${gateway.databases['blog']}`);
      const wrong = new URL(gateway.uris['blog']!);
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
    const elsewhere = gateway.uris['blog']!.replace(/authSource=[^&]*/, 'authSource=admin');
    const [kept, away] = await Promise.all([
      run('provision blog', { ...admin(), BLOG_MONGODB_URI: elsewhere }),
      run('provision blog', { BULKHEAD_ADMIN_URI: nobodyThere }),
    ]);
    expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining('expected authSource=')]);
    expect(away.code).toBe(3);
  });
});

describe('schema', () => {
  test('print and check agree, and a change is told', async () => {
    const dir = join(folder, 'sdl');
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
  const made = join(folder, 'made');
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

  test('wants a name that a product can have, and writes nothing without one', async () => {
    const { code, stderr } = await init(join(folder, 'My_Shop'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('Give it another with --name')]);
    expect((await init(`${made} --name ops`)).code).toBe(2);
    expect([existsSync(made), existsSync(join(folder, 'My_Shop'))]).toEqual([false, false]);
  });
});

describe('seed', () => {
  test('loads through the command, once', async () => {
    const before = await gateway.db('blog').collection('posts').countDocuments();
    const { code, stdout, stderr } = await run('seed blog --scale 0.01 --json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      scale: 0.01,
      products: [expect.objectContaining({ product: 'blog', documents: 0, removed: 0 })],
    });
    expect(await gateway.db('blog').collection('posts').countDocuments()).toBe(before);
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
    const { code, stdout } = await bulkhead(folder, ['work', '--once', '--json']);
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
    const users = gateway.db('blog').collection('users');
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
      BLOG_OPS_MONGODB_URI: nobodyThere.replace('/shop', `/${gateway.databases['blog']}`),
    });
    expect(code).toBe(3);
    const { products } = JSON.parse(stdout) as Work;
    expect(products).toMatchObject([
      { product: 'blog', state: 'parked', problem: expect.not.stringContaining('u:p@') },
      { product: 'aviation', state: 'watched' },
    ]);
  });
});
