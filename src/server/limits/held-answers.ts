import { getHeapStatistics } from 'node:v8';
import type { Sharer } from '../../database/sharers.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import type { Limits } from '../../product/product.js';

const MIB = 1024 * 1024;
/** Of the heap: what an answer of the database becomes, with the answer that is made of it, takes some four times its bytes. */
const SHARE_OF_HEAP = 1 / 8;
const LEAST = 16 * MIB;
const MOST = 256 * MIB;
/** An operation that holds less is let go on: it is not what fills the heap. */
const SMALL = MIB;
const RETRY_S = 1;

/** What is read may be more than what is answered of it. */
const READ_PER_ANSWERED = 4;

/** Bytes that one operation of a product may read. */
export const mostRead = ({ answerBytes }: Pick<Limits, 'answerBytes'>): number =>
  READ_PER_ANSWERED * answerBytes;

/** What one operation holds. */
interface Held {
  bytes: number;
  readonly ownMost: number | undefined;
}

/**
 * Bounds what the database has answered to operations under way, of all products together: a hundred reads of the
 * largest answers at once, each within its limits, would end the process.
 */
export class HeldAnswers {
  readonly #most: number;
  readonly #bySignal = new Map<AbortSignal, Held>();
  #sum = 0;

  /** @param most bytes. Default: an eighth of the heap, 16 to 256 MiB. */
  constructor(most = Math.min(MOST, Math.max(LEAST, getHeapStatistics().heap_size_limit * SHARE_OF_HEAP))) {
    this.#most = most;
  }

  /**
   * An operation begins.
   *
   * @param ownMost bytes past which it fails, whatever others hold. Default: it never does; a mutation would be half done.
   * @returns its end.
   */
  open(signal: AbortSignal, ownMost?: number): () => void {
    const held = { bytes: 0, ownMost: ownMost && Math.min(ownMost, this.#most) };
    this.#bySignal.set(signal, held);
    return () => {
      this.#bySignal.delete(signal);
      this.#sum -= held.bytes;
    };
  }

  /**
   * An answer has come for an operation, or for several that have asked together.
   *
   * @throws BulkheadError `OPERATION_TOO_LARGE` when one holds too much, or several together: each is to ask alone then.
   * `PRODUCT_UNAVAILABLE` when all do.
   */
  take(bytes: number, sharers: readonly Sharer[]): void {
    const all = sharers.reduce((sum, { share }) => sum + bytes * share, 0);
    if (sharers.length > 1 && all > SMALL && this.#sum + all > this.#most)
      throw new BulkheadError('OPERATION_TOO_LARGE', 'What several operations ask for is too much together.');
    for (const { signal, share } of sharers) {
      const held = this.#bySignal.get(signal);
      if (!held) continue;
      held.bytes += bytes * share;
      this.#sum += bytes * share;
      if (sharers.length === 1) this.#check(held);
    }
  }

  #check({ bytes, ownMost }: Held): void {
    if (ownMost === undefined) return;
    if (bytes > ownMost)
      throw new BulkheadError(
        'OPERATION_TOO_LARGE',
        `The operation reads more than ${Math.floor(ownMost)} bytes: ask for smaller pages or fewer fields.`,
      );
    if (bytes > SMALL && this.#sum > this.#most)
      throw new BulkheadError(
        'PRODUCT_UNAVAILABLE',
        'The gateway holds as many answers as it can: ask again, or for smaller pages.',
        { retryAfterS: RETRY_S },
      );
  }
}
