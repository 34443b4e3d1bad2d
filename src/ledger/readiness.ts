import mongoose from 'mongoose';
import { ledgerNotReady } from './refusals.js';
import type { Books } from './stored.js';
import type { TimeLimit } from './time-limit.js';
import { IDEMPOTENCY_INDEX, IDEMPOTENCY_KEYS } from './transfer.js';

const NAMESPACE_NOT_FOUND = 26;

/** Options that let two equal keys in, or take two different ones for equal. */
const WEAKENING = ['partialFilterExpression', 'sparse', 'collation', 'hidden'];

/**
 * Whether the unique index is there that makes a transfer happen once. Only a yes is remembered; later the hint
 * on each transfer's first read notices when the index has gone.
 */
export class Readiness {
  readonly #books: Books;
  #isReady = false;

  constructor(books: Books) {
    this.#books = books;
  }

  forget(): void {
    this.#isReady = false;
  }

  /** @throws BulkheadError `LEDGER_NOT_READY`, saying what was found. */
  async ensure(time: TimeLimit, comment: string): Promise<void> {
    if (this.#isReady) return;
    const problem = await this.#findProblem(time, comment);
    if (problem) throw ledgerNotReady(this.#books.product, problem);
    this.#isReady = true;
  }

  async #findProblem(time: TimeLimit, comment: string): Promise<string | undefined> {
    const index = (await this.#indexes(time, comment)).find((one) => one['name'] === IDEMPOTENCY_INDEX);
    if (!index) return 'there is none';
    const keys = JSON.stringify(index['key']);
    if (keys !== JSON.stringify(IDEMPOTENCY_KEYS)) return `its keys are ${keys}`;
    if (index['unique'] !== true) return 'it is not unique';
    const weak = WEAKENING.find((option) => index[option]);
    return weak && `it must not have the option "${weak}"`;
  }

  async #indexes(time: TimeLimit, comment: string): Promise<mongoose.mongo.IndexDescriptionInfo[]> {
    try {
      return await this.#books.transfers.listIndexes({ comment, maxTimeMS: time.remainingMs }).toArray();
    } catch (error) {
      const code = error instanceof mongoose.mongo.MongoServerError ? error.code : undefined;
      if (code === NAMESPACE_NOT_FOUND) return [];
      throw error;
    }
  }
}
