import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a process inherits here: where programs are, and nothing that configures a gateway. */
const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(PATH|HOME|TMPDIR|LANG|npm_config_.*|XDG_.*)$/.test(name)),
);

/** A program that runs in a folder, with everything it has said. */
export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Outcome>;
  #hasClosed = false;

  constructor(
    program: string,
    args: readonly string[],
    { cwd, env = {} }: { readonly cwd: string; readonly env?: Record<string, string | undefined> },
  ) {
    // A group of its own, so that a Ctrl-C can be sent to all of it and to nothing else.
    this.child = spawn(program, args, {
      cwd,
      env: { ...CLEAN, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => {
        this.#hasClosed = true;
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Waits until it has said something that was not said before `from`. @throws when it ends or is silent for too long. */
  async says(what: RegExp, { withinMs = 100_000, from = 0 } = {}): Promise<RegExpExecArray> {
    for (const until = Date.now() + withinMs; ;) {
      const found = what.exec(this.stdout.slice(from)) ?? what.exec(this.stderr);
      if (found) return found;
      const said = `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
      // Not by its exit code: what a process has said last is read after its end.
      if (this.#hasClosed) throw new Error(`ended before it said ${String(what)}\n${said}`);
      if (Date.now() > until) throw new Error(`did not say ${String(what)} in time\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** Ends the whole group at once, for clearing up. */
  kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** Runs `bulkhead …` of a built project to its end, in a process of its own. */
export const bulkhead = (
  cwd: string,
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<Outcome> =>
  new Running(process.execPath, [join(cwd, 'dist/src/cli/main.js'), ...args], { cwd, env }).ended;

/** Runs commands of a built project one after another in one process: the compiled program, loaded once. */
export class CommandHost {
  readonly #child: ChildProcess;
  #last: Promise<unknown> = Promise.resolve();

  constructor(cwd: string) {
    const script = fileURLToPath(new URL('command-host.mjs', import.meta.url));
    this.#child = fork(script, [join(cwd, 'dist/src/cli/main.js')], { cwd, env: CLEAN, execArgv: [] });
  }

  run(args: readonly string[], env: Record<string, string | undefined>): Promise<Outcome> {
    const outcome = this.#last.then(
      () =>
        new Promise<Outcome>((resolve, reject) => {
          this.#child.once('exit', () => reject(new Error(`ended during ${args.join(' ')}`)));
          this.#child.once('message', (message) => {
            this.#child.removeAllListeners('exit');
            resolve(message as Outcome);
          });
          this.#child.send({ args, env: { ...CLEAN, ...env } });
        }),
    );
    this.#last = outcome.catch(() => {});
    return outcome;
  }

  end(): void {
    this.#child.disconnect();
  }
}
