import { BulkheadError } from '../errors/bulkhead-error.js';

/** Runs a piece of work when its turn has come. @param line whose work it is; lines take turns. */
export type Queue = <T>(line: string, work: () => Promise<T>) => Promise<T>;

/**
 * So many at once; of each line so many waiting, first come, first served, and `RATE_LIMITED` for whoever comes after.
 * Lines take turns, so that a crowd in one keeps nobody out of another.
 */
export function createQueue(limits: { readonly atOnce: number; readonly waiting: number }): Queue {
  const lines = new Map<string, (() => void)[]>();
  let running = 0;

  const next = (): (() => void) | undefined => {
    for (const [line, waiting] of lines) {
      const first = waiting.shift();
      // Behind the others, or gone.
      lines.delete(line);
      if (waiting.length > 0) lines.set(line, waiting);
      return first;
    }
    return undefined;
  };

  return async (line, work) => {
    if (running >= limits.atOnce) {
      const waiting = lines.get(line) ?? [];
      if (waiting.length >= limits.waiting)
        throw new BulkheadError('RATE_LIMITED', 'Too many sign-ins at once.', { retryAfterS: 2 });
      lines.set(line, waiting);
      // Whoever finishes hands its place on, so that nobody who comes in between can take it.
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      const handOn = next();
      if (handOn) handOn();
      else running--;
    }
  };
}
