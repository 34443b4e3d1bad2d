import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { hashOf } from '../../src/graph/operation-hash.js';
import { defineGateway } from '../../src/product/gateway.js';
import { fromRoot, readText } from '../architecture/sources.js';
import { copyBuiltProject } from '../support/built-project.js';
import { CommandHost } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { json, send, sendBytes } from '../support/http.js';

const { blog, aviation } = config.products;
const declared = defineGateway({
  composed: 'public',
  products: {
    blog: { ...blog!, operations: 'safelist' },
    aviation: { ...aviation!, public: 'read', operations: 'log' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-operations-'));
const logged: Record<string, unknown>[] = [];
let gateway: TestGateway;
let host: CommandHost;
let env: Record<string, string>;
const push = (args = '', more: Record<string, string> = {}) =>
  host.run(`operations push ${args}`.trim().split(' '), { ...env, ...more });

beforeAll(async () => {
  [gateway] = await Promise.all([
    TestGateway.start({
      gateway: declared,
      scale: 0.02,
      env: { NODE_ENV: 'production', BULKHEAD_RATE_LIMITS: 'false' },
      log: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    }),
    copyBuiltProject(folder),
  ]);
  host = new CommandHost(folder);
  env = {
    BLOG_MONGODB_URI: gateway.uris['blog']!,
    BLOG_OPS_MONGODB_URI: gateway.opsUris['blog']!,
    AVIATION_MONGODB_URI: gateway.uris['aviation']!,
    AVIATION_OPS_MONGODB_URI: gateway.opsUris['aviation']!,
  };
});
afterAll(async () => {
  host.end();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const manifestOf = (product: string) =>
  JSON.parse(readFileSync(join(folder, 'generated', 'operations', `${product}.json`), 'utf8')) as Record<
    string,
    string
  >;
const write = (product: string, manifest: unknown) =>
  writeFileSync(join(folder, `${product}.json`), JSON.stringify(manifest));
const byHash = (product: string, sha256Hash: string, variables: object = {}) =>
  send(
    gateway.url(product),
    json(
      { variables, extensions: { persistedQuery: { version: 1, sha256Hash } } },
      { accept: 'application/graphql-response+json' },
    ),
  );
const codeOf = (body: { errors?: { extensions: { code: string } }[] }) => body.errors?.[0]?.extensions.code;

const NEWEST = 'query Newest { posts(first: 1) { nodes { title } } }';
const registered = 'query Newest{posts(first:1){nodes{title}}}';

describe('before anything is registered', () => {
  test('a safelist refuses everything but operators, before it is parsed', async () => {
    for (const text of [NEWEST, '{ nothing }', '{{{', '{ __schema { types { name } } }']) {
      const { status, body } = await gateway.ask('blog', text);
      expect([status, codeOf(body)]).toEqual([403, 'FORBIDDEN']);
    }
    expect(codeOf((await byHash('blog', hashOf(registered))).body)).toBe('PERSISTED_QUERY_NOT_FOUND');
    const token = await gateway.operator();
    expect((await gateway.ask('blog', NEWEST, { token })).body.data.posts.nodes).toHaveLength(1);
  });

  test('the composed graph is no way around it', async () => {
    const { status } = await gateway.ask(undefined, `{ blog { posts(first: 1) { nodes { title } } } }`);
    expect(status).toBe(401);
  });

  test('an operator of another product is none here', async () => {
    const token = await gateway.operator('aviation:admin');
    expect((await gateway.ask('blog', NEWEST, { token })).status).toBe(403);
    const asked = '{ blog { posts(first: 1) { nodes { title } } } aviation { __typename } }';
    const { body } = await gateway.ask(undefined, asked, { token });
    expect(body.data).toEqual({ blog: null, aviation: { __typename: 'AviationQuery' } });
    expect(codeOf(body)).toBe('FORBIDDEN');
  });

  test('an address that two readers take for different ones is read as it is answered', async () => {
    const sneaky = `/graphql/blog?query=${encodeURIComponent('{ viewer { id } }')}#&query=x`;
    const { status, body } = await sendBytes(
      gateway.address,
      `GET ${sneaky} HTTP/1.1\r\nhost: localhost\r\napollo-require-preflight: 1\r\nconnection: close\r\n\r\n`,
    );
    expect([status, codeOf(JSON.parse(body))]).toEqual([403, 'FORBIDDEN']);
  });

  test('a refusal leaves no automatic persisted query behind', async () => {
    const text = '{ viewer { id } }';
    const both = { query: text, extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(text) } } };
    expect(codeOf((await send(gateway.url('blog'), json(both))).body)).toBe('FORBIDDEN');
    expect(codeOf((await byHash('blog', hashOf(text))).body)).toBe('PERSISTED_QUERY_NOT_FOUND');
  });
});

describe('operations collect', () => {
  const root = mkdtempSync(join(tmpdir(), 'bulkhead-collect-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const collect = (...args: string[]) => host.run(['operations', 'collect', ...args], {});
  const put = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  test('writes the manifests that typed operations have their hashes from', async () => {
    const out = join(root, 'all');
    const { code, stderr } = await collect('--from', fromRoot('examples'), fromRoot('test'), '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    for (const graph of ['blog', 'aviation', 'graph'])
      expect(JSON.parse(readFileSync(join(out, `${graph}.json`), 'utf8'))).toEqual(
        JSON.parse(readText(`generated/operations/${graph}.json`)),
      );
  });

  test('takes documents alone, and refuses what belongs to no graph or has no name, writing nothing', async () => {
    put('app/one.blog.graphql', 'query One { viewer { id } }');
    put('app/types.graphql', 'type Query { a: Int }');
    for (const folder of ['node_modules', 'dist', '.cache', 'generated'])
      put(`app/${folder}/x/other.blog.graphql`, 'query Other { viewer { id } }');
    const out = join(root, 'out');
    const ask = () => collect('--from', join(root, 'app'), '--out', out);
    expect((await ask()).stdout).toMatch(/^2 files read, [^\n]*\/app\n[^\n]*blog\.json: 1 operations\n/);
    expect(JSON.parse((await collect('--from', join(root, 'app'), '--out', out, '--json')).stdout)).toEqual({
      ok: true,
      files: 2,
      manifests: [{ file: join(out, 'blog.json'), operations: 1 }],
    });
    expect(Object.values(JSON.parse(readFileSync(join(out, 'blog.json'), 'utf8')) as object)).toEqual([
      'query One{viewer{id}}',
    ]);

    rmSync(join(root, 'app/one.blog.graphql'));
    expect((await ask()).stdout).toMatch(/no client's document below[^]*blog\.json: left as it is/);

    put('app/two.shop.graphql', 'query Two { a }');
    put('app/three.blog.graphql', '{ viewer { id } }');
    put('app/four.blog.graphql', 'query Four { viewer { ...None } }');
    put('app/five.blog.graphql', 'query {');
    const nowhere = join(root, 'nowhere');
    const file = join(root, 'app/types.graphql');
    const { code, stderr } = await collect('--from', join(root, 'app'), nowhere, file, '--out', out);
    expect(code).toBe(2);
    for (const problem of [
      `--from: expected a folder, found nothing at ${nowhere}.`,
      `--from: expected a folder, found a file at ${file}.`,
      'two.shop.graphql: expected a name that ends in .<graph>.graphql',
      'three.blog.graphql: holds an operation without a name',
      'there is no fragment None',
      'five.blog.graphql: Syntax Error',
    ])
      expect(stderr).toContain(problem);
    expect(Object.keys(JSON.parse(readFileSync(join(out, 'blog.json'), 'utf8')) as object)).toHaveLength(1);
  });
});

describe('operations push', () => {
  test('registers the manifests of the clients, each in its product, again and again', async () => {
    const count = Object.keys(manifestOf('blog')).length;
    const first = await push();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`blog: ${count} operations registered, ${count} of them new\n`);
    expect(first.stdout).toContain('aviation: ');
    const { stdout } = await push('blog --json');
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      products: [{ product: 'blog', registered: count, added: 0, removed: 0, others: 0 }],
      passedOver: [],
    });
    expect(await gateway.db('blog').collection('_bulkhead.operations').countDocuments()).toBe(count);
  });

  test('adds one; the gateway answers it within seconds, by hash and by text in any layout', async () => {
    write('blog', { [`sha256:${hashOf(registered)}`]: registered });
    const { code, stdout } = await push(`blog --dir ${folder}`);
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 of them new; ')]);
    expect(stdout).toContain('older ones stay');
    await eventually('it is answered', async () => {
      const { status } = await byHash('blog', hashOf(registered));
      return status === 200 && (await byHash('blog', hashOf(registered))).body.data !== undefined;
    });
    for (const text of [registered, NEWEST, `# why\n${NEWEST.replaceAll(' ', '\n\t')}`])
      expect((await gateway.ask('blog', text)).body.data.posts.nodes).toHaveLength(1);
    const get = await fetch(
      `${gateway.url('blog')}?extensions=${encodeURIComponent(
        JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hashOf(registered) } }),
      )}`,
      { headers: { 'apollo-require-preflight': '1' } },
    );
    expect(((await get.json()) as { data: { posts: unknown } }).data.posts).toBeTruthy();
    // One letter more is another operation.
    expect(codeOf((await gateway.ask('blog', NEWEST.replace('title', 'title id'))).body)).toBe('FORBIDDEN');
  });

  test('answers what Apollo Client and urql make of it, who put __typename into each selection set', async () => {
    const sent =
      'query Newest {\n  posts(first: 1) {\n    nodes {\n      title\n      __typename\n    }\n    __typename\n  }\n}';
    const node = { title: expect.any(String) as string, __typename: 'Post' };
    expect((await gateway.ask('blog', sent)).body.data.posts.nodes).toEqual([node]);
    for (const more of ['title id', 'title t: __typename', '__typename __typename'])
      expect((await gateway.ask('blog', sent.replace('title', more))).status).toBe(403);

    // Apollo's link asks by the hash of what it sends, and with the text where that is not known.
    const theirs = `${sent}\n`;
    const hash = hashOf(theirs);
    const both = { query: theirs, extensions: { persistedQuery: { version: 1, sha256Hash: hash } } };
    expect(codeOf((await byHash('blog', hash)).body)).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect((await send(gateway.url('blog'), json(both))).body.data.posts.nodes).toEqual([node]);
    expect((await byHash('blog', hash)).body.data.posts.nodes).toEqual([node]);
    const stored = gateway.db('blog').collection<{ _id: string; text: string }>('_bulkhead.operations');
    const one = (await stored.findOneAndDelete({ _id: hashOf(registered) }))!;
    await eventually('it is gone', async () => {
      // Whatever is not known has the list read again.
      await byHash('blog', hashOf('nothing'));
      return codeOf((await byHash('blog', hash)).body) === 'PERSISTED_QUERY_NOT_FOUND';
    });
    expect((await gateway.ask('blog', sent)).status).toBe(403);

    // A client may have written some of them, and its tools all.
    const some = NEWEST.replace('title', '__typename title');
    await stored.insertOne({ ...one, _id: hashOf(some), text: some });
    await eventually('it is answered', async () => (await gateway.ask('blog', sent)).status === 200);
    await stored.deleteOne({ _id: hashOf(some) });
    await stored.insertOne(one);
  });

  test('removes what the manifest has not, when asked', async () => {
    const { stdout } = await push(`blog --dir ${folder} --prune`);
    expect(stdout).toMatch(/1 operations registered, 0 of them new; \d+ removed\n/);
    expect(await gateway.db('blog').collection('_bulkhead.operations').countDocuments()).toBe(1);
  });

  test('removes nothing by a manifest of nothing', async () => {
    write('blog', {});
    const { code, stderr } = await push(`blog --dir ${folder} --prune`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected operations, found none')]);
    expect(await gateway.db('blog').collection('_bulkhead.operations').countDocuments()).toBe(1);
  });

  test('registers an operation whose page sizes are variables by the least that they can be', async () => {
    // A page of the usual size would be too large.
    const authors = Array.from({ length: 13 }, (_, i) => `a${i}:author{id}`).join(' ');
    const sized = `query Sized($n:Int!){posts(first:100){nodes{comments(first:$n){nodes{${authors}}}}}}`;
    write('blog', { [`sha256:${hashOf(sized)}`]: sized });
    const { code, stderr } = await push(`blog --dir ${folder}`);
    expect([code, stderr]).toEqual([0, '']);
    await gateway
      .db('blog')
      .collection<{ _id: string }>('_bulkhead.operations')
      .deleteOne({ _id: hashOf(sized) });
  });

  test('registers nothing of a manifest that the product would not answer', async () => {
    const wrong = 'query Wrong{nothing}';
    write('blog', {
      [`sha256:${hashOf(wrong)}`]: wrong,
      [`sha256:${'0'.repeat(64)}`]: registered,
      [`sha256:${hashOf('{{{')}`]: '{{{',
    });
    const { code, stderr } = await push(`blog --dir ${folder}`);
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot query field "nothing"');
    expect(stderr).toContain('is not the hash of its text');
    expect(stderr).toContain('Syntax Error');
    const aliases = `query Many{${Array.from({ length: 31 }, (_, i) => `a${i}:__typename`).join(' ')}}`;
    const costly =
      'query Costly{posts(first:100){nodes{comments(first:100){nodes{a:author{id}b:author{id}}}}}}';
    for (const [text, why] of [
      [aliases, 'at most 30 are allowed'],
      [costly, 'at most 25000 are allowed'],
      ['subscription Feed{posts}', 'The schema has no type for a subscription.'],
    ] as const) {
      write('blog', { [`sha256:${hashOf(text)}`]: text });
      const refused = await push(`blog --dir ${folder}`);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(why)]);
    }
    write('blog', { nonsense: 1 });
    expect((await push(`blog --dir ${folder}`)).stderr).toContain('expected texts of operations');
    expect((await push('blog --dir nowhere')).stderr).toContain('bulkhead operations collect');
    expect((await push('--dir nowhere')).code).toBe(2);
    // Named by a product that is none; what is no manifest is nothing to speak of.
    const typo = join(folder, 'typo');
    mkdirSync(typo);
    writeFileSync(join(typo, 'package.json'), '{ "name": "x" }');
    writeFileSync(join(typo, 'graph.json'), JSON.stringify(manifestOf('graph')));
    writeFileSync(join(typo, 'blgo.json'), JSON.stringify({ [`sha256:${hashOf(registered)}`]: registered }));
    const alone = await push(`--dir ${typo}`);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('blgo.json: passed over')]);
    writeFileSync(join(typo, 'blog.json'), JSON.stringify({ [`sha256:${hashOf(registered)}`]: registered }));
    const { stdout } = await push(`--dir ${typo}`);
    expect(stdout.split('\n').slice(1)).toEqual([
      `${join(typo, 'blgo.json')}: passed over, there is no product of that name`,
      '',
    ]);
    expect(await gateway.db('blog').collection('_bulkhead.operations').countDocuments()).toBe(1);
  });

  test('registers nothing where the credential of one of the products is missing', async () => {
    const before = await gateway.db('blog').collection('_bulkhead.operations').countDocuments();
    const { code, stderr } = await push('', { AVIATION_OPS_MONGODB_URI: '' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('AVIATION_OPS_MONGODB_URI: expected')]);
    expect(await gateway.db('blog').collection('_bulkhead.operations').countDocuments()).toBe(before);
  });

  test('registers what other tools have laid out, to be sent as it stands there', async () => {
    const theirs = 'query Theirs {\n  posts(first: 1) {\n    nodes {\n      title\n    }\n  }\n}';
    write('blog', { [`sha256:${hashOf(theirs)}`]: theirs });
    expect((await push(`blog --dir ${folder}`)).code).toBe(0);
    await eventually('it is answered', async () => (await gateway.ask('blog', theirs)).status === 200);
    expect((await byHash('blog', hashOf(theirs))).status).toBe(200);
    await gateway
      .db('blog')
      .collection<{ _id: string }>('_bulkhead.operations')
      .deleteOne({ _id: hashOf(theirs) });
  });

  test('is 3 where no database answers', async () => {
    const away = new URL(gateway.opsUris['blog']!);
    away.host = '127.0.0.1:1';
    away.searchParams.set('serverSelectionTimeoutMS', '300');
    const { code, stderr } = await push('blog', { BLOG_OPS_MONGODB_URI: away.href });
    expect([code, stderr]).toEqual([3, expect.not.stringContaining(away.password)]);
  });

  test('is not for the serving credential', async () => {
    const db = gateway.server.runtimes.get('blog')!.link.db;
    await expect(
      db.collection<{ _id: string }>('_bulkhead.operations').insertOne({ _id: 'x' }),
    ).rejects.toMatchObject({ code: 13 });
  });
});

test("'log' answers everything, and says once by hash what a safelist would refuse", async () => {
  const secret = 'query Mine { subjects { code } viewer { id } }';
  for (let i = 0; i < 3; i += 1) expect((await gateway.ask('aviation', secret)).status).toBe(200);
  const [text] = Object.values(manifestOf('aviation'));
  await gateway.ask('aviation', text!);
  // What is no hash is the client's words.
  expect((await byHash('aviation', 'a secret of mine')).status).toBe(400);
  const lines = logged.filter(({ msg }) => msg === 'a safelist would refuse this operation');
  expect(lines).toEqual([expect.objectContaining({ product: 'aviation', sha256: hashOf(secret) })]);
  expect(JSON.stringify(logged)).not.toMatch(/subjects|a secret of mine/);
});
