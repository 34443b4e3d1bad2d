import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { chooseFreePort } from '../../src/database/embedded/ports.js';
import { findProcess } from '../../src/database/embedded/processes.js';
import { copyBuiltProject } from '../support/built-project.js';
import { busy } from '../support/answers.js';
import { bulkhead, Running } from '../support/command.js';
import { eventually } from '../support/eventually.js';

// Whole processes, on a machine that other test files keep busy.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 240_000 });

// One story in one data folder: each test goes on from where the one before it ended.
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-starting-'));
const started: Running[] = [];
const env = () => ({ BULKHEAD_MONGOD: inject('mongodBinary'), PORT: '0' });
const begin = (program: string, args: readonly string[], more: Record<string, string> = {}): Running => {
  const running = new Running(program, args, { cwd: folder, env: { ...env(), ...more } });
  started.push(running);
  return running;
};
const npmStart = (more: Record<string, string> = {}) => begin('npm', ['start'], more);
/** What `npm start` runs when it has built. */
const startBuilt = () => begin(process.execPath, ['dist/src/cli/main.js', 'dev', '--no-watch']);
const addressIn = async (running: Running) => (await running.says(/(http:\S+)\/graphql\n/))[1]!;

/** Every process that works on this test's folder, by its command line or as a descendant's group. */
const left = (): string[] =>
  readdirSync('/proc')
    .map((name) => ({ pid: Number(name), command: findProcess(Number(name))?.command ?? '' }))
    // A process that is ending has no command line any more.
    .filter(({ pid, command }) => command.includes(folder) || (command !== '' && groups.has(groupOf(pid))))
    .map(({ command }) => command);
const groups = new Set<number>();
const groupOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return findProcess(pid) ? Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) : 0;
  } catch {
    return 0;
  }
};
/** Waits until nothing is left; answers what is left after the promised time. */
const leftAfter = async (promisedMs: number): Promise<string[]> => {
  for (const until = Date.now() + busy(promisedMs); left().length > 0 && Date.now() < until;)
    await sleep(100);
  return left();
};
const isListening = (address: string) =>
  fetch(`${address}/health/live`).then(
    (answer) => answer.ok,
    () => false,
  );
const documents = async (port: string): Promise<number[]> => {
  const { stdout } = await bulkhead(folder, ['status', '--json'], { PORT: port });
  return (JSON.parse(stdout) as { products: { documents: number }[] }).products.map((one) => one.documents);
};
/** Tries again while nobody listens. */
async function patiently(ask: () => Promise<Response>): Promise<Response> {
  for (const until = Date.now() + 60_000; ; await sleep(100)) {
    const answer = await ask().catch((error: unknown) => error);
    if (answer instanceof Response && answer.status !== 503) return answer;
    if (Date.now() > until) throw new Error('nobody answers', { cause: answer });
  }
}
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
/** npm runs a shell, which becomes the parent of everything. */
const parentIn = (npm: Running): number => {
  for (let pid = npm.pid; ; pid = childrenOf(pid)[0]!)
    if (findProcess(pid)?.command.includes('main.js dev')) return pid;
};

beforeAll(() => copyBuiltProject(folder));
afterAll(async () => {
  for (const one of started) one.kill();
  for (const pid of readdirSync('/proc').map(Number))
    if (pid > 0 && findProcess(pid)?.command.includes(`${folder}/.bulkhead`)) process.kill(pid, 'SIGKILL');
  await sleep(200);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('SIGTERM to npm alone, while sample data is loaded, ends everything', async () => {
  const npm = npmStart();
  groups.add(npm.pid);
  await npm.says(/blog: 8,500 sample documents loaded/, { withinMs: 200_000 });
  process.kill(npm.pid, 'SIGTERM');
  await npm.ended;
  expect(await leftAfter(30_000)).toEqual([]);
  expect(npm.stdout).toMatch(
    /database: embedded MongoDB \d+\.\d+\.\d+ on port \d+, from the binary BULKHEAD_MONGOD names/,
  );
  expect(npm.stdout).not.toContain('Try it');
});

let first: Running;
test('the next start goes on where that one was cut off, and shows what can be done', async () => {
  first = startBuilt();
  groups.add(first.pid);
  const address = await addressIn(first);
  await first.says(/Ctrl-C stops everything/);
  expect(first.stdout).not.toContain('blog: 8,500');
  expect(first.stdout).toMatch(/aviation: [\d,]+ sample documents loaded/);
  expect(await documents(new URL(address).port)).toEqual([8_500, 104_623]);

  for (const path of ['/graphql', '/graphql/blog', '/graphql/aviation', '/health/ready'])
    expect(first.stdout).toContain(`${address}${path}\n`);
  // The curl is copied as it stands, and its answer begins as it was shown.
  const [, curl, shown] = /^(curl [\s\S]*?'\n)\n([\s\S]*?)\n…/m.exec(first.stdout)!;
  const answer = JSON.parse(execFileSync('bash', ['-c', curl!], { encoding: 'utf8' })) as unknown;
  expect(JSON.stringify(answer, null, 2).startsWith(shown!)).toBe(true);
  const [token] = /^ey[\w-]+\.[\w-]+\.[\w-]+$/m.exec(first.stdout)!;
  const viewer = await fetch(`${address}/graphql/aviation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { scopes } }' }),
  });
  expect(await viewer.json()).toEqual({ data: { viewer: { scopes: ['aviation:admin'] } } });

  // The serving process holds no administrative credential.
  const [parent] = [parentIn(first)];
  const serving = childrenOf(parent).find((pid) => findProcess(pid)?.command.includes('main.js start'))!;
  const environment = readFileSync(`/proc/${serving}/environ`, 'utf8');
  expect(environment).toContain('blog-serve:');
  expect(environment).not.toContain(
    readFileSync(join(folder, '.bulkhead/mongod/root-password'), 'utf8').trim(),
  );
  expect(environment).not.toMatch(/-ops:|root:/);

  // The worker comes after the gateway, with the ops credentials alone.
  const worker = () => childrenOf(parent).find((pid) => findProcess(pid)?.command.includes('main.js work'));
  await eventually('the worker runs', () => worker() !== undefined);
  const ofWorker = readFileSync(`/proc/${worker()!}/environ`, 'utf8');
  expect(ofWorker).toContain('blog-ops:');
  expect(ofWorker).not.toMatch(/-serve:|root:/);
  await eventually('the worker watches', async () => (await watched()) !== undefined, 60_000);
});

/** When the worker has looked last; undefined where none has. */
const watched = async (): Promise<string | undefined> => {
  const { stdout } = await bulkhead(folder, ['work', 'blog', '--once', '--json']);
  return (JSON.parse(stdout) as { products: { holder?: { renewedAt: string } }[] }).products[0]!.holder
    ?.renewedAt;
};

test('a worker that dies is said, started again, and goes on with what it had', async () => {
  const before = await watched();
  const worker = () =>
    childrenOf(parentIn(first)).find((pid) => findProcess(pid)?.command.includes('main.js work'));
  const dead = worker()!;
  process.kill(dead, 'SIGKILL');
  await first.says(/the worker has ended \(SIGKILL\): it is started again/);
  await eventually('another one runs', () => worker() !== undefined && worker() !== dead);
  // The lease of the one that died would keep it out for two minutes.
  await eventually('it looks', async () => (await watched())! > before!);
  expect(first.stdout.match(/the worker has ended/g)).toHaveLength(1);
});

test('a second start beside it says what is in the way, and disturbs nothing', async () => {
  const address = await addressIn(first);
  const dev = ['dev', '--no-watch'];
  const [samePort, otherPort] = await Promise.all([
    bulkhead(folder, dev, { ...env(), PORT: new URL(address).port }),
    bulkhead(folder, dev, env()),
  ]);
  expect([samePort.code, samePort.stderr]).toEqual([
    2,
    expect.stringMatching(/Port \d+ on 127.0.0.1 is taken/),
  ]);
  expect([otherPort.code, otherPort.stderr]).toEqual([
    2,
    expect.stringMatching(/data folder .* is in use by/),
  ]);
  expect(await isListening(address)).toBe(true);
});

test('after kill -9 the gateway ends by itself, and the next start takes over its server and data', async () => {
  const address = await addressIn(first);
  process.kill(parentIn(first), 'SIGKILL');
  await eventually('nobody listens', async () => !(await isListening(address)));
  await first.ended;
  expect(left()).toEqual([expect.stringContaining('mongod')]);

  const next = npmStart();
  groups.add(next.pid);
  await next.says(/Ctrl-C stops everything/);
  expect(next.stdout).not.toContain('sample documents');
  expect(await documents(new URL(await addressIn(next)).port)).toEqual([8_500, 104_623]);

  // Ctrl-C goes to the whole group at once, and npm hands it on a second time.
  process.kill(-next.pid, 'SIGINT');
  const { stdout } = await next.ended;
  expect(await leftAfter(30_000)).toEqual([]);
  expect(stdout).toContain('"msg":"stopped"');
});

test('SIGTERM while the server is starting leaves nothing behind', async () => {
  const begun = startBuilt();
  groups.add(begun.pid);
  await eventually('the server is starting', () => left().some((one) => one.includes('--dbpath')));
  process.kill(begun.pid, 'SIGTERM');
  await begun.ended;
  expect(await leftAfter(30_000)).toEqual([]);
  expect(begun.stdout).not.toContain('Try it');
});

test('dev restarts on a change, outlives what does not compile or start, and serves a new product', async () => {
  // One that no connection of a test beside this one is given while the gateway restarts.
  const port = String(await chooseFreePort([]));
  const dev = begin(process.execPath, ['dist/src/cli/main.js', 'dev'], { PORT: port });
  groups.add(dev.pid);
  const address = await addressIn(dev);
  await dev.says(/Ctrl-C stops everything/);
  const resolvers = join(folder, 'resolvers/blog/index.ts');
  const text = readFileSync(resolvers, 'utf8');
  const change = (more: string, what: RegExp) => {
    const from = dev.stdout.length;
    writeFileSync(resolvers, text + more);
    return dev.says(what, { from });
  };
  // What does not compile is not served: the gateway goes on with what it has.
  await change('export const broken: string = 1;\n', /error TS2322/);
  expect(await isListening(address)).toBe(true);
  await change('export const changed = 1;\n', /restarted in \d+ ms: /);
  await change('throw new Error("not today");\n', /not serving; waiting for the next change/);
  expect(dev.stderr).toMatch(/cannot be loaded: Error: not today \(file:.*resolvers\/blog\/index/);
  await change('', /restarted in \d+ ms: /);
  expect(await isListening(address)).toBe(true);

  const from = dev.stdout.length;
  const made = await bulkhead(folder, ['product', 'new', 'flight-shop', '--no-codegen']);
  expect([made.code, made.stderr]).toEqual([0, '']);
  await dev.says(/restarted with a new product: /, { from });
  const ask = async (query: string, token?: string) => {
    // The files were written and then formatted: it may be restarting once more.
    const answer = await patiently(() =>
      fetch(`${address}/graphql/flight-shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify({ query }),
      }),
    );
    return (await answer.json()) as { data: Record<string, { id: string; nodes: unknown }> };
  };
  const scope = ['--product', 'flight-shop', '--scope', 'flight-shop:write'];
  const { stdout: token } = await bulkhead(folder, ['token', ...scope]);
  const { data } = await ask('mutation { createShelf(name: "First") { id } }', token.trim());
  const item = `createItem(input: { name: "lamp", shelf: "${data['createShelf']!.id}" }) { id }`;
  await ask(`mutation { ${item} }`, token.trim());
  const answer = await ask('{ items { nodes { name shelf { name } } } }');
  expect(answer.data['items']!.nodes).toEqual([{ name: 'lamp', shelf: { name: 'First' } }]);
  const doctor = await bulkhead(folder, ['doctor', 'flight-shop', '--attack']);
  expect(doctor.code, doctor.stdout).toBe(0);

  process.kill(dev.pid, 'SIGKILL');
  // Only the server is left, and the next start takes that over.
  await eventually('the rest is gone', () => left().every((one) => one.includes('--dbpath')));
  expect(left()).toEqual([expect.stringContaining('--dbpath')]);
});

test('the new product has a test that passes, and files like all others', async () => {
  appendFileSync(join(folder, '.prettierignore'), 'node_modules\ndist\n.bulkhead\n');
  const own = ['schema/flight-shop', 'resolvers/flight-shop', 'bulkhead.config.ts'];
  const bin = (name: string, args: readonly string[]) =>
    begin(join(folder, 'node_modules/.bin', name), args).ended;
  const [format, lint, codegen] = await Promise.all([
    bin('prettier', ['--check', ...own]),
    bin('oxlint', ['-c', '.oxlintrc.json', '--quiet', ...own]),
    begin(process.execPath, ['dist/codegen.js']).ended,
  ]);
  expect([format.code, format.stderr]).toEqual([0, expect.anything()]);
  expect([lint.code, lint.stdout]).toEqual([0, expect.anything()]);
  expect([codegen.code, codegen.stdout]).toEqual([
    0,
    expect.stringContaining('generated/flight-shop.graphql'),
  ]);
  const tests = await bin('vitest', ['run', 'resolvers/flight-shop', '--reporter=json']);
  expect(tests.code, tests.stdout + tests.stderr).toBe(0);
  expect(JSON.parse(tests.stdout)).toMatchObject({ numPassedTests: 2, numFailedTests: 0 });
});

test('product new overwrites nothing, and refuses names and forms that it cannot take', async () => {
  const before = readFileSync(join(folder, 'bulkhead.config.ts'), 'utf8');
  const [again, bad, reserved] = await Promise.all(
    ['flight-shop', 'Flight', 'ops'].map((name) => bulkhead(folder, ['product', 'new', name])),
  );
  expect([again!.code, again!.stderr]).toEqual([
    2,
    expect.stringContaining('schema/flight-shop is there already'),
  ]);
  expect([bad!.code, bad!.stderr]).toEqual([2, expect.stringContaining('expected a lower-case letter')]);
  expect([reserved!.code, reserved!.stderr]).toEqual([2, expect.stringContaining('reserved')]);
  expect(readFileSync(join(folder, 'bulkhead.config.ts'), 'utf8')).toBe(before);

  writeFileSync(join(folder, 'bulkhead.config.ts'), before.replace('products: {', 'products: made || {'));
  const other = await bulkhead(folder, ['product', 'new', 'depot']);
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringMatching(/another form[\s\S]*depot: defineProduct/),
  ]);
  expect(readdirSync(join(folder, 'schema'))).not.toContain('depot');
});
