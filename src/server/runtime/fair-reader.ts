import type { ReadTurns } from '../../compartment/read-turns.js';
import type { AggregatePlan, CommandScope, LoadPlan, Reader, ReadPlan, Row } from '../../database/reader.js';

/**
 * Lets one client's reads wait for their turn at the product's connections. Loads by id do not: those of all clients
 * share commands, few of which are under way at once, and each is short. What is read in a transaction has the
 * transaction's turn.
 */
export class FairReader implements Reader {
  readonly #reader: Reader;
  readonly #turns: ReadTurns;
  readonly #client: string;

  /** @param client whose reads they are, by what clients are told apart. */
  constructor(reader: Reader, turns: ReadTurns, client: string) {
    this.#reader = reader;
    this.#turns = turns;
    this.#client = client;
  }

  find(plan: ReadPlan, scope: CommandScope): Promise<Row[]> {
    return this.#inTurn(() => this.#reader.find(plan, scope), scope);
  }

  load(plan: LoadPlan, scope: CommandScope): Promise<Map<string, Row>> {
    return this.#reader.load(plan, scope);
  }

  aggregate(plan: AggregatePlan, scope: CommandScope): Promise<Row[]> {
    return this.#inTurn(() => this.#reader.aggregate(plan, scope), scope);
  }

  #inTurn<T>(read: () => Promise<T>, { session, signal }: CommandScope): Promise<T> {
    return session ? read() : this.#turns.take(this.#client, read, signal);
  }
}
