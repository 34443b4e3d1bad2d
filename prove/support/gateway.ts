import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const LONGEST_START_MS = 30_000;

/** A change of a product's state, as the gateway logged it. */
export interface StateChange {
  readonly product: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly state: string;
}

/** A gateway in production mode, as a process of its own, as a service manager would start it. */
export class ProvedGateway {
  /** Lines of its log that speak of a fault of ours. */
  readonly faults: string[] = [];
  readonly changes: StateChange[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  address = '';

  private constructor(env: NodeJS.ProcessEnv, args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, 'start', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#exit = once(this.#child, 'exit');
    // A proof that is ended leaves nothing behind.
    const kill = () => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    void this.#exit.then(() => process.off('exit', kill));
  }

  /** Resolves when its products are ready. @param args of `bulkhead start`. @throws Error when they are not in time. */
  static async start(
    env: NodeJS.ProcessEnv,
    products: readonly string[],
    args: readonly string[] = [],
  ): Promise<ProvedGateway> {
    const gateway = new ProvedGateway({ PATH: process.env['PATH'], NODE_ENV: 'production', ...env }, args);
    const waited = new Set(['listening', ...products.map((name) => `${name} is ready`)]);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The gateway did not say: ${[...waited].join(', ')}.`)),
        LONGEST_START_MS,
      );
      createInterface({ input: gateway.#child.stdout! }).on('line', (line) => {
        const { level, msg, time, listening, product, state } = JSON.parse(line) as {
          level: number;
          msg: string;
          time: string;
          listening?: string;
          product?: string;
          state?: string;
        };
        if (level >= 50) gateway.faults.push(line);
        if (listening) gateway.address = listening;
        if (product && state) gateway.changes.push({ product, at: Date.parse(time), state });
        if (!waited.delete(msg) || waited.size > 0) return;
        clearTimeout(timer);
        resolve();
      });
      void gateway.#exit.then(() => reject(new Error('The gateway ended before it was ready.')));
    });
    return gateway;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Whether it says of itself that it serves a product. */
  async isReady(product: string): Promise<boolean> {
    const answer = await fetch(`${this.address}/health/ready`);
    const { products } = (await answer.json()) as { products: Record<string, { state: string }> };
    return products[product]?.state === 'ready';
  }

  /** Ends it: `SIGTERM` lets it finish what is under way. @returns when it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill(signal);
    await this.#exit;
  }
}
