import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { StartError } from '../../errors/bulkhead-error.js';
import { openDataFolder } from './data-folder.js';
import { spawnMongod } from './mongod-process.js';
import { chooseFreePort } from './ports.js';
import { findProcess } from './processes.js';
import { startMongod, type EmbeddedServer, type StartMongodOptions } from './supervisor.js';

const binary = inject('mongodBinary');
const running: EmbeddedServer[] = [];
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bulkhead-test-'));
});
afterEach(async () => {
  for (const { pid, exited } of running.splice(0)) {
    // By force, because nothing of it is kept: a second less for each test.
    if (findProcess(pid)) process.kill(pid, 'SIGKILL');
    await exited;
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(options: Partial<StartMongodOptions> = {}): Promise<EmbeddedServer> {
  const server = await startMongod({ binary, dir, ...options });
  running.push(server);
  return server;
}

async function withClient<T>(uri: string, use: (db: mongo.Db) => Promise<T>): Promise<T> {
  const client = new mongo.MongoClient(uri, { serverSelectionTimeoutMS: 30_000 });
  try {
    return await use(client.db('harbour'));
  } finally {
    await client.close();
  }
}

const addBoat = (server: EmbeddedServer) =>
  withClient(server.uri, (db) => db.collection('boats').insertOne({ name: 'Ada' }));
const countBoats = (server: EmbeddedServer) =>
  withClient(server.uri, (db) => db.collection('boats').countDocuments());

describe('startMongod', () => {
  test('keeps data, port and secrets over a restart, lets nobody in without a password', async () => {
    const first = await start();
    expect(first.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(first.uri).toMatch(/^mongodb:\/\/root:[\w-]+@127\.0\.0\.1:\d+\/\?.*replicaSet=bulkhead/);
    await addBoat(first);

    const anonymous = first.uri.replace(/root:.*@/, '').replace('authSource=admin&', '');
    await expect(
      withClient(anonymous, (db) => db.collection('boats').insertOne({ name: 'Eve' })),
    ).rejects.toMatchObject({ codeName: 'Unauthorized' });
    const modeOf = (name: string) => `${name} ${(statSync(join(dir, name)).mode & 0o777).toString(8)}`;
    expect(['keyfile', 'root-password', 'port', 'mongod.log'].map(modeOf)).toEqual([
      'keyfile 600',
      'root-password 600',
      'port 600',
      'mongod.log 600',
    ]);

    await first.stop();
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(readdirSync(join(dir, 'run'))).toEqual([]);

    const second = await start();
    expect(second.uri).toBe(first.uri);
    expect(await countBoats(second)).toBe(1);
  });

  test('moves to another port when its own is taken, with its data', async () => {
    const first = await start();
    await addBoat(first);
    await first.stop();
    const squatter = createServer((socket) => socket.destroy()).listen(first.port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      expect(await countBoats(second)).toBe(1);
    } finally {
      squatter.close();
    }
  });

  test('refuses a folder whose owner lives, naming folder, server and owner, and leaves that one alone', async () => {
    const first = await start();
    const error = await startMongod({ binary, dir }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toContain(`${first.dir} is in use by the mongod with pid ${first.pid}`);
    expect((error as Error).message).toContain(`started by the process with pid ${process.pid}`);
    await addBoat(first);
    expect(await countBoats(first)).toBe(1);
  });

  test('refuses a folder held by a mongod that it knows nothing of', async () => {
    const first = await start();
    rmSync(join(dir, 'run', `${first.pid}.json`));
    await expect(startMongod({ binary, dir })).rejects.toThrow(`in use by the mongod with pid ${first.pid}`);
    expect(findProcess(first.pid)).toBeDefined();
  });

  test('of two starts at once on a new folder one wins and the other says why not', async () => {
    const both = await Promise.allSettled([start(), start()]);
    const lost = both.find((one) => one.status === 'rejected');
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(String(lost?.reason)).toContain('in use by');
    expect(await countBoats(running[0] as EmbeddedServer)).toBe(0);
  });

  test('waits for a server that is just stopping', async () => {
    const first = await start();
    await addBoat(first);
    const stopped = first.stop();
    expect(await countBoats(await start())).toBe(1);
    await stopped;
  });

  test('tells when the server was killed, and finds its data again', async () => {
    const first = await start();
    await addBoat(first);
    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await countBoats(await start())).toBe(1);
  });

  test('stops the server that a killed process left behind, and starts anew on its data', async () => {
    const script = `
      const { runnerImport } = await import('vite');
      const { module } = await runnerImport('./src/database/embedded/supervisor.ts', { configFile: false });
      const { pid, uri } = await module.startMongod(${JSON.stringify({ binary, dir })});
      console.log(JSON.stringify({ pid, uri }));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = JSON.parse(String(line)) as { pid: number; uri: string };
    await withClient(orphan.uri, (db) => db.collection('boats').insertOne({ name: 'Ada' }));
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(findProcess(orphan.pid)).toBeDefined();

    const next = await start();
    expect(next.pid).not.toBe(orphan.pid);
    expect(next.uri).toBe(orphan.uri);
    expect(findProcess(orphan.pid)).toBeUndefined();
    expect(await countBoats(next)).toBe(1);
  });

  test('leaves a process alone that has the number of a dead server', async () => {
    const bystander = spawn('sleep', ['60']);
    openDataFolder(dir);
    const pid = bystander.pid as number;
    writeFileSync(
      join(dir, 'run', `${pid}.json`),
      JSON.stringify({ pid, owner: { pid: 1, startedAt: 'never' }, stopping: false }),
    );
    await start();
    expect(findProcess(pid)).toBeDefined();
    bystander.kill();
  });

  test('completes a first start that was killed before its user was made', async () => {
    const folder = openDataFolder(dir);
    const port = await chooseFreePort([]);
    const options = { binary, folder, port, replicaSet: 'bulkhead', cacheSizeGb: 0.25 };
    const half = await spawnMongod({ ...options, extraArgs: [], env: process.env, timeoutMs: 60_000 });
    if (typeof half === 'string') throw new Error(half);
    const client = new mongo.MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await client.db('admin').command({ replSetInitiate: { _id: 'bulkhead', members } });
    await client.close();
    half.child.kill('SIGKILL');
    await half.exited;

    const server = await start({ port });
    await addBoat(server);
    expect(await countBoats(server)).toBe(1);
  });

  test('says so when the password no longer fits the data', async () => {
    await (await start()).stop();
    rmSync(join(dir, 'root-password'));
    await expect(start()).rejects.toThrow(/made with another password/);
  });

  test('passes on why mongod ended, and where its log lies', async () => {
    await expect(start({ extraArgs: ['--setParameter', 'noSuchThing=1'] })).rejects.toThrow(
      /did not start\.[^]*noSuchThing[^]*mongod\.failed\.log/,
    );
    await expect(start({ binary: join(dir, 'nothing') })).rejects.toThrow(StartError);
  });

  test('is refused in production', async () => {
    await expect(start({ env: { NODE_ENV: 'production' } })).rejects.toThrow(
      /refused with NODE_ENV=production/,
    );
    expect(readdirSync(dir)).toEqual([]);
  });
});
