import { BulkheadError } from '../errors/bulkhead-error.js';

/** Whose work it is, and how much of it may wait. */
export interface Line {
  readonly name: string;
  readonly waiting: number;
}

/** Runs a piece of work when its turn has come; whoever's signal is aborted waits no longer. */
export type Queue = <T>(line: Line, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

interface Waiting {
  readonly go: () => void;
  readonly refuse: (reason: Error) => void;
}

const tooMany = () => new BulkheadError('RATE_LIMITED', 'Too many sign-ins at once.', { retryAfterS: 2 });

/**
 * So many at once; of each line so many waiting, first come, first served, and `RATE_LIMITED` for whoever comes after.
 * Lines take turns, so that a crowd in one keeps nobody out of another.
 *
 * @param options.waiting of all lines together: past it the longest line loses its newest, who gets `RATE_LIMITED`, too.
 */
export function createQueue(options: { readonly atOnce: number; readonly waiting: number }): Queue {
  const lines = new Map<string, Waiting[]>();
  let running = 0;
  let waitingInAll = 0;

  const next = (): (() => void) | undefined => {
    for (const [line, waiting] of lines) {
      const first = waiting.shift();
      // Behind the others, or gone.
      lines.delete(line);
      if (waiting.length > 0) lines.set(line, waiting);
      waitingInAll--;
      return first?.go;
    }
    return undefined;
  };

  const leave = (name: string, one: Waiting): void => {
    const waiting = lines.get(name)!;
    waiting.splice(waiting.indexOf(one), 1);
    if (waiting.length === 0) lines.delete(name);
    waitingInAll--;
  };

  const makeRoom = (): void => {
    if (waitingInAll <= options.waiting) return;
    let longest: [name: string, waiting: Waiting[]] = ['', []];
    // Of equals the last, where whoever came just now stands: the others are nearer to their turn.
    for (const line of lines) if (line[1].length >= longest[1].length) longest = line;
    const [name, waiting] = longest;
    const newest = waiting.at(-1)!;
    leave(name, newest);
    newest.refuse(tooMany());
  };

  const turn = ({ name, waiting: most }: Line, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const waiting = lines.get(name) ?? [];
      if (waiting.length >= most) throw tooMany();
      const giveUp = () => {
        leave(name, one);
        reject(signal!.reason as Error);
      };
      const ended = () => signal?.removeEventListener('abort', giveUp);
      const one: Waiting = {
        go: () => {
          ended();
          resolve();
        },
        refuse: (reason) => {
          ended();
          reject(reason);
        },
      };
      waiting.push(one);
      lines.set(name, waiting);
      waitingInAll++;
      signal?.addEventListener('abort', giveUp, { once: true });
      makeRoom();
    });

  return async (line, work, signal) => {
    // Whoever finishes hands its place on, so that nobody who comes in between can take it.
    if (running >= options.atOnce) await turn(line, signal);
    else running++;
    try {
      return await work();
    } finally {
      const handOn = next();
      if (handOn) handOn();
      else running--;
    }
  };
}
