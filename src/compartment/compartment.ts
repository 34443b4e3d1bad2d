import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Limits } from '../product/product.js';
import type { Deadline } from './deadline.js';

/** `ready` serves; `parked` needs an operator (a wrong or over-privileged credential); `open` waits for its database. */
export type CompartmentState = 'ready' | 'parked' | 'open';

/**
 * The limits around one product at run time. Operations enter it and leave it; those over the limit wait in a
 * bounded queue, and those over that are refused at once.
 *
 * Whoever watches the database sets the state: today the driver's view of the topology, later a circuit breaker.
 */
export class Compartment {
  #state: CompartmentState = 'open';
  #reason = 'connecting';
  #decided = false;
  readonly #places;
  readonly #listeners: ((state: CompartmentState, reason: string) => void)[] = [];

  constructor(
    readonly product: string,
    readonly limits: Limits,
  ) {
    this.#places = bulkhead(limits.inFlight, limits.queue);
  }

  get state(): CompartmentState {
    return this.#state;
  }

  /** Why the product is not ready; empty when it is. Safe for an operator's eyes, not for a client's. */
  get reason(): string {
    return this.#reason;
  }

  /** Whether the product has been ready or parked once, so that start-up is over for it. */
  get decided(): boolean {
    return this.#decided;
  }

  set(state: CompartmentState, reason = ''): void {
    this.#decided ||= state !== 'open' || reason !== 'connecting';
    if (state === this.#state && reason === this.#reason) return;
    this.#state = state;
    this.#reason = reason;
    for (const listener of this.#listeners) listener(state, reason);
  }

  onChange(listener: (state: CompartmentState, reason: string) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes a place for one operation; call the function it answers when the operation is over.
   *
   * @throws BulkheadError `PRODUCT_UNAVAILABLE` when the product is not ready, its queue is full or time is up.
   */
  async enter(deadline: Deadline): Promise<() => void> {
    if (this.#state !== 'ready') throw this.unavailable();
    const entering = new Promise<() => void>((resolve, reject) => {
      const stay = () =>
        new Promise<void>((leave) => {
          // Nobody waits any more: the place goes to the next at once.
          if (deadline.signal.aborted) leave();
          else resolve(leave);
        });
      this.#places.execute(stay).catch(reject);
    });
    try {
      return await deadline.race(entering);
    } catch (error) {
      if (error instanceof BulkheadRejectedError) throw this.unavailable('It is full.', error);
      throw error;
    }
  }

  /** The error of an operation that cannot be served now. */
  unavailable(why = '', cause?: unknown): BulkheadError {
    const text = why || (this.#state === 'parked' ? 'It is parked.' : 'Its database cannot be reached.');
    return new BulkheadError('PRODUCT_UNAVAILABLE', `${this.product} is not available. ${text}`, {
      retryAfterS: this.#state === 'parked' ? 30 : 1,
      cause,
    });
  }
}
