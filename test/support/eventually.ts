import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is true; fails with what it waited for. For things that happen by themselves. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await sleep(25);
  }
}
