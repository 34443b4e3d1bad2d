import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StartMessage } from './start.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
/** Operations end by their deadline of seconds; a client that does not read its answer is not waited for. */
const LONGEST_STOP_MS = 8_000;

/** The serving process as a child: it holds the products' credentials and no administrative one. */
export class GatewayProcess {
  readonly #child: ChildProcess;
  /** Resolves with the address when it listens; rejects when it ends before that. */
  readonly listening: Promise<string>;
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [...process.execArgv, MAIN, 'start', ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.ended = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code ?? 1)));
    this.listening = new Promise((resolve, reject) => {
      this.#child.once('message', (message) => resolve((message as StartMessage).listening));
      void this.ended.then((code) => reject(new GatewayEnded(code)));
    });
    this.listening.catch(() => {});
  }

  /** Lets it finish what is under way; ends it when that takes too long. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), LONGEST_STOP_MS);
    await this.ended;
    clearTimeout(force);
  }
}

/** The serving process ended before it listened; it has said why. */
export class GatewayEnded extends Error {
  constructor(readonly code: number) {
    super(`The gateway ended with exit code ${code} before it listened.`);
    this.name = 'GatewayEnded';
  }
}
