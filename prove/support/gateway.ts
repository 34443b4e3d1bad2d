import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const LONGEST_START_MS = 30_000;

/** A gateway in production mode, as a process of its own, as a service manager would start it. */
export class ProvedGateway {
  /** Lines of its log that speak of a fault of ours. */
  readonly faults: string[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  address = '';

  private constructor(env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [MAIN, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#exit = once(this.#child, 'exit');
  }

  /** Resolves when its products are ready. @throws Error when they are not in time. */
  static async start(env: NodeJS.ProcessEnv, products: readonly string[]): Promise<ProvedGateway> {
    const gateway = new ProvedGateway({ PATH: process.env['PATH'], NODE_ENV: 'production', ...env });
    const waited = new Set(['listening', ...products.map((name) => `${name} is ready`)]);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The gateway did not say: ${[...waited].join(', ')}.`)),
        LONGEST_START_MS,
      );
      createInterface({ input: gateway.#child.stdout! }).on('line', (line) => {
        const { level, msg, listening } = JSON.parse(line) as {
          level: number;
          msg: string;
          listening?: string;
        };
        if (level >= 50) gateway.faults.push(line);
        if (listening) gateway.address = listening;
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

  /** Ends it: `SIGTERM` lets it finish what is under way. @returns when it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#exit;
  }
}
