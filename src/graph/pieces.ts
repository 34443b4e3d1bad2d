import { getNamedType, getNullableType, type GraphQLField, isCompositeType, isListType } from 'graphql';
import { turns } from '../compartment/turns.js';

/** Where a context has the pieces of its operation; not a resolver's affair. */
export const PIECES = Symbol('pieces');

/** Work in one go: so many objects of lists and values that were waited for, with as many calls of resolvers. Two to eight milliseconds. */
const PIECE = 250;

type Kind = 'values' | 'calls';

/** Work that waits for a turn. */
interface Piece extends Record<Kind, number> {
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
  /** Under way. */
  #piece: Record<Kind, number> = { values: 0, calls: 0 };

  readonly #signal: AbortSignal;

  /** @param signal ends the operation: no resolver is called for nobody. */
  constructor(product: string, signal: AbortSignal) {
    this.#product = product;
    this.#signal = signal;
  }

  /** Calls a resolver that has to work or to wait, in turn. */
  call(resolver: () => unknown): unknown {
    if (this.#mayBegin('calls', 1)) return resolver();
    return this.#later('calls', 1, () => {
      this.#signal.throwIfAborted();
      return resolver();
    });
  }

  /** The value as an engine may be given it: a promise, or a list with promises in it, where it is to wait. */
  inTurn(value: unknown): unknown {
    if (!Array.isArray(value) || value.length <= PIECE) {
      const count = Array.isArray(value) ? value.length : 1;
      return this.#mayBegin('values', count) ? value : this.#later('values', count, () => value);
    }
    const items = value as readonly unknown[];
    return items.map((item) =>
      // What is a promise already waits by itself, and somebody has to hear when it fails.
      this.#mayBegin('values', 1) || item instanceof Promise ? item : this.#later('values', 1, () => item),
    );
  }

  /** What a promise comes to, in turn. @param fail throws an error of the product in the place of its own. */
  awaited(promise: Promise<unknown>, fail: (error: unknown, product: string) => never): Promise<unknown> {
    return promise.then(this.#inTurn, (error: unknown) =>
      this.#mayBegin('values', 1)
        ? fail(error, this.#product)
        : this.#later('values', 1, () => fail(error, this.#product)),
    );
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

  #mayBegin(kind: Kind, count: number): boolean {
    if (this.#waiting.length > 0 || this.#piece[kind] + count > PIECE) return false;
    this.#piece[kind] += count;
    return true;
  }

  #later(kind: Kind, count: number, work: () => unknown): Promise<unknown> {
    let last = this.#waiting.at(-1);
    if (!last || last[kind] + count > PIECE) {
      last = { values: 0, calls: 0, begin: [] };
      this.#waiting.push(last);
      if (this.#waiting.length === 1) void this.#work();
    }
    last[kind] += count;
    const { begin } = last;
    return new Promise((resolve, reject) => {
      begin.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  async #work(): Promise<void> {
    for (let next; (next = this.#waiting[0]);) {
      await turns.take(this.#product);
      const { begin, values, calls } = next;
      this.#piece = { values, calls };
      for (const one of begin) one();
      this.#waiting.shift();
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
