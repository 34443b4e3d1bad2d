import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataDir } from '../../config/data-dir.js';

/** The folder of one embedded server: its data, its secrets, its port, its log. */
export interface DataFolder {
  readonly path: string;
  readonly dbPath: string;
  readonly keyFile: string;
  readonly password: string;
  /** Holds one small file for each server started here and not yet seen to end. */
  readonly runDir: string;
}

/** Opens the folder, creating what is missing; the secrets are made once and readable by the owner only. */
export function openDataFolder(dir: string): DataFolder {
  makeDataDir(dir);
  const path = realpathSync(dir);
  const dbPath = join(path, 'data');
  const runDir = join(path, 'run');
  for (const folder of [dbPath, runDir]) makeDataDir(folder);
  const keyFile = join(path, 'keyfile');
  keepSecret(keyFile, () => randomBytes(384).toString('base64'));
  const password = keepSecret(join(path, 'root-password'), () => randomBytes(24).toString('base64url'));
  return { path, dbPath, keyFile, password, runDir };
}

/** The port of the last start, if there was one. */
export function findKeptPort(folder: DataFolder): number | undefined {
  const port = Number(readIfThere(join(folder.path, 'port')));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** Keeps the port for the next start: the replica set knows its member by it. */
export function keepPort(folder: DataFolder, port: number): void {
  writeWhole(join(folder.path, 'port'), String(port));
}

/** The pid that MongoDB's own lock file names; the lock itself may be gone. */
export function findLockPid(folder: DataFolder): number | undefined {
  const pid = Number.parseInt(readIfThere(join(folder.dbPath, 'mongod.lock')), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Writes a file that only its owner may read, so that a reader sees the old text or the new, never half. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}

function keepSecret(path: string, make: () => string): string {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, make(), { mode: 0o600, flag: 'wx', flush: true });
  try {
    // A link, and not a rename: of two first starts at once, both go on with the secret of the first.
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(path, 0o600);
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
