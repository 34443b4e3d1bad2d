import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../src/graph/operation-hash.js';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost } from '../support/command.js';
import { TestGateway } from '../support/gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-schema-check-'));
const written = join(folder, 'written');
let gateway: TestGateway;
let host: CommandHost;
let env: Record<string, string>;

/** What clients registered once; it stands in no manifest. */
const TAGS = 'query Tags{posts(first:1){nodes{tags legacyTitle}}}';
const hash = hashOf(TAGS).slice(0, 12);
const COUNT = 'query Count($first:Int){posts(first:$first){nodes{id}}}';

interface Report {
  ok: boolean;
  failing: string[];
  unseen: string[];
  gone: string[];
  superfluous: string[];
  schemas: {
    graph: string;
    changes: { level: string; kind: string; at?: string; usedBy: { name: string }[] }[];
    broken: { name: string; hash: string; problems: string[] }[];
    operations: { known: number; from: string[]; unread?: string };
  }[];
}

const check = async (args = '', more: Record<string, string | undefined> = {}) => {
  const words = `schema check --dir ${written} ${args}`.trim().split(' ');
  return host.run(words, { ...env, ...more });
};
const report = async (args = '', more: Record<string, string | undefined> = {}) =>
  JSON.parse((await check(`${args} --json`.trim(), more)).stdout) as Report;

/** Writes what an earlier version would have written: today's SDL with something else in it. */
function rewrite(product: string, from: string, to: string): void {
  const path = join(written, `${product}.graphql`);
  const sdl = readFileSync(path, 'utf8');
  expect(sdl).toContain(from);
  writeFileSync(path, sdl.replace(from, to));
}
const operations = () => gateway.db('blog').collection<{ _id: string; text: string }>('_bulkhead.operations');
const register = async (...texts: string[]) => {
  await operations().deleteMany({});
  if (texts.length > 0) await operations().insertMany(texts.map((text) => ({ _id: hashOf(text), text })));
};

beforeAll(async () => {
  [gateway] = await Promise.all([TestGateway.start(), copyBuiltProject(folder)]);
  host = new CommandHost(folder);
  env = { BLOG_MONGODB_URI: gateway.uris['blog']!, AVIATION_OPS_MONGODB_URI: gateway.opsUris['aviation']! };
});
afterAll(async () => {
  host.end();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  rmSync(written, { recursive: true, force: true });
  cpSync(join(folder, 'generated'), written, { recursive: true });
  await register();
});

describe('schema check', () => {
  test('refuses a folder of manifests that is not there, where one is named', async () => {
    const { code, stderr } = await check('--operations nowhere');
    expect([code, stderr]).toEqual([2, expect.stringContaining('nowhere: expected a folder')]);
    const file = await check('--operations package.json');
    expect([file.code, file.stderr]).toEqual([2, expect.stringMatching(/^[^]*package\.json: [^]* a file\./)]);
  });

  test('is content while nothing changed, and has read the databases with either credential', async () => {
    await register(COUNT);
    const { code, stdout, stderr } = await check();
    expect([code, stderr]).toEqual([0, '']);
    const manifest = (product: string) =>
      JSON.parse(readFileSync(join(written, 'operations', `${product}.json`), 'utf8')) as object;
    const count = Object.keys(manifest('blog')).length + 1;
    expect(stdout).toContain(
      `${count} operations known, of the database and ${join(written, 'operations/blog.json')}\n`,
    );
    const { schemas } = await report();
    expect(Object.fromEntries(schemas.map((one) => [one.graph, one.operations.from[0]]))).toEqual({
      blog: 'the database',
      aviation: 'the database',
      graph: join(written, 'operations/graph.json'),
    });
  });

  test('names the operation that would break, its hash and the field', async () => {
    await register(TAGS, COUNT);
    rewrite('blog', '  tags: [String!]!\n', '  legacyTitle: String!\n  tags: [String]!\n');
    const { code, stdout } = await check('blog');
    expect(code).toBe(1);
    const lines = stdout.split('\n').map((line) => line.trim());
    expect(lines).toContain(
      `BREAKING   Field 'legacyTitle' was removed from object type 'Post'; used by Tags (${hash})`,
    );
    expect(lines).toContain(
      `BROKEN     operation Tags (${hash}) would not be answered: Cannot query field "legacyTitle" on type "Post".`,
    );
    expect(lines.find((line) => line.startsWith('SAFE'))).toContain("'[String]!' to '[String!]!'");
    expect(stdout).toContain('bulkhead schema print --out');
    // Whatever it is to end with 1 for, clients break.
    expect((await check('blog --fail-on used')).code).toBe(1);
    // The file may have been written anew with the change: clients break all the same.
    cpSync(join(folder, 'generated/blog.graphql'), join(written, 'blog.graphql'));
    const { failing, schemas } = await report('--fail-on used');
    expect(failing).toEqual(['blog']);
    expect(schemas.find(({ graph }) => graph === 'blog')).toMatchObject({
      changes: [],
      broken: [{ name: 'Tags', hash: hashOf(TAGS) }],
    });
  });

  test('says of a breaking change that no registered operation uses it, and lets it pass where asked to', async () => {
    await register(COUNT);
    rewrite('blog', '  tags: [String!]!\n', '  legacyTitle: String!\n  tags: [String!]!\n');
    const { code, stdout } = await check('blog --fail-on breaking');
    expect(code).toBe(1);
    expect(stdout).toContain("removed from object type 'Post'; used by no registered operation\n");
    expect((await check('blog --fail-on used')).code).toBe(0);
    // Where nobody registered anything, nobody knows who uses it.
    await register();
    const empty = join(written, 'none');
    mkdirSync(empty);
    const none = `--operations ${empty}`;
    expect((await check(`blog --fail-on used ${none}`)).code).toBe(1);
    expect((await check(`blog ${none}`)).stdout).toContain('no registered operation is known');
  });

  test('tells safe and dangerous changes from breaking ones', async () => {
    rewrite('blog', '  DRAFT\n', '');
    rewrite('aviation', 'minimumAnswers: Int = 50', 'minimumAnswers: Int = 40');
    rewrite('aviation', '  unit: String!\n', '');
    expect((await check()).code).toBe(1);
    const { ok, schemas } = await report('--fail-on breaking');
    expect(ok).toBe(true);
    const told = schemas.flatMap(({ graph, changes }) =>
      changes.map(({ level, at }) => `${graph} ${level} ${at}`),
    );
    expect(told).toEqual([
      'blog dangerous PostStatus.DRAFT',
      'aviation dangerous Query.topQuestions.minimumAnswers',
      'aviation safe Account.unit',
    ]);
  });

  test('goes on with the manifests where a database is away, and says so without its password', async () => {
    rewrite('blog', '  tags: [String!]!\n', '  tags: [String!]\n');
    const away = new URL(gateway.uris['blog']!);
    away.host = '127.0.0.1:1';
    away.searchParams.set('serverSelectionTimeoutMS', '300');
    const { code, stdout } = await check('blog', { BLOG_MONGODB_URI: away.href });
    expect(code).toBe(1);
    expect(stdout).toContain('registered operations not read from the database of blog: ');
    expect(stdout).toContain(join(written, 'operations/blog.json'));
    expect(stdout).not.toContain(away.password);
    // Also where nothing changed: what is registered may not be answered any more.
    cpSync(join(folder, 'generated/blog.graphql'), join(written, 'blog.graphql'));
    const same = await check('blog', { BLOG_MONGODB_URI: away.href });
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('not read from the database')]);
    expect((await check('blog', { BLOG_MONGODB_URI: undefined })).stdout).not.toContain('not read');
    const wrong = await report('blog', { PORT: 'none', BLOG_MONGODB_URI: undefined });
    expect(wrong.schemas[0]!.operations.unread).toContain('PORT');
  });

  test('with --fail-on used nothing passes that a database hides which is away', async () => {
    const away = { BLOG_MONGODB_URI: gateway.uris['blog']!.replace(/@[^/]+/, '@127.0.0.1:1') };
    away.BLOG_MONGODB_URI += '&serverSelectionTimeoutMS=300';
    await register(TAGS);
    rewrite('blog', '  tags: [String!]!\n', '  legacyTitle: String!\n  tags: [String!]!\n');
    // The manifest has operations, none of which uses the field; a registered one does.
    const { code, stdout } = await check('blog --fail-on used', away);
    expect([code, stdout]).toEqual([
      3,
      expect.stringContaining('Not checked: which operations of blog are registered.'),
    ]);
    expect(await report('--fail-on used', away)).toMatchObject({ ok: false, failing: [], unseen: ['blog'] });
    // What is found all the same is told by its own code.
    expect((await check('blog --fail-on breaking', away)).code).toBe(1);
    // Where there is no list to read, the manifests are the clients.
    expect((await check('blog --fail-on used', { BLOG_MONGODB_URI: undefined })).code).toBe(0);
    const wrong = await check('blog --fail-on used', { PORT: 'none' });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('PORT')]);
  });

  test('a new product is safe, one that is gone is not', async () => {
    rmSync(join(written, 'blog.graphql'));
    writeFileSync(join(written, 'reader.graphql'), 'query Reader { posts { nodes { id } } }');
    expect(await report('--fail-on breaking')).toMatchObject({ ok: true, gone: [] });
    expect(await report()).toMatchObject({ ok: false, failing: ['blog'] });
    writeFileSync(join(written, 'shop.graphql'), 'type Query { items: [String] }');
    expect(await report('--fail-on used')).toMatchObject({ ok: false, failing: ['shop'], gone: ['shop'] });
    expect((await check()).stdout).toContain('there is no product shop any more');
    // Nothing but deleting them helps, and does.
    cpSync(join(folder, 'generated/blog.graphql'), join(written, 'blog.graphql'));
    const files = [join(written, 'shop.graphql'), join(written, 'operations/shop.json')];
    writeFileSync(files[1]!, '{}');
    const { stdout } = await check();
    expect(stdout).toContain(`Delete what nothing is built for any more: ${files.join(', ')}\n`);
    expect(stdout).not.toContain('Write them anew');
    expect(await report()).toMatchObject({ gone: ['shop'], superfluous: files });
    for (const file of files) rmSync(file);
    expect(await report()).toMatchObject({ ok: true, gone: [], superfluous: [] });
    expect(await report('aviation')).toMatchObject({ ok: true, gone: [] });
  });

  test.each([
    ['nothing to compare with', () => rmSync(written, { recursive: true }), 'bulkhead schema print --out'],
    [
      'no schema',
      () => writeFileSync(join(written, 'blog.graphql'), '<<<<<<< HEAD'),
      'the file is no schema',
    ],
    ['no manifest', () => writeFileSync(join(written, 'operations/blog.json'), '{'), 'expected JSON'],
  ])('%s is exit code 2', async (_, spoil, reason) => {
    spoil();
    const { code, stderr } = await check('--fail-on used');
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
    expect((await check('--fail-on nothing')).code).toBe(2);
  });
});
