import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../errors/bulkhead-error.js';
import { findLockPid, writeWhole, type DataFolder } from './data-folder.js';
import { findProcess } from './processes.js';

const STOP_MS = 20_000;
const START_MS = 3_000;

/** Who started a mongod: kept beside the data, so that a later start can tell an orphan from a server in use. */
export interface ServerRecord {
  readonly pid: number;
  readonly owner: { readonly pid: number; readonly startedAt: string };
  /** The owner has asked it to stop. */
  readonly stopping: boolean;
}

const recordPath = (folder: DataFolder, pid: number): string => join(folder.runDir, `${pid}.json`);

/** Notes that this process started the mongod with the given pid. */
export function keepRecord(folder: DataFolder, pid: number, stopping = false): void {
  const owner = { pid: process.pid, startedAt: findProcess(process.pid)?.startedAt ?? '' };
  writeWhole(recordPath(folder, pid), JSON.stringify({ pid, owner, stopping } satisfies ServerRecord));
}

/** Forgets a mongod that has ended. */
export function dropRecord(folder: DataFolder, pid: number): void {
  rmSync(recordPath(folder, pid), { force: true });
}

/**
 * Makes sure that no mongod of an earlier start holds the folder. One whose owner is dead (`kill -9`) is stopped,
 * one that is stopping is waited for.
 *
 * @throws StartError when one runs whose owner lives, this process included.
 */
export async function clearFolder(folder: DataFolder): Promise<void> {
  for (const pid of listRecordedPids(folder)) {
    await waitForEnd(folder, pid);
    dropRecord(folder, pid);
  }
}

async function waitForEnd(folder: DataFolder, pid: number): Promise<void> {
  if (!isOurMongod(folder, pid)) return;
  const beganAt = Date.now();
  let terminated = false;
  // From here on by its start time: a process that is ending loses its command line before it lets go of its port.
  const startedAt = findProcess(pid)?.startedAt;
  if (startedAt === undefined) return;
  for (; findProcess(pid)?.startedAt === startedAt; await sleep(50)) {
    const waitedMs = Date.now() - beganAt;
    const record = findRecord(folder, pid);
    if (waitedMs > 2 * STOP_MS) throw folderInUse(folder);
    // Its owner drops the record when it sees the end.
    if (record === undefined) continue;
    const ownerLives = findProcess(record.owner.pid)?.startedAt === record.owner.startedAt;
    if (!ownerLives) {
      if (!terminated) signal(pid, 'SIGTERM');
      else if (waitedMs > STOP_MS) signal(pid, 'SIGKILL');
      terminated = true;
    } else if (!record.stopping && (findLockPid(folder) === pid || waitedMs > START_MS)) {
      // Until it holds the lock it may be the loser of a race for the folder, about to end by itself.
      throw folderInUse(folder, record.owner.pid);
    }
  }
}

/** The error for a folder whose lock another mongod holds. */
export function folderInUse(folder: DataFolder, ownerPid?: number): StartError {
  const pid = findLockPid(folder);
  const by = pid !== undefined && isOurMongod(folder, pid) ? `the mongod with pid ${pid}` : 'another mongod';
  const started = ownerPid === undefined ? '' : `, started by the process with pid ${ownerPid}`;
  return new StartError([
    `The data folder ${folder.path} is in use by ${by}${started}.`,
    'Stop that one first, or start with another data folder.',
  ]);
}

function listRecordedPids(folder: DataFolder): readonly number[] {
  return readdirSync(folder.runDir)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => Number.parseInt(name, 10));
}

function findRecord(folder: DataFolder, pid: number): ServerRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordPath(folder, pid), 'utf8')) as ServerRecord;
  } catch {
    return undefined;
  }
}

/** A pid may belong to something else by now: only a mongod on this very folder is ever signalled. */
function isOurMongod(folder: DataFolder, pid: number): boolean {
  const command = findProcess(pid)?.command;
  return command !== undefined && `${command} `.includes(`--dbpath ${folder.dbPath} `);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
