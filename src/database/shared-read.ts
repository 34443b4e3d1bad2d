import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Row } from './reader.js';

/** Reaches nobody: nobody waits any more. */
const ABANDONED = new BulkheadError('PRODUCT_UNAVAILABLE', 'Nobody waits for the read any more.');

/** What bounds a read that is shared. */
export interface SharedReadOptions {
  /** Its time, whatever is left to whoever has begun it. */
  readonly limitMs: number;
  /** Counts what the database answers to the read's signal, until the function that it returns is called. */
  readonly hold: (signal: AbortSignal) => () => void;
}

/**
 * One read that several operations wait for. It is none of theirs: each waits as long as its own signal lets it, and the
 * read is cancelled when all of them have gone, or its time is up.
 */
export class SharedRead {
  /** Rejects with the read's error, or `DEADLINE_EXCEEDED`. */
  readonly rows: Promise<Row[]>;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<AbortSignal>();
  #isRead = false;
  #release: (() => void) | undefined;

  constructor(read: (signal: AbortSignal) => Promise<Row[]>, { limitMs, hold }: SharedReadOptions) {
    const { signal } = this.#controller;
    const isLate = () =>
      new BulkheadError('DEADLINE_EXCEEDED', 'The database did not finish before the deadline.', {
        retryAfterS: 1,
      });
    const timer = setTimeout(() => this.#controller.abort(isLate()), limitMs);
    timer.unref();
    this.#release = hold(signal);
    this.rows = new Promise<Row[]>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      read(signal).then((rows) => {
        this.#isRead = true;
        resolve(rows);
      }, reject);
    }).finally(() => clearTimeout(timer));
    this.rows.catch(() => {});
  }

  /** Whether it was cancelled, so that there is nothing to wait for. */
  get isCancelled(): boolean {
    return this.#controller.signal.aborted && !this.#isRead;
  }

  /** The rows, for an operation. @throws what the read failed with, or the signal's reason. */
  waitFor(signal: AbortSignal): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const isNew = !this.#waiting.has(signal);
      this.#waiting.add(signal);
      const onAbort = () => {
        reject(signal.reason as Error);
        if (isNew) this.#leave(signal);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.rows.then(resolve, reject);
    });
  }

  /** An operation holds the rows to its end. */
  #leave(signal: AbortSignal): void {
    this.#waiting.delete(signal);
    if (this.#waiting.size > 0) return;
    this.#controller.abort(ABANDONED);
    this.#release?.();
    this.#release = undefined;
  }
}
