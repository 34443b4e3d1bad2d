import { setMaxListeners } from 'node:events';
import { BulkheadError } from '../errors/bulkhead-error.js';

/** Reaches nobody but work that nobody waits for; made once, since an error costs more than the rest of a deadline. */
const OVER = new BulkheadError('PRODUCT_UNAVAILABLE', 'The operation is over.');

/**
 * The time an operation has in one product, and the signal that ends its work: when time is up, and when the
 * client has gone.
 */
export class Deadline {
  /** When time is up, in milliseconds since the epoch. */
  readonly at: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #client: AbortSignal | undefined;
  readonly #onGone = () => this.#controller.abort(this.#unavailable('The client has gone.'));

  /**
   * @param product named in the error.
   * @param limitMs how long the operation may take.
   * @param client aborted when the client closes its connection.
   * @param began when its time began, in milliseconds since the epoch. Default: now.
   */
  constructor(
    readonly product: string,
    readonly limitMs: number,
    client?: AbortSignal,
    began = Date.now(),
  ) {
    this.at = began + limitMs;
    const leftMs = this.at - Date.now();
    // Every command of the operation listens; Node would take eleven for a leak and warn.
    setMaxListeners(0, this.#controller.signal);
    this.#timer = setTimeout(
      () => this.#controller.abort(this.#unavailable(`It did not answer within ${limitMs} ms.`)),
      leftMs,
    );
    this.#timer.unref();
    if (leftMs <= 0)
      this.#controller.abort(
        this.#unavailable(`The ${limitMs} ms of its request were over before it began.`),
      );
    this.#client = client;
    if (client?.aborted) this.#onGone();
    else client?.addEventListener('abort', this.#onGone, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What is left in whole milliseconds, at least 1: the form `maxTimeMS` takes, to which 0 means no limit. */
  get remainingMs(): number {
    return Math.max(1, this.at - Date.now());
  }

  /** Settles as `work` does, or rejects with `PRODUCT_UNAVAILABLE` when time is up first. */
  async race<T>(work: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    if (signal.aborted) {
      Promise.resolve(work).catch(() => {});
      throw signal.reason;
    }
    let onAbort!: () => void;
    const up = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, up]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** The operation is over: ends the timer, and tells work still under way that nobody waits for it any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#client?.removeEventListener('abort', this.#onGone);
    this.#controller.abort(OVER);
  }

  #unavailable(why: string): BulkheadError {
    return new BulkheadError('PRODUCT_UNAVAILABLE', `${this.product} is not available. ${why}`, {
      details: { product: this.product },
      retryAfterS: 1,
    });
  }
}
