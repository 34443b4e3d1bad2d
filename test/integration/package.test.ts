import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { copyBuiltProject } from '../support/built-project.js';
import { Running } from '../support/command.js';

// Packing, installing and compiling, on a machine that other test files keep busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const root = mkdtempSync(join(tmpdir(), 'bulkhead-package-'));
const [source, shop] = [join(root, 'source'), join(root, 'shop')];
const PRODUCT = `corner-${process.pid}`;
const run = (program: string, args: readonly string[], env: Record<string, string> = {}, cwd = shop) =>
  new Running(program, args, { cwd, env }).ended;

beforeAll(async () => {
  mkdirSync(source);
  mkdirSync(shop);
  await copyBuiltProject(source);
});
afterAll(async () => {
  const client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  const db = client.db(PRODUCT);
  await db.command({ dropAllUsersFromDatabase: 1 });
  await db.command({ dropAllRolesFromDatabase: 1 });
  await db.dropDatabase();
  await client.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

test('the tarball holds what runs and its types, and nothing else', async () => {
  const { code, stdout, stderr } = await run(
    'npm',
    ['pack', '--json', '--pack-destination', root],
    {},
    source,
  );
  expect(code, stderr).toBe(0);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toContain('dist/src/index.js');
  expect(paths).toContain('dist/src/index.d.ts');
  expect(paths).toContain('dist/src/cli/main.js');
  const others = paths.filter(
    (path) => !/^(dist\/src\/.*\.(js|d\.ts|js\.map|d\.ts\.map)|package\.json|README\.md|LICENSE)$/.test(path),
  );
  expect(others).toEqual([]);
  expect(paths.filter((path) => /\.test\./.test(path))).toEqual([]);
});

test('installed in an empty folder, it makes a product, compiles, provisions, starts and answers', async () => {
  const tarball = readdirSync(root).find((name) => name.endsWith('.tgz'))!;
  const { devDependencies } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  writeFileSync(join(shop, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module' }));
  const exact = (name: string) => `${name}@${devDependencies[name]}`;
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const install = await run('npm', [
    'install',
    ...quiet,
    join(root, tarball),
    exact('typescript'),
    exact('@types/node'),
  ]);
  expect(install.code, install.stderr).toBe(0);

  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    useDefineForClassFields: false,
    skipLibCheck: false,
    rootDir: '.',
    outDir: 'dist',
  };
  const include = ['schema', 'resolvers', '*.ts'];
  writeFileSync(join(shop, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
  writeFileSync(
    join(shop, 'bulkhead.config.ts'),
    "import { defineGateway, defineProduct } from 'bulkhead';\n\nexport default defineGateway({\n  products: {},\n});\n",
  );
  const bulkhead = (args: readonly string[], env: Record<string, string> = {}) =>
    run('npx', ['--no-install', 'bulkhead', ...args], env);
  const made = await bulkhead(['product', 'new', PRODUCT]);
  expect(made.code, made.stderr).toBe(0);
  const compiled = await run('npx', ['--no-install', 'tsc']);
  expect([compiled.code, compiled.stdout]).toEqual([0, '']);
  // Its test is for Node's own runner, as there is no harness here.
  const tested = await run(process.execPath, ['--test', `dist/resolvers/${PRODUCT}/${PRODUCT}.test.js`]);
  expect(tested.code, tested.stdout).toBe(0);

  const provisioned = await bulkhead(['provision'], { BULKHEAD_ADMIN_URI: inject('mongodAdminUri') });
  expect(provisioned.code, provisioned.stderr).toBe(0);
  const variables = Object.fromEntries(
    [...provisioned.stdout.matchAll(/^([A-Z0-9_]+_MONGODB_URI)=(.*)$/gm)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  );
  const gateway = new Running('npx', ['--no-install', 'bulkhead', 'start'], {
    cwd: shop,
    env: { ...variables, PORT: '0' },
  });
  try {
    const [, address] = await gateway.says(/"listening":"([^"]+)"/);
    await gateway.says(new RegExp(`"${PRODUCT} is ready"`));
    const { stdout: token } = await bulkhead(['token', '--product', PRODUCT, '--scope', `${PRODUCT}:write`]);
    const ask = async (query: string) => {
      const answer = await fetch(`${address}/graphql/${PRODUCT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token.trim()}` },
        body: JSON.stringify({ query }),
      });
      return (await answer.json()) as { data: { createShelf: { id: string } } };
    };
    const { data } = await ask('mutation { createShelf(name: "First") { id } }');
    await ask(`mutation { createItem(input: { name: "lamp", shelf: "${data.createShelf.id}" }) { id } }`);
    expect(await ask('{ items { nodes { name shelf { name } } } }')).toEqual({
      data: { items: { nodes: [{ name: 'lamp', shelf: { name: 'First' } }] } },
    });
  } finally {
    gateway.kill();
    await gateway.ended;
  }
});

test('the compiled program starts in plain Node', () => {
  const help = execFileSync(process.execPath, [join(source, 'dist/src/cli/main.js'), '--help'], {
    encoding: 'utf8',
  });
  expect(help).toContain('Usage: bulkhead');
});
