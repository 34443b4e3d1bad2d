import { BulkheadError } from '../errors/bulkhead-error.js';

/** Whose work it is, and how much of it may wait. */
export interface Line {
  /** Groups take turns first, whatever the number of their lines. */
  readonly group: string;
  readonly name: string;
  readonly waiting: number;
}

/** Runs a piece of work when its turn has come; whoever's signal is aborted waits no longer. */
export type Queue = <T>(line: Line, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

interface Waiting {
  readonly go: () => void;
  readonly refuse: (reason: Error) => void;
}

/** The lines of a group, those nearest to their turn first. */
type Lines = Map<string, Waiting[]>;

const tooMany = () => new BulkheadError('RATE_LIMITED', 'Too many sign-ins at once.', { retryAfterS: 2 });

/**
 * So many at once; of each line so many waiting, first come, first served, and `RATE_LIMITED` for whoever comes after.
 * Groups take turns, and the lines of each, so that a crowd in one keeps nobody out of another.
 *
 * @param options.waiting of all lines together: past it the longest line of the group with the most loses its newest, who
 *   gets `RATE_LIMITED`, too.
 */
export function createQueue(options: { readonly atOnce: number; readonly waiting: number }): Queue {
  const groups = new Map<string, Lines>();
  let running = 0;
  let waitingInAll = 0;

  const next = (): (() => void) | undefined => {
    for (const [group, lines] of groups) {
      const [line, waiting] = firstOf(lines);
      const first = waiting.shift()!;
      // Behind the others, or gone.
      lines.delete(line);
      if (waiting.length > 0) lines.set(line, waiting);
      groups.delete(group);
      if (lines.size > 0) groups.set(group, lines);
      waitingInAll--;
      return first.go;
    }
    return undefined;
  };

  const leave = (group: string, name: string, one: Waiting): void => {
    const lines = groups.get(group)!;
    const waiting = lines.get(name)!;
    waiting.splice(waiting.indexOf(one), 1);
    if (waiting.length === 0) lines.delete(name);
    if (lines.size === 0) groups.delete(group);
    waitingInAll--;
  };

  const makeRoom = (): void => {
    if (waitingInAll <= options.waiting) return;
    // Of equals the last, where whoever came just now stands: the others are nearer to their turn.
    const [group, lines] = mostOf(groups, inAll);
    const [name, waiting] = mostOf(lines, ({ length }) => length);
    const newest = waiting.at(-1)!;
    leave(group, name, newest);
    newest.refuse(tooMany());
  };

  const turn = ({ group, name, waiting: most }: Line, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const lines: Lines = groups.get(group) ?? new Map();
      const waiting = lines.get(name) ?? [];
      if (waiting.length >= most) throw tooMany();
      const giveUp = () => {
        leave(group, name, one);
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
      groups.set(group, lines);
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

const firstOf = (lines: Lines): [string, Waiting[]] => lines.entries().next().value!;

const inAll = (lines: Lines): number => {
  let waiting = 0;
  for (const line of lines.values()) waiting += line.length;
  return waiting;
};

/** The entry with the most; of equals the last. */
function mostOf<T>(entries: ReadonlyMap<string, T>, amount: (one: T) => number): [string, T] {
  let most: [string, T] | undefined;
  let highest = 0;
  for (const entry of entries) {
    const here = amount(entry[1]);
    if (here < highest) continue;
    highest = here;
    most = entry;
  }
  return most!;
}
