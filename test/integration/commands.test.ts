import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { bulkhead } from '../support/command.js';
import { found, nobodyThere, useCommands } from '../support/commands.js';

const commands = useCommands();
const { run, everywhere } = commands;

describe('usage', () => {
  test.each([
    ['nonsense', /unknown command/],
    ['doctor --nonsense', /unknown option/],
    ['status --url junk', /expected an address such as http:/],
    ['status --url localhost:4000', /expected an address such as http:/],
    ['seed --scale none', /expected a number above 0/],
    ['token --product blog --scope blog:read --expires soon', /30m, 12h or 7d/],
    ['doctor nonsense', /no such product; there are blog, aviation/],
    ['schema print nonsense', /no such product; there are blog, aviation/],
    ['schema print --out package.json', /--out: expected a folder, .* got EEXIST for package\.json\.\n$/],
    ['schema print --out /proc/x/y', /--out: expected a folder, .* got ENOENT for \/proc\/x\/y\.\n$/],
    ['status --config nonsense.js', /No gateway found/],
    ['dev --config nonsense.js', /No gateway found/],
    // As `provision "$P"` is called where P is unset: a product left out means all.
    ['provision ', /product is empty: leave it out, or say what it is/],
    ['provision  --rotate', /product is empty/],
    ['operations push  --prune', /product is empty/],
    ['indexes apply  --yes', /product is empty/],
    ['start blog ', /products is empty/],
    ['token --product blog --scope blog:read ', /--scope is empty/],
    ['status --config ', /--config is empty/],
    ['schema print --config=', /--config is empty/],
  ])('%s is exit code 2, with the reason', async (args, reason) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });

  test('a product that is not there is not waited for', async () => {
    const { code, stderr } = await bulkhead(commands.folder, ['dev', 'nonsense'], commands.env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no such product; there are blog, aviation/);
  });

  test.each([
    ['export default {', /cannot be loaded: SyntaxError: /],
    ["throw new Error('boom');", /cannot be loaded: Error: boom \(file:.*:1:7\)$/],
    ["throw 'boom';", /cannot be loaded: boom$/],
    [
      "import 'a-package-that-is-not-there';",
      /cannot be loaded: .*Cannot find package 'a-package-that-is-not-there'/,
    ],
    [undefined, /cannot be loaded: .*directory import/i],
    [
      "import { defineGateway } from './dist/src/index.js'; defineGateway({ products: {} });",
      /error products: expected at least one, got none\.$/,
    ],
  ])('a declaration that reads %j is a mistake, with the file’s name', async (text, problem) => {
    const name = `broken-${Math.random()}.js`;
    const path = join(commands.folder, name);
    if (text === undefined) mkdirSync(path);
    else writeFileSync(path, `${text}\n`);
    const { code, stdout, stderr } = await run(`schema print --config ${name}`);
    rmSync(path, { recursive: true });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trim()).toMatch(problem);
    if (!stderr.includes('products:')) expect(stderr).toContain(`error ${path}: cannot be loaded`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a mistake is JSON where JSON was asked for', async () => {
    const { code, stdout, stderr } = await run('token --json');
    expect([code, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toEqual({ ok: false, problems: [expect.stringContaining('--product')] });
    const problems = ['expected a command: see --help.'];
    expect(JSON.parse((await run('schema --json')).stdout)).toEqual({ ok: false, problems });
  });

  test('every command that is listed has help with an example', async () => {
    const { stdout } = await run('--help');
    const names = [...stdout.matchAll(/^ {2}([a-z-]+) .*$/gm)].map(([, name]) => name!);
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
      'step-down',
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
    const { code, stderr } = await bulkhead(commands.folder, ['start'], {
      ...commands.env,
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
    const { body } = await commands.gateway.ask('blog', '{ viewer { id scopes } }', { token: stdout.trim() });
    expect(body.data.viewer).toEqual({ id: 'ada', scopes: ['blog:read', 'blog:write'] });
    const elsewhere = await commands.gateway.ask('aviation', '{ viewer { id } }', { token: stdout.trim() });
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
    const { body } = await commands.gateway.ask('aviation', '{ viewer { scopes } }', { token });
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
      /^blog +ready +t\w+_blog +MongoDB \d+\.\d+\.\d+ +[\d.]+ ms +\d+ documents +(?:no operation|\d+ operations) since \d\d:00.* +not examined yet, no worker$/,
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
      2 * 2 * commands.gateway.server.runtimes.get('aviation')!.classes.length,
    );
  });

  test('finds a missing index, one with other options, and a missing grant, and says what to do', async () => {
    const db = commands.gateway.db('blog');
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
      const { checks } = JSON.parse(stdout) as { checks: { state: string; remedy?: string }[] };
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

  test('finds rights at home that a role does not need, which provisioning names, and takes away when told to', async () => {
    const role = { grantRolesToRole: 'bulkhead.ops', roles: ['readWrite', 'dbAdmin'] };
    await commands.gateway.db('blog').command(role);
    const { code, stdout } = await run('doctor blog --json');
    expect(code).toBe(1);
    expect(found(stdout)).toContainEqual(
      expect.stringMatching(/^blog privileges: ops: may do more than it needs: every collection: .* more$/),
    );
    const admin = { BULKHEAD_ADMIN_URI: inject('mongodAdminUri') };
    const kept = await run('provision blog', admin);
    expect([kept.code, kept.stdout]).toEqual([
      0,
      expect.stringMatching(
        /when none does: bulkhead provision blog --revoke[^]*bulkhead\.ops: every collection: .*convertToCapped/,
      ),
    ]);
    const revoked = await run('provision blog --revoke', admin);
    expect([revoked.code, revoked.stdout]).toEqual([0, expect.not.stringContaining('--revoke')]);
    expect(found((await run('doctor blog --json')).stdout)).toEqual([]);
  });

  test('finds a credential that reaches further, and by attacking what it opens; nothing is changed', async () => {
    // The running gateway writes statistics of its own meanwhile.
    const hashes = async () => {
      const { collections } = await commands.gateway.db('aviation').command({ dbHash: 1 });
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
      join(commands.folder, '.bulkhead', 'database-users.json'),
      JSON.stringify({ blog: { serve: 's'.repeat(20), ops: 'o'.repeat(20) } }),
    );
    const { code, stdout } = await run('doctor blog', away);
    expect([code, stdout]).toEqual([3, expect.stringContaining('or correct MONGODB_URI.')]);
    rmSync(join(commands.folder, '.bulkhead', 'database-users.json'));
  });

  test('a data folder that cannot be made is a mistake of configuration', async () => {
    const away = { BULKHEAD_DATA_DIR: '/proc/bulkhead' };
    const { code, stderr } = await run('token --product blog --scope blog:read', away);
    expect([code, stderr]).toEqual([2, expect.stringContaining('BULKHEAD_DATA_DIR: expected a folder')]);
    // What needs no secrets makes no place for them.
    expect((await run('status', away)).code).toBe(0);
  });

  test('in production, an unpatched server and a refused credential are findings', async () => {
    const wrong = new URL(commands.gateway.uris['blog']!);
    wrong.password = 'not-the-password';
    const { code, stdout } = await run('doctor blog --json', {
      NODE_ENV: 'production',
      BULKHEAD_COMPOSED: 'off',
      BLOG_MONGODB_URI: wrong.href,
    });
    expect(code).toBe(1);
    expect(found(stdout)).toContain('blog connection: serve: the server refuses the credential');
    const { version } = await commands.gateway.db('blog').command({ buildInfo: 1 });
    const other = await run('doctor aviation --json', { NODE_ENV: 'production', BULKHEAD_COMPOSED: 'off' });
    if (String(version) === '6.0.5') expect(found(other.stdout).join()).toContain('6.0.27 has not');
    else expect(other.code).toBe(0);
  });

  test('a file that a connection string names and that is missing is a finding of that product, and the others are examined', async () => {
    const uri = `${commands.gateway.uris['blog']}&tls=true&tlsCAFile=/nope.pem`;
    const { code, stdout } = await run('doctor --json', { BLOG_MONGODB_URI: uri });
    const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] };
    expect(code).toBe(1);
    expect(checks).toContainEqual({
      product: 'blog',
      check: 'connection',
      state: 'finding',
      message: expect.stringMatching(/^serve: ENOENT.*'\/nope\.pem'$/),
      remedy: 'Correct BLOG_MONGODB_URI.',
    });
    const of = (product: string) =>
      checks.filter((one) => one['product'] === product).map(({ check }) => check);
    // With its other credential, and the other product whole.
    expect(of('blog')).toContain('indexes');
    expect(of('aviation')).toEqual(expect.arrayContaining(['connection', 'privileges', 'indexes']));
  });

  test('configuration that cannot be read is a finding, without its values', async () => {
    const { code, stdout } = await run('doctor --json', { BLOG_MONGODB_URI: 'mongodb://u:hunter2@[' });
    expect([code, found(stdout)]).toEqual([1, [expect.stringContaining('BLOG_MONGODB_URI')]]);
    expect(stdout).not.toContain('hunter2');
  });
});
