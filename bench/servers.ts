import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Set `BENCH_PROFILE` to a folder to have each server write a CPU profile there when it ends. */
const PROFILE = process.env['BENCH_PROFILE'];
/** Clock ticks a second, as `/proc` counts them. */
const TICKS = 100;

/** A server in a process of its own. */
export interface BenchServer {
  readonly address: string;
  /** Processor time that it has used, in ms; Linux only. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/**
 * Starts a compiled program that tells its parent `{ listening }`.
 *
 * @param file below the compiled project.
 */
export async function startServer(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<BenchServer> {
  const child = fork(fileURLToPath(new URL(`../${file}`, import.meta.url)), args, {
    env: { ...process.env, ...env },
    execArgv: PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${PROFILE}`] : [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it listened.`);
  });
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ listening: string }];
  return {
    address: message.listening,
    cpuMs: () => {
      // The name, in brackets, may hold spaces; user and system time are the 14th and 15th field.
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
    },
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
