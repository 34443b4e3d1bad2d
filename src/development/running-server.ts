import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findKeptPort, findLockPid, openDataFolder } from '../database/embedded/data-folder.js';
import { findProcess } from '../database/embedded/processes.js';
import { buildAdminUri } from '../database/embedded/replica-set.js';
import { REPLICA_SET } from '../database/embedded/supervisor.js';

/** Where the embedded server keeps its files, below the data folder. */
export const serverFolder = (dataDir: string): string => join(dataDir, 'mongod');

/** The administrator's connection string of the embedded server that runs on this data folder, if one runs. */
export function findRunningServer(dataDir: string): string | undefined {
  const dir = serverFolder(dataDir);
  if (!existsSync(join(dir, 'root-password'))) return undefined;
  const folder = openDataFolder(dir);
  const [pid, port] = [findLockPid(folder), findKeptPort(folder)];
  if (pid === undefined || port === undefined) return undefined;
  // The lock file of a killed server stays, and its number may be another process's by now.
  const runs = findProcess(pid)?.command.includes(folder.dbPath) ?? false;
  return runs ? buildAdminUri(port, folder.password, REPLICA_SET) : undefined;
}
