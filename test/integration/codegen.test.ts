import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  Kind,
  lexicographicSortSchema,
  parse,
  printSchema,
  validate,
} from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import gateway from '../../bulkhead.config.js';
import { findStale, generateFiles, main, writeFiles } from '../../codegen.js';
import { defineProduct } from '../../src/product/product.js';
import { fromRoot, readText } from '../architecture/sources.js';
import { TestGateway } from '../support/gateway.js';

const GRAPHS = [...Object.keys(gateway.products), 'graph'];

describe('the committed files', () => {
  let served: TestGateway;
  beforeAll(async () => {
    served = await TestGateway.start();
  });
  afterAll(() => served.close());

  test.each(GRAPHS)('%s.graphql is the graph that is served', async (name) => {
    const { body } = await served.ask(name === 'graph' ? undefined : name, getIntrospectionQuery());
    const schema = lexicographicSortSchema(buildClientSchema(body.data));
    expect(`${printSchema(schema)}\n`).toBe(readText(`generated/${name}.graphql`));
  });

  test.each(GRAPHS)('operations/%s.json names each operation by the hash of its text', (name) => {
    const schema = buildSchema(readText(`generated/${name}.graphql`));
    const types = readText(`generated/operations/${name}.ts`);
    const entries = Object.entries(
      JSON.parse(readText(`generated/operations/${name}.json`)) as Record<string, string>,
    );
    expect(entries.length).toBeGreaterThan(0);
    for (const [hash, text] of entries) {
      expect(hash).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
      expect(types).toContain(`"hash":"${hash}"`);
      const document = parse(text);
      expect(validate(schema, document)).toEqual([]);
      const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
      expect(operations).toEqual([expect.objectContaining({ name: expect.anything() })]);
    }
  });
});

describe('generating', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bulkhead-codegen-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
    vi.restoreAllMocks();
  });

  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const read = (path: string) => readFileSync(join(root, path), 'utf8');

  test('--check passes on fresh files, names what is stale, and writes nothing', async () => {
    for (const folder of ['examples', 'test/operations'])
      cpSync(fromRoot(folder), join(root, folder), { recursive: true });
    const printed: string[] = [];
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    expect(await main([], root)).toBe(0);
    expect(await main(['--check'], root)).toBe(0);
    const fresh = ['generated/blog.graphql', 'generated/operations/aviation.json'].map(read);

    write('generated/blog.graphql', 'type Query { old: Int }\n');
    rmSync(join(root, 'generated/operations/aviation.json'));
    write('generated/shop.graphql', 'type Query { gone: Int }\n');
    printed.length = 0;
    expect(await main(['--check'], root)).toBe(1);
    expect(printed.join('').split('\n').slice(0, 3)).toEqual([
      'changed: generated/blog.graphql',
      'missing: generated/operations/aviation.json',
      'superfluous: generated/shop.graphql',
    ]);
    expect(read('generated/blog.graphql')).toBe('type Query { old: Int }\n');

    expect(await main([], root)).toBe(0);
    expect(['generated/blog.graphql', 'generated/operations/aviation.json'].map(read)).toEqual(fresh);
    expect(await main(['--check'], root)).toBe(0);
  });

  test('the manifest keeps the order in which a mutation runs', async () => {
    write(
      'examples/x/order.blog.graphql',
      'mutation Order($a: ID!) { publishPost(id: $a) { id } archivePost(id: $a) { title, id } }',
    );
    const files = await generateFiles(gateway, root);
    expect(Object.values(JSON.parse(files.get('generated/operations/blog.json')!) as object)).toEqual([
      'mutation Order($a:ID!){publishPost(id:$a){id}archivePost(id:$a){title id}}',
    ]);
    expect([...files.keys()]).not.toContain('generated/operations/aviation.ts');
    expect(writeFiles(files, root).missing).toEqual([...files.keys()]);
    expect(findStale(files, root)).toEqual({ changed: [], missing: [], superfluous: [] });
  });

  test.each([
    ['examples/x/one.shop.graphql', 'query One { viewer { id } }', /one\.shop\.graphql: expected a name/],
    ['examples/x/two.graphql', 'query Two { viewer { id } }', /two\.graphql: expected a name/],
    ['test/x/three.blog.graphql', '{ viewer { id } }', /three\.blog\.graphql: holds an operation without/],
    ['test/x/four.blog.graphql', 'query Four { viewer { password } }', /password[^]*four\.blog\.graphql/],
  ])('refuses %s', async (path, text, message) => {
    write(path, text);
    await expect(generateFiles(gateway, root)).rejects.toThrow(message);
  });

  test('takes documents by every name that operations collect takes, and follows links', async () => {
    const fragment = 'fragment One on Viewer { id }';
    write('elsewhere/a.blog.graphql', `query A { viewer { ...One } } ${fragment}`);
    mkdirSync(join(root, 'examples'));
    symlinkSync(join(root, 'elsewhere'), join(root, 'examples/linked'));
    write('examples/[slug]/b.blog.GraphQL', `query B { viewer { ...One } } ${fragment}`);
    write('test/c.blog.gql', 'query C { viewer { ...One } }');
    const files = await generateFiles(gateway, root);
    expect(Object.values(JSON.parse(files.get('generated/operations/blog.json')!) as object)).toEqual(
      ['B', 'A', 'C'].map((name) => `query ${name}{viewer{...One}}fragment One on Viewer{id}`),
    );
  });

  test('refuses two operations of one name, two fragments that differ, and a product that is called like the composed graph', async () => {
    const { blog } = gateway.products;
    const both = { ...gateway, products: { ...gateway.products, graph: defineProduct({ ...blog! }) } };
    await expect(generateFiles(both, root)).rejects.toThrow('A product called graph');
    for (const file of ['a', 'b']) write(`examples/${file}.blog.graphql`, 'query Same { viewer { id } }');
    await expect(generateFiles(gateway, root)).rejects.toThrow(
      'examples/b.blog.graphql: holds the operation Same, as examples/a.blog.graphql does.',
    );
    for (const file of ['a', 'b'])
      write(
        `examples/${file}.blog.graphql`,
        `query ${file} { viewer { ...F } } fragment F on Viewer { id ${file}: id }`,
      );
    await expect(generateFiles(gateway, root)).rejects.toThrow('another fragment F than examples/a.blog');
  });
});
