import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Running } from '../support/command.js';
import { TestGateway } from '../support/gateway.js';

// Installing and compiling, on a machine that other test files keep busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'bulkhead-deploy-'));

type Step = readonly [instruction: string, rest: string];

/** The Containerfile's instructions, by stage. */
const stages = readFileSync(join(REPOSITORY, 'deploy/Containerfile'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .reduce<Step[][]>((all, line) => {
    const [instruction, ...rest] = line.split(' ');
    if (instruction === 'FROM') all.push([]);
    all.at(-1)!.push([instruction!, rest.join(' ')]);
    return all;
  }, []);

/** Where a path of the build's or the run's file system lies here: each stage has a root of its own. */
const inStage = (stage: number, path: string) => join(root, `stage-${stage}`, path);

/** Copies what a COPY names into the stage's `/app`. */
function copy(stage: number, rest: string): void {
  const words = rest.split(' ');
  const isFromBuild = words[0]!.startsWith('--from=build');
  if (isFromBuild) words.shift();
  const target = words.pop()!;
  for (const source of words) {
    const from = isFromBuild ? inStage(0, source) : join(REPOSITORY, source);
    const to = inStage(stage, join('/app', target === './' ? source.split('/').at(-1)! : target));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.test.ts'),
    });
  }
}

async function perform(stage: number): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [instruction, rest] of stages[stage]!) {
    if (instruction === 'COPY') copy(stage, rest);
    if (instruction === 'ENV')
      for (const pair of rest.split(' ')) {
        const [name, value] = pair.split('=');
        env[name!] = value!;
      }
    if (instruction === 'RUN') {
      const { code, stderr } = await new Running('sh', ['-c', rest], { cwd: inStage(stage, '/app') }).ended;
      expect(code, `${rest}: ${stderr}`).toBe(0);
    }
  }
  return env;
}

const find = (instruction: string) =>
  stages[1]!.filter(([name]) => name === instruction).map(([, rest]) => rest);

let databases: TestGateway;
let gateway: Running;
afterAll(async () => {
  gateway?.kill();
  await databases?.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('the Containerfile', () => {
  beforeAll(async () => {
    databases = await TestGateway.start({ scale: 0.01 });
    await perform(0);
  });

  test('makes an image that serves in production, as a user who is not root, and is found healthy', async () => {
    const env = await perform(1);
    const app = inStage(1, '/app');
    expect(existsSync(join(app, 'node_modules/vitest'))).toBe(false);
    expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
    expect(existsSync(join(app, 'src'))).toBe(false);
    expect(find('USER')).toEqual(['node']);

    const [program, ...args] = JSON.parse(find('CMD')[0]!) as [string, ...string[]];
    const secret = () => randomBytes(32).toString('base64');
    gateway = new Running(program, args, {
      cwd: app,
      env: {
        ...env,
        HOST: '127.0.0.1',
        PORT: '0',
        BLOG_MONGODB_URI: databases.uris['blog'],
        BLOG_JWT_SECRET: secret(),
        AVIATION_MONGODB_URI: databases.uris['aviation'],
        AVIATION_JWT_SECRET: secret(),
        BULKHEAD_JWT_SECRET: secret(),
      },
    });
    const [, address] = await gateway.says(/"listening":"([^"]+)"/);
    await gateway.says(/blog is ready/);
    const answer = await fetch(`${address}/graphql/blog`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ posts(first: 1) { nodes { title author { name } } } }' }),
    });
    expect(
      ((await answer.json()) as { data: { posts: { nodes: unknown[] } } }).data.posts.nodes,
    ).toHaveLength(1);

    const [, check] = /CMD (\[.*\])$/.exec(find('HEALTHCHECK')[0]!)!;
    const [probe, ...probeArgs] = JSON.parse(check!) as [string, ...string[]];
    const probed = (port: string) => new Running(probe, probeArgs, { cwd: app, env: { PORT: port } }).ended;
    expect((await probed(new URL(address!).port)).code).toBe(0);
    expect((await probed('1')).code).toBe(1);

    process.kill(gateway.pid, find('STOPSIGNAL')[0]);
    expect((await gateway.ended).code).toBe(0);
  });

  test('makes the worker’s image, too: with ops credentials alone, in production', async () => {
    const command = readFileSync(join(REPOSITORY, 'deploy/kubernetes.yaml'), 'utf8');
    const [program, ...args] = /command: \[(.*)\]/.exec(command)![1]!.split(', ');
    const unit = readFileSync(join(REPOSITORY, 'deploy/bulkhead-worker.service'), 'utf8');
    expect(unit).toContain(`ExecStart=/usr/bin/env ${[program, ...args].join(' ')}\n`);
    const env = {
      NODE_ENV: 'production',
      BLOG_OPS_MONGODB_URI: databases.opsUris['blog'],
      AVIATION_OPS_MONGODB_URI: databases.opsUris['aviation'],
    };
    const worker = new Running(program!, args, { cwd: inStage(1, '/app'), env });
    try {
      await worker.says(/"product":"blog","msg":"watching"/);
      await worker.says(/"product":"aviation","msg":"watching"/);
      process.kill(worker.pid, 'SIGHUP');
      await worker.says(/connection strings were read again/);
      process.kill(worker.pid, 'SIGTERM');
      expect((await worker.ended).code).toBe(0);
      expect(worker.stdout).toContain('"msg":"stopped"');
    } finally {
      worker.kill();
    }
    const lacking = new Running(program!, args, {
      cwd: inStage(1, '/app'),
      env: { ...env, BLOG_OPS_MONGODB_URI: '' },
    });
    const { code, stderr } = await lacking.ended;
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('BLOG_OPS_MONGODB_URI: expected, to work with.'),
    ]);
  });
});

test('nothing in the Kubernetes sample ends a gateway for a database that is away, or hands it other services’ variables', () => {
  const sample = readFileSync(join(REPOSITORY, 'deploy/kubernetes.yaml'), 'utf8');
  const probes = [...sample.matchAll(/^ +(\w+)Probe:\n +httpGet: \{ path: (\S+),/gm)];
  expect(Object.fromEntries(probes.map(([, probe, path]) => [probe, path]))).toEqual({
    startup: '/health/live',
    readiness: '/health/ready',
    liveness: '/health/live',
  });
  const [pods, linkless] = [/^ {4}spec:$/gm, /^ {6}enableServiceLinks: false$/gm].map(
    (pattern) => sample.match(pattern)?.length,
  );
  expect([pods, linkless]).toEqual([2, 2]);
});

test('every variable that the samples set is one of ours', () => {
  const known = readFileSync(join(REPOSITORY, 'docs/configuration.md'), 'utf8');
  for (const file of [
    'bulkhead.service',
    'bulkhead-worker.service',
    'kubernetes.yaml',
    'Caddyfile',
    'Containerfile',
  ]) {
    const text = readFileSync(join(REPOSITORY, 'deploy', file), 'utf8');
    for (const [name] of text.matchAll(/\b(BULKHEAD|BLOG|AVIATION)_[A-Z_]+\b/g)) {
      const plain = name.replace(/_FILE$/, '').replace(/^(BLOG|AVIATION)_/, '<PRODUCT>_');
      const isKnown = known.includes(`\`${plain}\``) || /_(JWT_SECRET)$/.test(plain);
      expect(isKnown, `${file}: ${name}`).toBe(true);
    }
  }
});
