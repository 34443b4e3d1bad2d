import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { copyBuiltProject } from '../support/built-project.js';
import { Running } from '../support/command.js';

// Packing, installing and compiling, on a machine that other test files keep busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const PRODUCT = `corner-${process.pid}`;
const NEXT = '0.2.0';
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'bulkhead-package-'));
const [source, shop] = [join(root, 'source'), join(root, PRODUCT)];
const QUIET = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
const ITEMS = 'query Items{items{nodes{name shelf{name}}}}';

/** Runs a program to its end, which must be a good one. */
async function run(program: string, args: readonly string[], env: Record<string, string> = {}, cwd = shop) {
  const { code, stdout, stderr } = await new Running(program, args, { cwd, env }).ended;
  expect(code, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}
const bulkhead = (args: string, env: Record<string, string> = {}) =>
  run('npx', ['--no-install', 'bulkhead', ...args.split(' ')], env);
const ownTest = () => run('npm', ['test'], { BULKHEAD_MONGOD: inject('mongodBinary') });
const manifest = () =>
  JSON.parse(readFileSync(join(shop, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    scripts: Record<string, string>;
  };

/** Credentials of the product's database, as `provision` has printed them. */
let uris: Record<string, string>;
const pack = async (target: string) =>
  JSON.parse(await run('npm', ['pack', '--json', '--pack-destination', target], {}, source)) as [
    { filename: string; files: { path: string }[] },
  ];

/** Serves the repository's gateway with its own database while something asks it. */
async function whileServing(
  work: (ask: (query: string) => Promise<{ data: Record<string, { id: string }> }>) => Promise<void>,
) {
  const gateway = new Running('npx', ['--no-install', 'bulkhead', 'start'], {
    cwd: shop,
    env: { ...uris, PORT: '0' },
  });
  try {
    const [, address] = await gateway.says(/"listening":"([^"]+)"/);
    await gateway.says(new RegExp(`"${PRODUCT} is ready"`));
    const token = await bulkhead(`token --product ${PRODUCT} --scope ${PRODUCT}:write`);
    await work(async (query) => {
      const answer = await fetch(`${address}/graphql/${PRODUCT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token.trim()}` },
        body: JSON.stringify({ query }),
      });
      return (await answer.json()) as { data: Record<string, { id: string }> };
    });
  } finally {
    gateway.kill();
    await gateway.ended;
  }
}

beforeAll(async () => {
  mkdirSync(source);
  await copyBuiltProject(source);
  // What is for readers: no build needs it.
  for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs'])
    cpSync(join(REPOSITORY, path), join(source, path), { recursive: true });
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

test('the tarball holds what runs and its types, the pages and what they name, and nothing else', async () => {
  const [{ files }] = await pack(root);
  const paths = files.map(({ path }) => path);
  expect(paths).toContain('dist/src/index.js');
  expect(paths).toContain('dist/src/index.d.ts');
  expect(paths).toContain('dist/src/cli/main.js');
  const others = paths.filter(
    (path) =>
      !/^(dist\/src\/.*\.(js|d\.ts|js\.map|d\.ts\.map)|package\.json|bulkhead\.config\.ts|LICENSE|[A-Z]+\.md|docs\/[a-z-]+\.md|(deploy|examples)\/.*)$/.test(
        path,
      ),
  );
  expect(others).toEqual([]);
  expect(paths.filter((path) => /\.test\./.test(path))).toEqual([]);

  const pages = paths.filter((path) => path.endsWith('.md'));
  const missing = pages.flatMap((page) => {
    const links = readFileSync(join(source, page), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g);
    return [...links]
      .map(([, link]) => normalize(join(dirname(page), link!)))
      .filter((link) => !paths.some((path) => path === link || path.startsWith(`${link}/`)))
      .map((link) => `${page}: ${link}`);
  });
  expect(missing).toEqual([]);
  expect(pages.length).toBeGreaterThan(25);
});

describe('a repository of one’s own', () => {
  test('is made in an empty folder, installs, compiles with the package’s types, and passes its test', async () => {
    const made = await run(process.execPath, [join(source, 'dist/src/cli/main.js'), 'init', shop], {}, root);
    expect(made).toContain(`Next: cd ${PRODUCT} && npm install && npm start`);
    expect(manifest().dependencies).toEqual({ bulkhead: 'file:vendor/bulkhead-0.1.0.tgz' });
    await run('npm', ['install', ...QUIET]);
    expect(await run('npx', ['--no-install', 'tsc', '--noEmit', '--skipLibCheck', 'false'])).toBe('');
    expect(await ownTest()).toContain('2 passed');
  });

  test('is provisioned, serves, and has its operations registered', async () => {
    mkdirSync(join(shop, 'client'));
    writeFileSync(join(shop, 'client', `items.${PRODUCT}.graphql`), ITEMS);
    await run('npm', ['run', 'codegen']);
    const printed = await bulkhead('provision', { BULKHEAD_ADMIN_URI: inject('mongodAdminUri') });
    uris = Object.fromEntries(
      [...printed.matchAll(/^([A-Z0-9_]+_MONGODB_URI)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
    );
    await whileServing(async (ask) => {
      const { data } = await ask('mutation { createShelf(name: "First") { id } }');
      await ask(
        `mutation { createItem(input: { name: "lamp", shelf: "${data['createShelf']!.id}" }) { id } }`,
      );
      expect(await ask(ITEMS)).toEqual({
        data: { items: { nodes: [{ name: 'lamp', shelf: { name: 'First' } }] } },
      });
    });
    expect(await bulkhead('operations push', uris)).toContain('1 of them new');
  });

  test('has a Containerfile that copies what there is, and whose last word serves in production', async () => {
    const lines = readFileSync(join(shop, 'Containerfile'), 'utf8').split('\n');
    const copied = lines.flatMap((line) => /^COPY --from=build \/app\/(\S+)/.exec(line)?.[1] ?? []);
    expect(copied).toEqual(['package.json', 'node_modules', 'dist']);
    for (const path of copied) expect(existsSync(join(shop, path)), path).toBe(true);
    for (const [, script] of lines.join('\n').matchAll(/^RUN npm run (\w+)/gm))
      expect(manifest().scripts).toHaveProperty(script!);
    // What it runs in is what this repository's own image runs in.
    const runsIn = (all: readonly string[]) =>
      all
        .slice(all.findLastIndex((line) => line.startsWith('FROM ')))
        .filter((line) => !/^(#|CMD )/.test(line));
    const own = readFileSync(new URL('../../deploy/Containerfile', import.meta.url), 'utf8').split('\n');
    expect(runsIn(lines)).toEqual(runsIn(own));
    const [program, ...args] = JSON.parse(
      lines.find((line) => line.startsWith('CMD '))!.slice('CMD '.length),
    ) as [string, ...string[]];
    // The units say the same.
    const unit = (name: string) => readFileSync(join(shop, 'deploy', `${name}.service`), 'utf8');
    expect(unit('bulkhead')).toContain(`ExecStart=/usr/bin/env ${[program, ...args].join(' ')}\n`);
    const work = [program, ...args.slice(0, -1), 'work'];
    expect(unit('bulkhead-worker')).toContain(`ExecStart=/usr/bin/env ${work.join(' ')}\n`);
    const secret = () => randomBytes(32).toString('base64url');
    const prefix = PRODUCT.replace('-', '_').toUpperCase();
    const gateway = new Running(program, args, {
      cwd: shop,
      env: {
        NODE_ENV: 'production',
        PORT: '0',
        BULKHEAD_JWT_SECRET: secret(),
        [`${prefix}_JWT_SECRET`]: secret(),
        [`${prefix}_MONGODB_URI`]: uris[`${prefix}_MONGODB_URI`],
      },
    });
    try {
      await gateway.says(new RegExp(`"${PRODUCT} is ready"`));
    } finally {
      gateway.kill();
      await gateway.ended;
    }
  });

  test('has samples to run it with, whose paths are there and whose product is its own', () => {
    const files = readdirSync(join(shop, 'deploy'));
    expect(files.sort()).toEqual([
      'Caddyfile',
      'bulkhead-worker.service',
      'bulkhead.service',
      'kubernetes.yaml',
    ]);
    const samples = files.map((file) => readFileSync(join(shop, 'deploy', file), 'utf8')).join('\n');
    expect(samples).not.toMatch(/blog|aviation/i);
    const prefix = PRODUCT.replace('-', '_').toUpperCase();
    for (const variable of ['MONGODB_URI', 'JWT_SECRET', 'OPS_MONGODB_URI'])
      expect(samples).toContain(`${prefix}_${variable}_FILE`);
    const named = samples.match(/\bnode_modules\/[\w./-]+\w/g)!;
    expect(named.filter((path) => !existsSync(join(shop, path)))).toEqual([]);
    expect(named).toContain('node_modules/bulkhead/docs/production.md');
    expect(samples).not.toMatch(/(?<!bulkhead\/)\b(docs|dist)\//);
  });

  test('`npm start` is over when npm is told to end, and everything that it has started with it', async () => {
    const npm = new Running('npm', ['start'], {
      cwd: shop,
      env: { BULKHEAD_MONGOD: inject('mongodBinary'), PORT: '0' },
    });
    try {
      await npm.says(/http:\S+\/graphql\n/);
      process.kill(npm.pid, 'SIGTERM');
      // Whoever is left holds its output open.
      const over = npm.ended.then(() => 'over');
      expect(await Promise.race([over, sleep(30_000, 'something is left', { ref: false })])).toBe('over');
    } finally {
      npm.kill();
    }
  });

  test('is upgraded: schema, operations, tests and data hold', async () => {
    const path = join(source, 'package.json');
    const next = { ...(JSON.parse(readFileSync(path, 'utf8')) as object), version: NEXT };
    writeFileSync(path, JSON.stringify(next));
    const [{ filename }] = await pack(join(shop, 'vendor'));
    await run('npm', ['install', ...QUIET, `./vendor/${filename}`]);
    expect(manifest().dependencies).toEqual({ bulkhead: `file:vendor/bulkhead-${NEXT}.tgz` });
    expect((await bulkhead('--version')).trim()).toBe(NEXT);

    const check = await run('npm', ['run', 'check'], uris);
    expect(check).toContain('1 operation known, of the database');
    expect(check).not.toMatch(/BREAKING|DANGEROUS|SAFE|BROKEN/);
    expect(await ownTest()).toContain('2 passed');
    await whileServing(async (ask) => {
      expect(await ask(ITEMS)).toEqual({
        data: { items: { nodes: [{ name: 'lamp', shelf: { name: 'First' } }] } },
      });
    });
  });

  test('takes another product with a test like the first one’s, and without its harness one for Node', async () => {
    await bulkhead('product new depot --no-codegen');
    expect(readFileSync(join(shop, 'resolvers/depot/depot.test.ts'), 'utf8')).toContain('test/gateway.js');
    for (const name of [PRODUCT, 'depot']) rmSync(join(shop, `resolvers/${name}/${name}.test.ts`));
    rmSync(join(shop, 'test'), { recursive: true });
    await bulkhead('product new yard --no-codegen');
    await run('npm', ['run', 'build']);
    await run(process.execPath, ['--test', 'dist/resolvers/yard/yard.test.js']);
  });

  test('makes further ones, with the very package that it has', async () => {
    const other = join(root, 'other');
    await bulkhead(`init ${other}`);
    expect(readdirSync(join(other, 'vendor'))).toEqual([`bulkhead-${NEXT}.tgz`]);
    const listed = (tarball: string) =>
      execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n').sort();
    expect(listed(join(other, 'vendor', `bulkhead-${NEXT}.tgz`))).toEqual(
      listed(join(shop, 'vendor', `bulkhead-${NEXT}.tgz`)),
    );
  });
});

test('the compiled program starts in plain Node', () => {
  const help = execFileSync(process.execPath, [join(source, 'dist/src/cli/main.js'), '--help'], {
    encoding: 'utf8',
  });
  expect(help).toContain('Usage: bulkhead');
});
