import { getNamedType, getNullableType, type GraphQLField, isCompositeType, isListType } from 'graphql';
import { turns } from '../compartment/turns.js';

/** Where a context has the pieces of its operation; not a resolver's affair. */
export const PIECES = Symbol('pieces');

/** What an operation completes in one go: objects of lists, and values that were waited for. Two to five milliseconds. */
const PIECE = 250;

/** Work that waits for a turn. */
interface Piece {
  count: number;
  readonly begin: (() => void)[];
}

/**
 * Gives an operation's values to the engine in pieces, each of them in a turn of its product: both engines complete in one
 * go whatever they are given, and twenty thousand objects, which are within the default cost, would hold the event loop
 * for a third of a second. What is no more than a piece goes at once.
 */
export class Pieces {
  readonly #product: string;
  /** In the order in which they came; one at a time asks for its turn, so that smaller operations are not behind all of them. */
  readonly #waiting: Piece[] = [];
  readonly #whenThrough: (() => void)[] = [];
  /** Of the piece under way. */
  #count = 0;

  constructor(product: string) {
    this.#product = product;
  }

  /** The value, or what it is a part of, as an engine may be given it: a promise, or a list with promises, where it is to wait. */
  inTurn(value: unknown): unknown {
    if (!Array.isArray(value) || value.length <= PIECE) {
      const count = Array.isArray(value) ? value.length : 1;
      return this.#mayBegin(count)
        ? value
        : new Promise((resolve) => this.#wait(count, () => resolve(value)));
    }
    const items = value as readonly unknown[];
    return items.map((item) =>
      // What is a promise already waits by itself, and somebody has to hear when it fails.
      this.#mayBegin(1) || item instanceof Promise
        ? item
        : new Promise((resolve) => this.#wait(1, () => resolve(item))),
    );
  }

  /** What a promise comes to, in turn. @param fail throws an error in the place of its own. */
  awaited(promise: Promise<unknown>, fail: (error: unknown) => never): Promise<unknown> {
    return promise.then(this.#inTurn, fail);
  }

  /**
   * Calls back when no promise is left to go on and no piece waits: for loaders, of which each batch is one command. In
   * between they would send one for each piece.
   */
  readonly whenThrough = (callback: () => void): void => {
    queueMicrotask(() =>
      process.nextTick(() => {
        if (this.#waiting.length > 0) this.#whenThrough.push(callback);
        else callback();
      }),
    );
  };

  readonly #inTurn = (value: unknown): unknown => this.inTurn(value);

  #mayBegin(count: number): boolean {
    if (this.#waiting.length > 0 || this.#count + count > PIECE) return false;
    this.#count += count;
    return true;
  }

  #wait(count: number, begin: () => void): void {
    let last = this.#waiting.at(-1);
    if (!last || last.count + count > PIECE) {
      last = { count: 0, begin: [] };
      this.#waiting.push(last);
      if (this.#waiting.length === 1) void this.#work();
    }
    last.count += count;
    last.begin.push(begin);
  }

  async #work(): Promise<void> {
    for (let next; (next = this.#waiting[0]); this.#waiting.shift()) {
      await turns.take(this.#product);
      this.#count = next.count;
      for (const begin of next.begin) begin();
    }
    for (const callback of this.#whenThrough.splice(0)) this.whenThrough(callback);
  }
}

/** The pieces of an operation, by the context of a resolver; undefined where there are none. */
export const piecesIn = (context: unknown): Pieces | undefined =>
  (context as { readonly [PIECES]?: Pieces } | undefined)?.[PIECES];

/** Whether a field answers a list of objects, each of which is work of its own. */
export const isListOfObjects = ({ type }: Pick<GraphQLField<unknown, unknown>, 'type'>): boolean =>
  isListType(getNullableType(type)) && isCompositeType(getNamedType(type));
