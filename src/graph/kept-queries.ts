import type { CompiledQuery } from './compile.js';

/** Fields of compiled queries that a process keeps: some 1.3 KB of code and closures each, on Node 20. */
const MOST_FIELDS = 20_000;

/** Who has a compiled query, and can do without. */
export interface Holder {
  /** How often it was asked for; from nought again when it loses the query. */
  times: number;
  run?: CompiledQuery | null | undefined;
}

/**
 * Bounds the compiled queries of all graphs together: those not used for the longest time go. Clients make up documents
 * faster than a cache of documents forgets them, and what is compiled of one is a thousand times as large.
 */
export class KeptQueries {
  readonly #mostFields: number;
  // In the order in which they were used.
  readonly #kept = new Map<Holder, number>();
  #fields = 0;

  constructor(mostFields = MOST_FIELDS) {
    this.#mostFields = mostFields;
  }

  /** The holder's query is about to be run. */
  use(holder: Holder): void {
    const fields = holder.run?.fields;
    if (fields === undefined) return;
    if (!this.#kept.delete(holder)) this.#fields += fields;
    this.#kept.set(holder, fields);
    for (const [oldest, size] of this.#kept) {
      if (this.#fields <= this.#mostFields || oldest === holder) return;
      this.#kept.delete(oldest);
      this.#fields -= size;
      oldest.run = undefined;
      oldest.times = 0;
    }
  }
}
