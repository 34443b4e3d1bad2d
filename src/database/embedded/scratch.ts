import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from './data-folder.js';
import { findMongod } from './find-mongod.js';
import { findProcess } from './processes.js';
import { clearFolder } from './server-record.js';
import { refuseProduction, startMongod, type EmbeddedServer } from './supervisor.js';

/** With the machine and the owner in the name, a folder left behind is known by its name alone. */
const PREFIX = `bulkhead-scratch-${hostname()}-`;

/** What {@link startScratch} takes. */
export interface StartScratchOptions {
  /** Where `findMongod` looks for its variables. Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Further arguments of mongod. */
  readonly extraArgs?: readonly string[];
}

/**
 * Starts a throw-away server in a temporary folder, which `stop()` deletes. It reads no configuration but the place of
 * the binary. What scratch servers of killed processes left behind is removed on the way.
 *
 * @example const server = await startScratch(); try { … } finally { await server.stop(); }
 */
export async function startScratch(options: StartScratchOptions = {}): Promise<EmbeddedServer> {
  const { env = process.env, extraArgs = [] } = options;
  refuseProduction(env);
  const { path: binary } = await findMongod({ env });
  await sweep();
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  let server: EmbeddedServer;
  try {
    server = await startMongod({ binary, dir, env, extraArgs });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  // Nothing of it is kept, so nothing has to be written down before it ends.
  const kill = (): void => {
    if (isRunning) process.kill(server.pid, 'SIGKILL');
  };
  let isRunning = true;
  const onExit = (): void => {
    kill();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  process.on('exit', onExit);
  void server.exited.then(() => (isRunning = false));
  return {
    ...server,
    stop: async () => {
      kill();
      await server.exited;
      process.off('exit', onExit);
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const owner = Number.parseInt(name.slice(PREFIX.length), 10);
    if (!(owner > 0) || findProcess(owner) !== undefined) continue;
    const dir = join(tmpdir(), name);
    try {
      const found = lstatSync(dir);
      if (!found.isDirectory() || found.uid !== process.getuid?.()) continue;
      await clearFolder(openDataFolder(dir));
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another run sweeps it, or it is not ours to remove: in neither case is it in the way.
    }
  }
}
