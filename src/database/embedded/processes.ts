import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that runs now. */
export interface RunningProcess {
  /** Tells it from a later process with the same number. */
  readonly startedAt: string;
  readonly command: string;
}

/** The process with this number, or undefined where there is none, or only its unreaped remains. */
export function findProcess(pid: number): RunningProcess | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === 'linux' ? findInProc(pid) : findWithPs(pid);
}

function findInProc(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses: count the fields behind the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const startedAt = fields[19];
    // A zombie without threads holds no files any more; where the first process reaps nobody it stays for ever.
    const isDead = state === 'X' || (state === 'Z' && Number(fields[17]) <= 1);
    if (isDead || startedAt === undefined) return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { startedAt, command };
  } catch {
    return undefined;
  }
}

function findWithPs(pid: number): RunningProcess | undefined {
  try {
    const args = ['-ww', '-o', 'lstart=', '-o', 'command=', '-p', String(pid)];
    const line = execFileSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }).trim();
    return { startedAt: line.slice(0, 24), command: line.slice(24).trim() };
  } catch {
    return undefined;
  }
}
