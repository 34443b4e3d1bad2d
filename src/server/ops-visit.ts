import type { mongo } from 'mongoose';
import { Deadline } from '../compartment/deadline.js';
import { translating } from '../database/driver-errors.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { OpsProduct } from '../monitor/graph.js';
import type { StatsScope } from '../monitor/stats/read-stats.js';
import type { ProductRuntime } from './runtime/product-runtime.js';
import { siteOf } from './limits/rate-limits.js';
import type { RequestScope } from './request-scope.js';

/**
 * An operator's look at the products in one operation. In each of them it takes a place of its own, and one connection
 * at a time; it is no traffic of the product, and not counted as such.
 */
export class OpsVisit {
  readonly #runtimes: ReadonlyMap<string, ProductRuntime>;
  readonly #request: RequestScope;
  readonly #stays = new Map<string, Stay>();

  constructor(runtimes: ReadonlyMap<string, ProductRuntime>, request: RequestScope) {
    this.#runtimes = runtimes;
    this.#request = request;
  }

  /** The products that the caller may look at. @throws BulkheadError `UNAUTHENTICATED`, `FORBIDDEN` */
  products(): readonly OpsProduct[] {
    const runtimes = [...this.#runtimes.values()];
    const viewers = runtimes.map(({ name }) => this.#request.viewers(name));
    const visible = runtimes.filter((_, at) => viewers[at]!.kind === 'operator' && viewers[at]!.may('read'));
    if (visible.length > 0) return visible.map((runtime) => this.#productOf(runtime));
    throw viewers.every(({ isAnonymous }) => isAnonymous)
      ? new BulkheadError('UNAUTHENTICATED', "ops answers operators: send an operator's token.")
      : new BulkheadError('FORBIDDEN', 'ops answers operators, with a scope such as *:read.');
  }

  /** The operation is over. */
  close(): void {
    for (const stay of this.#stays.values()) stay.close();
  }

  #productOf(runtime: ProductRuntime): OpsProduct {
    const { name, compartment } = runtime;
    return {
      name,
      state: compartment.state,
      readOnly: compartment.isReadOnly,
      read: (work) => {
        const stay = this.#stays.get(name) ?? new Stay(runtime, this.#request);
        this.#stays.set(name, stay);
        return stay.read(work);
      },
    };
  }
}

/** A place in one product, and a deadline. */
class Stay {
  readonly #runtime: ProductRuntime;
  readonly #deadline: Deadline;
  readonly #entered: Promise<() => void>;
  /** Settles when the reads before are over. */
  #last: Promise<unknown>;

  constructor(runtime: ProductRuntime, { client, began, batch, network }: RequestScope) {
    this.#runtime = runtime;
    this.#deadline = new Deadline(
      runtime.name,
      runtime.product.limits.deadlineMs,
      client,
      batch?.began ?? began,
    );
    this.#entered = runtime.compartment.enter(this.#deadline.signal, 'reads', siteOf(network));
    this.#last = this.#entered.catch(() => {});
  }

  async read<T>(work: (db: mongo.Db, scope: StatsScope) => Promise<T>): Promise<T> {
    const { name, link } = this.#runtime;
    const before = this.#last;
    const reading = (async () => {
      await this.#entered;
      await before;
      const { signal, remainingMs: maxTimeMS } = this.#deadline;
      signal.throwIfAborted();
      return translating(() => this.#deadline.race(work(link.db, { product: name, maxTimeMS, signal })));
    })();
    this.#last = reading.catch(() => {});
    return reading;
  }

  close(): void {
    this.#deadline.close();
    void this.#entered.then(
      (leave) => leave(),
      () => {},
    );
  }
}
