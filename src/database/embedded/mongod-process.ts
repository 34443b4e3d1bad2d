import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../errors/bulkhead-error.js';
import type { DataFolder } from './data-folder.js';
import { dropRecord, keepRecord } from './server-record.js';

/** How a mongod ended. */
export interface MongodExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A mongod that listens. */
export interface MongodProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<MongodExit>;
}

/** What {@link spawnMongod} takes. */
export interface SpawnOptions {
  readonly binary: string;
  readonly folder: DataFolder;
  readonly port: number;
  readonly replicaSet: string;
  readonly cacheSizeGb: number;
  readonly extraArgs: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** Reasons to try again: somebody else holds the folder's lock, or the port. */
export type SpawnRefusal = 'FOLDER_LOCKED' | 'PORT_TAKEN';

const running = new Set<ChildProcess>();

/**
 * Starts a mongod in a process group of its own, so that the Ctrl-C meant for the gateway does not end it before the
 * gateway has drained, and waits until that very process says that it listens.
 *
 * @throws StartError when it ends for any reason but the two of {@link SpawnRefusal}.
 */
export async function spawnMongod(options: SpawnOptions): Promise<MongodProcess | SpawnRefusal> {
  const { binary, folder, port, timeoutMs } = options;
  // A log per start: what stands in it was said by this child, not by the one that won the race for the folder.
  const log = join(folder.path, `starting-${randomBytes(6).toString('hex')}.log`);
  const child = spawnInto(log, options);
  const exited = watchExit(child, folder);
  const ended: { how?: MongodExit | Error } = {};
  exited.then(
    (how) => (ended.how = how),
    (error: Error) => (ended.how = error),
  );

  const deadline = Date.now() + timeoutMs;
  while (ended.how === undefined) {
    if (readFileSync(log, 'utf8').includes(`"msg":"Waiting for connections","attr":{"port":${port}`)) {
      keepLog(folder, log, 'mongod.log');
      return { pid: child.pid as number, child, exited };
    }
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      await exited;
      throw failed(keepLog(folder, log, 'mongod.failed.log'), [
        `It did not listen within ${timeoutMs / 1000} s.`,
      ]);
    }
    await sleep(20);
  }

  const exit = ended.how;
  if (exit instanceof Error) {
    rmSync(log, { force: true });
    throw new StartError([`${binary} cannot be started: ${exit.message}`]);
  }
  const text = readFileSync(log, 'utf8');
  const refusal = classify(exit, text);
  if (refusal === undefined) {
    throw failed(keepLog(folder, log, 'mongod.failed.log'), [
      `Exit code ${exit.code ?? exit.signal}.`,
      ...lastErrors(text),
    ]);
  }
  rmSync(log, { force: true });
  return refusal;
}

function spawnInto(log: string, options: SpawnOptions): ChildProcess {
  const output = openSync(log, 'ax', 0o600);
  try {
    const stdio = ['ignore' as const, output, output];
    return spawn(options.binary, buildArgs(options), { stdio, detached: true, env: options.env });
  } catch (error) {
    // Most failures arrive as an event; a file that is no program at all throws here.
    rmSync(log, { force: true });
    throw new StartError([`${options.binary} cannot be started: ${(error as Error).message}`]);
  } finally {
    closeSync(output);
  }
}

function buildArgs({ folder, port, replicaSet, cacheSizeGb, extraArgs }: SpawnOptions): readonly string[] {
  const values = {
    dbpath: folder.dbPath,
    port: String(port),
    bind_ip: '127.0.0.1',
    replSet: replicaSet,
    keyFile: folder.keyFile,
    // Without zlib: its path in unpatched releases discloses memory (CVE-2025-14847).
    networkMessageCompressors: 'snappy,zstd',
    wiredTigerCacheSizeGB: String(cacheSizeGb),
  };
  const parameters = {
    diagnosticDataCollectionEnabled: 'false',
    // What a killed gateway leaves open holds its accounts for this long (default: 60); no operation's deadline is longer.
    transactionLifetimeLimitSeconds: '5',
  };
  return [
    ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]),
    ...Object.entries(parameters).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
    '--auth',
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
    ...extraArgs,
  ];
}

function watchExit(child: ChildProcess, folder: DataFolder): Promise<MongodExit> {
  if (child.pid !== undefined) {
    keepRecord(folder, child.pid);
    if (running.size === 0) process.on('exit', stopAll);
    running.add(child);
  }
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.once('exit', (code, signal) => {
      running.delete(child);
      if (running.size === 0) process.off('exit', stopAll);
      if (child.pid !== undefined) dropRecord(folder, child.pid);
      resolve({ code, signal });
    });
  });
}

/** A gateway that ends without `stop()` takes its servers with it; after a `kill -9` the next start does. */
function stopAll(): void {
  for (const child of running) child.kill('SIGTERM');
}

function classify(exit: MongodExit, log: string): SpawnRefusal | undefined {
  if (exit.code === 100 && log.includes('DBPathInUse')) return 'FOLDER_LOCKED';
  if (exit.code === 48 || log.includes('Address already in use')) return 'PORT_TAKEN';
  return undefined;
}

function keepLog(folder: DataFolder, log: string, name: 'mongod.log' | 'mongod.failed.log'): string {
  const kept = join(folder.path, name);
  try {
    renameSync(kept, join(folder.path, 'mongod.previous.log'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  renameSync(log, kept);
  return kept;
}

/** What the log says last, in words: errors of severity E and F, or plain text where it never came to a log. */
function lastErrors(log: string): readonly string[] {
  const said: string[] = [];
  for (const line of log.trim().split('\n')) {
    if (!line.startsWith('{')) {
      if (line.trim() !== '') said.push(line.trim());
      continue;
    }
    try {
      const { s, msg, attr } = JSON.parse(line) as { s?: string; msg?: string; attr?: { error?: unknown } };
      if (s === 'E' || s === 'F')
        said.push(`${msg}${attr?.error === undefined ? '' : `: ${JSON.stringify(attr.error)}`}`);
    } catch {
      // The last line of a process that was killed may be cut off.
    }
  }
  return said.slice(-3);
}

const failed = (log: string, why: readonly string[]): StartError =>
  new StartError(['The embedded mongod did not start.', ...why, `Its log: ${log}`]);
