import { BulkheadError } from '../errors/bulkhead-error.js';

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
   */
  constructor(
    readonly product: string,
    readonly limitMs: number,
    client?: AbortSignal,
  ) {
    this.at = Date.now() + limitMs;
    this.#timer = setTimeout(
      () => this.#controller.abort(this.#unavailable(`It did not answer within ${limitMs} ms.`)),
      limitMs,
    );
    this.#timer.unref();
    this.#client = client;
    if (client?.aborted) this.#onGone();
    else client?.addEventListener('abort', this.#onGone, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What is left, at least 1 ms: the form `maxTimeMS` takes. */
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

  /** Ends the timer; work still under way is told to stop. */
  close(): void {
    clearTimeout(this.#timer);
    this.#client?.removeEventListener('abort', this.#onGone);
  }

  #unavailable(why: string): BulkheadError {
    return new BulkheadError('PRODUCT_UNAVAILABLE', `${this.product} is not available. ${why}`, {
      retryAfterS: 1,
    });
  }
}
