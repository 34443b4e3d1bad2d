import { BulkheadError } from '../errors/bulkhead-error.js';

/** Runs a piece of work when its turn has come. */
export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

/** First come, first served: so many at once, so many waiting, and `RATE_LIMITED` for whoever comes after. */
export function createQueue(limits: { readonly atOnce: number; readonly waiting: number }): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (work) => {
    if (running >= limits.atOnce) {
      if (waiting.length >= limits.waiting)
        throw new BulkheadError('RATE_LIMITED', 'Too many sign-ins at once.', { retryAfterS: 2 });
      // Whoever finishes hands its place on, so that nobody who comes in between can take it.
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
