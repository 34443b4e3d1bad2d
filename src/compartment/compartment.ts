import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Limits } from '../product/product.js';
import { Pace } from './pace.js';
import { type Leave, Places } from './places.js';

/**
 * `ready` serves. `parked` did not pass its check: unreachable at start, or a credential that is refused, lacks a grant
 * or reaches too far. `open` passed it, and its database is away now.
 */
export type CompartmentState = 'ready' | 'parked' | 'open';

interface Verdict {
  readonly state: CompartmentState;
  readonly reason: string;
}

const CONNECTING: Verdict = { state: 'open', reason: 'connecting' };
const GRAVITY: readonly CompartmentState[] = ['parked', 'open', 'ready'];
/** The part of the deadline after which the last one that is let in should be answered, at the product's pace. */
const IN_TIME = 0.25;

/** A parked product is looked at again within this time. */
const PARKED_RETRY_S = 5;

/** Three quarters for what writes: where a majority of the servers is missing, writes wait and reads need not. */
export const writersShare = (all: number): number => Math.max(1, Math.floor(all * 0.75));

/**
 * The limits around one product at run time. Operations enter it and leave it; those over the limit wait in a
 * bounded queue, and those over that are refused at once.
 *
 * Its state is the gravest of what its watchers say. Each watcher tells only what it sees and never reads what the
 * others said, so that a circuit breaker can stand beside the one that keeps the connection: a database that is
 * reachable again does not close a breaker that is open.
 */
export class Compartment {
  readonly #verdicts = new Map<string, Verdict>([['connection', CONNECTING]]);
  readonly #places: Places;
  readonly #writers: Places;
  readonly #pace = new Pace();
  readonly #refusals = new Map<string, BulkheadError>();
  /** Operations at work and waiting, by whose they are. */
  readonly #clients = new Map<string, number>();
  readonly #listeners: ((state: CompartmentState, reason: string) => void)[] = [];
  /** Operations at work of which the product is not at work. */
  #aside = 0;
  #current = CONNECTING;
  #decided = false;
  #isReadOnly = false;
  #refused = 0;

  constructor(
    readonly product: string,
    readonly limits: Limits,
  ) {
    this.#places = new Places(limits.inFlight, limits.queue);
    this.#writers = new Places(writersShare(limits.inFlight), limits.queue);
  }

  get state(): CompartmentState {
    return this.#current.state;
  }

  /** Why the product is not ready; empty when it is. Safe for an operator's eyes, not for a client's. */
  get reason(): string {
    return this.#current.reason;
  }

  /** Whether the product has been ready or parked once, so that start-up is over for it. */
  get decided(): boolean {
    return this.#decided;
  }

  /** Operations at work, and those that wait for a place. */
  get load(): { readonly inFlight: number; readonly waiting: number } {
    return { inFlight: this.#places.taken, waiting: this.#places.waiting + this.#writers.waiting };
  }

  /** Operations that were refused, ever: not ready, full, or no place before their time was up. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether an operator has asked for no writes. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Takes down what an operator has decided; undefined when nothing stands in the way. */
  obey(decision: { readonly mode: 'parked' | 'read-only'; readonly reason: string } | undefined): void {
    this.#isReadOnly = decision?.mode === 'read-only';
    const isParked = decision?.mode === 'parked';
    this.set(isParked ? 'parked' : 'ready', isParked ? `by an operator: ${decision.reason}` : '', 'operator');
  }

  /** @throws BulkheadError `PRODUCT_UNAVAILABLE` while the product takes no writes. */
  assertWritable(): void {
    if (!this.#isReadOnly) return;
    throw new BulkheadError('PRODUCT_UNAVAILABLE', `${this.product} takes no writes for now.`, {
      details: { product: this.product },
      retryAfterS: PARKED_RETRY_S,
    });
  }

  /** Takes down what a watcher sees; listeners are told once per change of the whole. */
  set(state: CompartmentState, reason = '', watcher = 'connection'): void {
    this.#verdicts.set(watcher, { state, reason });
    const verdicts = [...this.#verdicts.values()];
    const gravest = GRAVITY.map((one) => verdicts.find((verdict) => verdict.state === one)).find(Boolean)!;
    this.#decided ||= gravest.state !== 'open';
    const { state: before, reason: said } = this.#current;
    this.#current = gravest;
    // That a database is away is seen by several watchers, and is one change.
    if (gravest.state === before && (gravest.state !== 'parked' || gravest.reason === said)) return;
    // Nobody waits for a place in which there would be no answer.
    if (gravest.state !== 'ready')
      for (const places of [this.#writers, this.#places]) places.dismiss(() => this.unavailable());
    for (const listener of this.#listeners) listener(gravest.state, gravest.reason);
  }

  onChange(listener: (state: CompartmentState, reason: string) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Turns an operation away before it has been read: the error it is refused with, which is counted; undefined when it
   * would get a place, or one in the queue. Made once per reason: an overloaded product refuses hundreds a second, and
   * the stack of an error is a fifth of what that costs.
   *
   * @param client who asks, by what clients are told apart.
   */
  turnAway(client = ''): BulkheadError | undefined {
    const isReady = this.state === 'ready';
    if (isReady && !this.#isFullFor(client)) return undefined;
    this.#refused += 1;
    const why = isReady ? 'full' : this.state;
    let refusal = this.#refusals.get(why);
    if (!refusal) this.#refusals.set(why, (refusal = this.unavailable(isReady ? 'It is full.' : '')));
    return refusal;
  }

  /**
   * Whether one more would find neither place nor queue, or would not be answered in time: a queue that takes longer
   * than the deadline serves nobody but those who have given up. As many as there are connections are always let in, and
   * so is a client who has less than half of what another has: slow operations of one would be all that is served.
   */
  #isFullFor(client: string): boolean {
    const { poolSize, deadlineMs } = this.limits;
    const { inFlight, waiting } = this.load;
    if (this.#places.isFull) return true;
    if (inFlight - this.#aside + waiting < Math.max(poolSize, this.#pace.within(deadlineMs * IN_TIME)))
      return false;
    return 2 * (this.#held(client) + 1) > Math.max(...this.#clients.values());
  }

  #held(client: string): number {
    return this.#clients.get(client) ?? 0;
  }

  /** @param more 1 or -1. */
  #hold(client: string, more: number): void {
    const held = this.#held(client) + more;
    if (held > 0) this.#clients.set(client, held);
    else this.#clients.delete(client);
  }

  /**
   * Takes a place for one operation; call the function it answers when the operation is over. Operations that write
   * get three quarters of the places and no more.
   *
   * @throws BulkheadError `PRODUCT_UNAVAILABLE` when the product is not ready or its queue is full; the signal's
   *   reason when that is aborted before there is a place.
   * @param client who asks, by what clients are told apart.
   */
  async enter(signal: AbortSignal, kind: 'reads' | 'writes' = 'reads', client = ''): Promise<Leave> {
    if (this.state === 'ready' && this.#isFullFor(client)) {
      this.#refused += 1;
      throw this.unavailable('It is full.');
    }
    this.#hold(client, 1);
    try {
      const leave = await (kind === 'reads' ? this.#take(this.#places, signal) : this.#enterToWrite(signal));
      return this.#counted(leave, client);
    } catch (error) {
      this.#hold(client, -1);
      this.#refused += 1;
      throw error;
    }
  }

  async #enterToWrite(signal: AbortSignal): Promise<Leave> {
    const leaveWriters = await this.#take(this.#writers, signal);
    try {
      const leave = await this.#take(this.#places, signal);
      return () => {
        leave();
        leaveWriters();
      };
    } catch (error) {
      leaveWriters();
      throw error;
    }
  }

  async #take(places: Places, signal: AbortSignal): Promise<Leave> {
    if (this.state !== 'ready') throw this.unavailable();
    const place = places.take(signal);
    if (!place) throw this.unavailable('It is full.');
    const leave = await place;
    if (this.state === 'ready') return leave;
    leave();
    throw this.unavailable();
  }

  /**
   * Does what keeps an operation waiting and is no work of the product's, such as the turn of a password. It keeps its
   * place, and does not tell how much the product can do.
   */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.#aside += 1;
    try {
      return await work();
    } finally {
      this.#aside -= 1;
    }
  }

  #counted(leave: Leave, client: string): Leave {
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      this.#hold(client, -1);
      this.#pace.finish(
        this.#places.taken - this.#aside >= Math.min(this.limits.poolSize, this.limits.inFlight),
      );
      leave();
    };
  }

  /** The error of an operation that cannot be served now. */
  unavailable(why = '', cause?: unknown): BulkheadError {
    const isParked = this.state === 'parked';
    const text = why || (isParked ? 'It is parked.' : 'Its database cannot be reached.');
    return new BulkheadError('PRODUCT_UNAVAILABLE', `${this.product} is not available. ${text}`, {
      details: { product: this.product },
      retryAfterS: isParked ? PARKED_RETRY_S : 1,
      cause,
    });
  }
}
