import type { mongo } from 'mongoose';
import { hashOf, registeredHashOf } from '../../graph/operation-hash.js';
import { readRegisteredOperations } from '../../product/registered-operations.js';

/** A hash that is not known is looked for in the database, but not more often than this. */
const LOOK_AGAIN_MS = 1_000;
/** What was removed from the list is refused after this time at the latest, if anybody asks. */
const STALE_MS = 30_000;
/** Layouts of registered operations that are remembered. */
const MOST_LAYOUTS = 5_000;

/** The operations that are registered for one product, as its database has them. */
export class OperationList {
  readonly #product: string;
  readonly #db: () => mongo.Db;
  readonly #maxTokens: number;
  #texts: ReadonlyMap<string, string> | undefined;
  /** From the hash of a text as it came to that of the text as it is registered. */
  readonly #layouts = new Map<string, string>();
  #readAt = 0;
  #reading: Promise<void> | undefined;

  constructor(product: string, db: () => mongo.Db, maxTokens: number) {
    this.#product = product;
    this.#db = db;
    this.#maxTokens = maxTokens;
  }

  /** The text that is registered under a hash. @throws the driver's error when the list was never read. */
  async find(hash: string): Promise<string | undefined> {
    const age = Date.now() - this.#readAt;
    const found = this.#texts?.get(hash);
    if (!this.#texts || age > (found === undefined ? LOOK_AGAIN_MS : STALE_MS)) {
      await this.#read();
      return this.#texts?.get(hash);
    }
    return found;
  }

  /** Whether a text is registered, in whatever layout. */
  async has(text: string): Promise<boolean> {
    const given = hashOf(text);
    // As it was registered, which may be in a layout of the client's own tools.
    if ((await this.find(given)) !== undefined) return true;
    const hash = this.#layouts.get(given) ?? registeredHashOf(text, this.#maxTokens);
    if (hash === undefined || (await this.find(hash)) === undefined) return false;
    // Only what is registered is remembered, so that strangers cannot fill it.
    if (this.#layouts.size >= MOST_LAYOUTS) this.#layouts.clear();
    this.#layouts.set(given, hash);
    return true;
  }

  /** One read at a time; a list that was read before outlives a database that is away. */
  #read(): Promise<void> {
    this.#reading ??= this.#load().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #load(): Promise<void> {
    try {
      this.#texts = await readRegisteredOperations(this.#db(), this.#product);
      this.#readAt = Date.now();
    } catch (error) {
      if (!this.#texts) throw error;
      this.#readAt = Date.now();
    }
  }
}
