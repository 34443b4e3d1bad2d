import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { productNames } from '../config/names.js';
import type { Ended, RunningWorker } from './kept-worker.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
/** A round that is under way gets five seconds. */
const LONGEST_STOP_MS = 8_000;
/** Whoever waits for the gateway's answer does not wait for this. */
const NICE = 10;
/** What jobs are not given: administration, serving, keys. */
const NOT_FOR_JOBS =
  /^(?:BULKHEAD_ADMIN_URI|BULKHEAD_SCRATCH_URI|MONGODB_URI|.*_MONGODB_URI|.*_JWT_SECRET(?:_PREVIOUS)?)$/;

/** Tells the worker its name, from the process that starts it again. */
export const OWNER_VARIABLE = 'BULKHEAD_WORKER_OWNER';

/** `bulkhead work` as a child of a development session: it holds the products' ops credentials and no other. */
export class WorkerProcess implements RunningWorker {
  readonly #child: ChildProcess;
  #isStopped = false;
  readonly failed: Promise<Ended>;

  /**
   * @param opsUris by product.
   * @param owner under which it holds its leases: one that follows another goes on at once.
   */
  constructor(args: readonly string[], opsUris: Readonly<Record<string, string>>, owner: string) {
    this.#child = spawn(process.execPath, [...process.execArgv, MAIN, 'work', ...args], {
      env: { ...environmentOf(opsUris), [OWNER_VARIABLE]: owner },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    try {
      if (this.#child.pid !== undefined) setPriority(this.#child.pid, NICE);
    } catch {
      // It has ended already, or may not be slowed down.
    }
    this.failed = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        if (!this.#isStopped) resolve({ code, signal });
      });
      // The machine has no process to give: no exit follows.
      this.#child.once('error', () => {
        if (!this.#isStopped && this.#child.pid === undefined) resolve({ code: 1, signal: null });
      });
    });
  }

  /** Lets it finish what is under way; ends it when that takes too long. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), LONGEST_STOP_MS);
    await ended;
    clearTimeout(force);
  }
}

function environmentOf(opsUris: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  // What is usual is no news in a terminal that shows the gateway's log.
  const env: NodeJS.ProcessEnv = { BULKHEAD_LOG_LEVEL: 'warn', ...process.env };
  const given = Object.keys(env).map((name) => name.replace(/_FILE$/, ''));
  // Empty rather than left out, or `.env` would fill it in.
  for (const name of [...given, 'BULKHEAD_ADMIN_URI', 'MONGODB_URI', 'BULKHEAD_SCRATCH_URI'])
    if (NOT_FOR_JOBS.test(name)) env[name] = env[`${name}_FILE`] = '';
  for (const [product, uri] of Object.entries(opsUris)) {
    const { envPrefix } = productNames(product);
    env[`${envPrefix}_OPS_MONGODB_URI`] = uri;
    env[`${envPrefix}_MONGODB_URI`] = env[`${envPrefix}_MONGODB_URI_FILE`] = '';
  }
  return env;
}
