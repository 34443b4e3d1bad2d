import type { Deadline } from '../../compartment/deadline.js';
import type { Leave, Places } from '../../compartment/places.js';
import { turns } from '../../compartment/turns.js';
import type { AggregatePlan, CommandScope, LoadPlan, Reader, ReadPlan, Row } from '../../database/reader.js';

/**
 * Lets one operation send so many reads at once and no more; the others wait for their turn, up to the operation's
 * deadline. However many fields a client asks for, it leaves connections to its neighbours; and what was read is gone
 * on with when it is the product's turn.
 */
export class BoundedReader implements Reader {
  readonly #reader: Reader;
  readonly #places: Places;
  readonly #signal: AbortSignal;
  readonly #product: string;

  /** @param places has a queue without end: the operation's own limits bound it. */
  constructor(reader: Reader, places: Places, { signal, product }: Deadline) {
    this.#product = product;
    this.#reader = reader;
    this.#places = places;
    this.#signal = signal;
  }

  find(plan: ReadPlan, scope: CommandScope): Promise<Row[]> {
    return this.inTurn(() => this.#reader.find(plan, scope));
  }

  load(plan: LoadPlan, scope: CommandScope): Promise<Map<string, Row>> {
    return this.inTurn(() => this.#reader.load(plan, scope));
  }

  aggregate(plan: AggregatePlan, scope: CommandScope): Promise<Row[]> {
    return this.inTurn(() => this.#reader.aggregate(plan, scope));
  }

  /** Reads in one of the operation's turns, by whatever reader. */
  async inTurn<T>(read: () => Promise<T>): Promise<T> {
    const leave: Leave = await this.#places.take(this.#signal)!;
    try {
      return await read();
    } finally {
      leave();
      await turns.take(this.#product);
    }
  }
}
