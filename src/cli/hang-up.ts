import { isatty } from 'node:tty';

let meaning: (() => unknown) | undefined;
let isKept = false;

function hear(): void {
  if (meaning) meaning();
  else isKept = true;
}

/** Whether `SIGHUP` says that a terminal is gone: this process has one, or a parent that has. */
export const hasTerminal = (): boolean => process.send !== undefined || [0, 1, 2].some((fd) => isatty(fd));

/**
 * Keeps `SIGHUP` until it is known what it means. Its default would end a gateway that is still loading, and systemd takes
 * that for an end in good order. Nothing is done where there is a terminal.
 */
export function keepHangUps(): void {
  if (!hasTerminal()) process.on('SIGHUP', hear);
}

/** Says what `SIGHUP` means from now on; it is done at once where one was kept. */
export function onHangUp(what: () => unknown): void {
  meaning = what;
  if (!isKept) return;
  isKept = false;
  what();
}

/** Leaves `SIGHUP` to its default, as if it had never been kept. */
export function leaveHangUps(): void {
  process.off('SIGHUP', hear);
  if (isKept) process.kill(process.pid, 'SIGHUP');
}
