import { BulkheadError } from '../errors/bulkhead-error.js';

/** Whose work it is, and how much of it may wait. */
export interface Line {
  readonly name: string;
  readonly waiting: number;
}

/** Runs a piece of work when its turn has come. */
export type Queue = <T>(line: Line, work: () => Promise<T>) => Promise<T>;

/**
 * So many at once; of each line so many waiting, first come, first served, and `RATE_LIMITED` for whoever comes after.
 * Lines take turns, so that a crowd in one keeps nobody out of another.
 */
export function createQueue({ atOnce }: { readonly atOnce: number }): Queue {
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
    if (running >= atOnce) {
      const waiting = lines.get(line.name) ?? [];
      if (waiting.length >= line.waiting)
        throw new BulkheadError('RATE_LIMITED', 'Too many sign-ins at once.', { retryAfterS: 2 });
      lines.set(line.name, waiting);
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
