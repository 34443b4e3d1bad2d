import { spawn } from 'node:child_process';

/** How a program that ran to its end ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@link runCommand} takes beside the program and its arguments. */
export interface RunCommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** After so long the program is killed and the promise rejects. Default 10 seconds. */
  readonly timeoutMs?: number;
  /** Kills the program when it aborts; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a program without a shell and collects what it prints. A non-zero exit code is a result;
 * a program that cannot be started, or takes too long, rejects.
 *
 * @example const { stdout } = await runCommand('/usr/bin/mongod', ['--version']);
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  const { timeoutMs = 10_000, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.env && { env: options.env }),
    });
    let stdout = '';
    let stderr = '';
    const giveUp = (error: Error): void => {
      child.kill('SIGKILL');
      reject(error);
    };
    const timer = setTimeout(() => giveUp(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    const onAbort = (): void => giveUp(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    // A command that is interrupted leaves no download behind.
    const onExit = (): void => void child.kill('SIGKILL');
    process.once('exit', onExit);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      process.off('exit', onExit);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code) => {
      settle();
      resolve({ code, stdout, stderr });
    });
  });
}

/** The last line that says something: where pip, mongod and Node put the reason of a failure. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
