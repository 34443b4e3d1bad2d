import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from './call.js';

/** Part of the remaining time, and the most of it in ms, kept back so that the ledger's own answer is the first. */
const MARGIN = 0.1;
const MAX_MARGIN_MS = 100;

/** Time is up, or the caller has gone. */
export class OutOfTime extends Error {
  constructor() {
    super('Time is up.');
    this.name = 'OutOfTime';
  }
}

/**
 * The time one call has. It ends a little before the caller's deadline: whoever set that answers
 * "not available", and only the ledger can say whether credits may have moved.
 */
export class TimeLimit {
  readonly #at: number;
  readonly #signal: AbortSignal | undefined;

  constructor(call: Pick<CallOptions, 'deadline' | 'signal'>) {
    const leftMs = call.deadline - Date.now();
    this.#at = call.deadline - Math.min(MAX_MARGIN_MS, leftMs * MARGIN);
    this.#signal = call.signal;
  }

  /** Aborted when the caller has gone. */
  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  get isUp(): boolean {
    return this.#signal?.aborted === true || Date.now() >= this.#at;
  }

  /** What is left, at least 1: to the server, 0 would mean no limit. */
  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.#at - Date.now()));
  }

  /** @throws OutOfTime when time is up. */
  check(): void {
    if (this.isUp) throw new OutOfTime();
  }

  /** Waits, but never past the limit. @throws OutOfTime when time is up afterwards. */
  async pause(ms: number): Promise<void> {
    this.check();
    await sleep(Math.min(ms, this.remainingMs), undefined, this.#signal && { signal: this.#signal }).catch(
      () => {},
    );
    this.check();
  }

  /** Settles as `work` does, or rejects with {@link OutOfTime} when time is up first; the work goes on unwatched. */
  async race<T>(work: Promise<T>): Promise<T> {
    let end!: () => void;
    const up = new Promise<never>((_, reject) => {
      end = () => reject(new OutOfTime());
    });
    // The loser of a race must not be an unhandled rejection.
    work.catch(() => {});
    if (this.isUp) throw new OutOfTime();
    const timer = setTimeout(end, this.remainingMs);
    this.#signal?.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([work, up]);
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener('abort', end);
    }
  }
}
