import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { type Member, ReplicaSet, TWO_SECONDS } from '../../prove/elections/replica-set.js';
import { sourceOf } from '../../src/database/replica-set/line.js';
import { type StepDown, stepDown } from '../../src/database/replica-set/step-down.js';
import { copyBuiltProject } from '../support/built-project.js';
import { bulkhead, type Outcome, Running } from '../support/command.js';
import { eventually } from '../support/eventually.js';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-step-down-'));
let set: ReplicaSet;
let primary: Member;
let others: readonly Member[];

beforeAll(async () => {
  [set] = await Promise.all([ReplicaSet.start(inject('mongodBinary')), copyBuiltProject(folder)]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await set.stop();
});
beforeEach(async () => {
  primary = await set.healthy();
  others = set.members.filter((member) => member !== primary);
});

const run = (args: readonly string[], uri: string = set.uri): Promise<Outcome> =>
  bulkhead(folder, ['step-down', ...args], { BULKHEAD_ADMIN_URI: uri });
const admin = (member: Member) => member.client.db('admin');
const follows = (member: Member) =>
  sourceOf({ ...member, host: member.host, priority: 1, command: (what) => admin(member).command(what) });
const commandsOf = async (member: Member, name: string): Promise<number> =>
  Number((await admin(member).command({ serverStatus: 1 }))['metrics'].commands[name].total);
const refusing = (outcome: Outcome, what: string | RegExp) => {
  expect(outcome.stderr).toMatch(what);
  expect(outcome).toMatchObject({ code: 2, stdout: '' });
};

test('hands over to the member that is wished for, with the other behind it', async () => {
  const [one, other] = others as [Member, Member];
  // One that nobody follows yet.
  const [last, heir] = (await follows(one)) === other.host ? [other, one] : [one, other];
  const outcome = await run(['--to', heir.host, '--json']);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  const done = JSON.parse(outcome.stdout) as StepDown;
  expect(done).toEqual({
    ok: true,
    from: primary.host,
    to: heir.host,
    preparedMs: expect.any(Number),
    writableMs: expect.any(Number),
    acknowledgedMs: expect.any(Number),
    notes: [],
  });
  expect(await set.primary()).toBe(heir);
  // It was in line before, and had nothing to look for: two are a majority.
  expect(await follows(last)).toBe(heir.host);
  // It stands for election again.
  await set.healthy();
  await admin(last).command({ replSetStepUp: 1 });
  expect(await set.healthy()).toBe(last);
});

test('chooses an heir by itself, and says what it took', async () => {
  const outcome = await run([]);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  const [, heir, before] =
    /^(\S+) is the primary in place of (\S+): it took writes after \d+ ms, and a majority acknowledged after \d+ \(prepared in \d+\.\d s\)\.\n$/.exec(
      outcome.stdout,
    )!;
  expect(before).toBe(primary.host);
  expect((await set.primary())?.host).toBe(heir);
});

test('one who gives up while it is prepared finds everybody in their place', async () => {
  const [last, heir] = others as [Member, Member];
  const before = await commandsOf(last, 'replSetFreeze');
  const running = new Running(
    process.execPath,
    [join(folder, 'dist/src/cli/main.js'), 'step-down', '--to', heir.host],
    { cwd: folder, env: { BULKHEAD_ADMIN_URI: set.uri } },
  );
  await eventually(
    'the last one is kept from standing',
    async () => (await commandsOf(last, 'replSetFreeze')) > before,
  );
  running.child.kill('SIGINT');
  expect(await running.ended).toEqual({
    code: 3,
    stdout: '',
    stderr: 'error interrupted: SIGINT; nobody stepped down\n',
  });
  expect(await set.primary()).toBe(primary);
  await set.healthy();
  await admin(last).command({ replSetStepUp: 1 });
  expect(await set.healthy()).toBe(last);
});

test('who gives up while a member is asked waits no longer', async () => {
  const stopping = new AbortController();
  others[0]!.freeze();
  try {
    const asked = stepDown(set.uri, { signal: stopping.signal });
    setTimeout(() => stopping.abort(), 1_000);
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  } finally {
    others[0]!.thaw();
  }
  expect(await set.healthy()).toBe(primary);
});

test('a member that goes while it is prepared ends it, and what is left is said', async () => {
  const [last, heir] = others as [Member, Member];
  let gone: Promise<void> | undefined;
  const asked = stepDown(set.uri, {
    to: heir.host,
    signal: new AbortController().signal,
    onStep: () => {
      gone ??= last.kill();
    },
  });
  try {
    await expect(asked).rejects.toThrow(
      new RegExp(
        `^.+; nobody stepped down; ${last.host} could not be told that it may stand for election again: it does in two minutes\\. Look at rs\\.status\\(\\), and try again\\.$`,
      ),
    );
  } finally {
    await gone;
    await last.restart();
  }
  expect(await set.healthy()).toBe(primary);
});

test('a set that is not fit for it is left alone, and said why', async () => {
  refusing(
    await run(['--to', 'elsewhere:27017']),
    /^error elsewhere:27017 is none of the secondaries, 127.* and 127/,
  );
  refusing(await run(['--to', primary.host]), 'is none of the secondaries');

  await set.wait({ ...TWO_SECONDS, chainingAllowed: false });
  refusing(await run([]), /^error expected settings.chainingAllowed, .*Nothing was changed\.$/m);
  await set.wait(TWO_SECONDS);

  const [away] = others as [Member, Member];
  await away.kill();
  try {
    refusing(
      await run([]),
      new RegExp(`^error ${away.host} does not answer \\(.*\\)\\. Nothing was changed\\.\n$`),
    );
  } finally {
    await away.restart();
  }
  expect(await set.healthy()).toBe(primary);
});

test('an heir that cannot be elected is none, and a primary of higher priority is told of', async () => {
  const [one, other] = others as [Member, Member];
  const prioritize = async (priorities: Readonly<Record<string, number>>) => {
    const { config } = await admin(await set.healthy()).command({ replSetGetConfig: 1 });
    for (const member of config.members) member.priority = priorities[member.host] ?? 1;
    await admin(await set.healthy()).command({ replSetReconfig: { ...config, version: config.version + 1 } });
  };
  await prioritize({ [one.host]: 0, [primary.host]: 2 });
  refusing(await run(['--to', one.host]), `${one.host} has priority 0, and cannot be elected`);
  await prioritize({ [one.host]: 2, [primary.host]: 2 });
  refusing(
    await run(['--to', other.host]),
    `${one.host} has a higher priority than ${other.host}, and would take the place at once`,
  );
  await prioritize({ [primary.host]: 2 });
  const done = await stepDown(set.uri, { to: other.host, signal: new AbortController().signal });
  expect(done).toMatchObject({ from: primary.host, to: other.host });
  expect(done.notes).toEqual([
    `${primary.host} has a higher priority than ${other.host}: in about 60 s it stands for election and takes its place back, unprepared`,
  ]);
  await prioritize({});
});

test('a credential that may not, a server in no set of three, and none at all', async () => {
  await admin(primary).command({
    createUser: 'reader',
    pwd: 'reads',
    roles: [{ role: 'readAnyDatabase', db: 'admin' }],
  });
  const reader = set.uri.replace(/root:[^@]*@/, 'reader:reads@');
  refusing(
    await run([], reader),
    /^error BULKHEAD_ADMIN_URI: expected a user with the role clusterManager of a server of your own \(not authorized on admin to execute command replSetGetConfig\)/,
  );
  refusing(
    await run([], inject('mongodAdminUri')),
    'expected three members that hold data and vote, got 1. Nothing was changed.',
  );
  refusing(await bulkhead(folder, ['step-down'], {}), /^error BULKHEAD_ADMIN_URI: expected, /);
  refusing(await run([], 'nonsense'), /^error BULKHEAD_ADMIN_URI: expected a connection string/);
  const gone = await run([], 'mongodb://root:secret@127.0.0.1:1/?replicaSet=none');
  expect(gone).toMatchObject({ code: 3, stdout: '' });
  expect(gone.stderr).not.toContain('secret');
});
