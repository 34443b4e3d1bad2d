import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../errors/bulkhead-error.js';
import { findKeptPort, keepPort, openDataFolder, type DataFolder } from './data-folder.js';
import { spawnMongod, type MongodExit, type MongodProcess } from './mongod-process.js';
import { chooseFreePort } from './ports.js';
import { bringUp, buildAdminUri } from './replica-set.js';
import { clearFolder, folderInUse, keepRecord } from './server-record.js';

/** The name of an embedded server's replica set, unless a start asks for another. */
export const REPLICA_SET = 'bulkhead';

const LISTEN_MS = 60_000;
const PRIMARY_MS = 30_000;
const LOCK_MS = 5_000;
const STOP_MS = 20_000;

/** What {@link startMongod} takes. */
export interface StartMongodOptions {
  /** The mongod to run, as found by `findMongod`. */
  readonly binary: string;
  /** Where data, secrets, port and log lie; created when missing. */
  readonly dir: string;
  /** The wished port; another is chosen when it is taken. Default: that of the last start. */
  readonly port?: number;
  /** Default 0.25, the least mongod accepts. */
  readonly cacheSizeGb?: number;
  /** The name of the set, fixed at the first start. Default `bulkhead`. */
  readonly replicaSet?: string;
  /** Further arguments of mongod. */
  readonly extraArgs?: readonly string[];
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A running mongod of our own. */
export interface EmbeddedServer {
  /** The administrator's URI, with the password: not for logs. */
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  readonly version: string;
  /** Settles when the server has ended, asked to or not. */
  readonly exited: Promise<MongodExit>;
  /** Stops it and waits for its end; after 20 seconds by force. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a real MongoDB for development and tests: a single-node replica set on loopback, with authentication, in a
 * process of its own. A server that a killed process left behind in the folder is stopped first, one that is just
 * stopping is waited for.
 *
 * @throws StartError with `NODE_ENV=production`, when the folder is in use by a living owner, or when mongod does not
 * start; the message says where its log lies.
 *
 * @example const server = await startMongod({ binary: (await findMongod({ env })).path, dir: '.bulkhead' });
 */
export async function startMongod(options: StartMongodOptions): Promise<EmbeddedServer> {
  const { env = process.env, replicaSet = REPLICA_SET } = options;
  refuseProduction(env);
  const folder = openDataFolder(options.dir);
  const { mongod, port } = await spawnWhenFree(options, folder, { env, replicaSet });
  try {
    const version = await Promise.race([
      bringUp({
        port,
        pid: mongod.pid,
        password: folder.password,
        replicaSet,
        dir: folder.path,
        timeoutMs: PRIMARY_MS,
      }),
      failOnExit(mongod, folder),
    ]);
    keepPort(folder, port);
    return {
      uri: buildAdminUri(port, folder.password, replicaSet),
      port,
      pid: mongod.pid,
      dir: folder.path,
      version,
      exited: mongod.exited,
      stop: () => stopMongod(mongod, folder),
    };
  } catch (error) {
    await stopMongod(mongod, folder);
    throw error;
  }
}

/** Refuses embedded servers in production. @throws StartError with `NODE_ENV=production`. */
export function refuseProduction(env: NodeJS.ProcessEnv): void {
  if (env['NODE_ENV'] !== 'production') return;
  throw new StartError([
    'An embedded MongoDB is for development and tests; it is refused with NODE_ENV=production.',
    'Name a MongoDB that is run for production: MONGODB_URI=mongodb://…, or a URI for each product.',
  ]);
}

async function spawnWhenFree(
  options: StartMongodOptions,
  folder: DataFolder,
  { env, replicaSet }: { readonly env: NodeJS.ProcessEnv; readonly replicaSet: string },
): Promise<{ readonly mongod: MongodProcess; readonly port: number }> {
  const { binary, cacheSizeGb = 0.25, extraArgs = [] } = options;
  const deadline = Date.now() + LOCK_MS;
  for (;;) {
    await clearFolder(folder);
    const port = await chooseFreePort([options.port, findKeptPort(folder)]);
    const spawned = await spawnMongod({
      binary,
      folder,
      port,
      replicaSet,
      cacheSizeGb,
      extraArgs,
      env,
      timeoutMs: LISTEN_MS,
    });
    if (typeof spawned === 'object') return { mongod: spawned, port };
    if (Date.now() > deadline) {
      if (spawned === 'FOLDER_LOCKED') throw folderInUse(folder);
      throw new StartError([
        `Port ${port} was free and taken again before mongod could listen, several times.`,
      ]);
    }
    await sleep(200);
  }
}

async function failOnExit(mongod: MongodProcess, folder: DataFolder): Promise<never> {
  const { code, signal } = await mongod.exited;
  throw new StartError([
    `The embedded mongod ended while it was starting (${code === null ? signal : `exit code ${code}`}).`,
    `Its log: ${folder.path}/mongod.log`,
  ]);
}

async function stopMongod({ pid, child, exited }: MongodProcess, folder: DataFolder): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    keepRecord(folder, pid, true);
    child.kill('SIGTERM');
  }
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  try {
    await exited;
  } finally {
    clearTimeout(force);
  }
}
