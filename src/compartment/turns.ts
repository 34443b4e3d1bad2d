/** How long the event loop may be kept from its sockets by what waited for a turn. */
const SLICE_MS = 4;
/** Rounds in a row that are left to clients who connect: one is let in per round. */
const MOST_ARRIVALS = 16;

type Grant = () => void;

/**
 * Turns at the processor, which all products of a process share: work that was waited for goes on when it is its turn,
 * a few milliseconds of it per round of the event loop, and the products alternate.
 *
 * Without them all answers that a round finds are worked off in one go: 20 connections of a busy product were 30 to
 * 100 ms, in which no other product is served, and libuv accepts one connection per round (since 1.45), so that
 * clients waited for seconds to be refused.
 */
export class Turns {
  readonly #waiting = new Map<string, Grant[]>();
  /** Whether this round of the event loop, or one to come, gives turns. */
  #isGiving = false;
  /** When this round's work began. */
  #beganMs = 0;
  #hasArrived = false;
  #arrivals = 0;

  /** A client has connected: there may be more of them, and the next one is let in by the next round. */
  arrive(): void {
    this.#hasArrived = true;
  }

  /**
   * Resolves when it is this product's turn; undefined when it is at once.
   *
   * @param product whose work it is.
   */
  take(product: string): Promise<void> | undefined {
    if (!this.#isGiving) {
      this.#isGiving = true;
      this.#beganMs = performance.now();
      this.#goOn();
      return undefined;
    }
    return new Promise((grant) => {
      const own = this.#waiting.get(product);
      if (own) own.push(grant);
      else this.#waiting.set(product, [grant]);
    });
  }

  /** Gives the next turn when the work of this one waits again: a tick runs when no promise is left to go on. */
  #goOn(): void {
    queueMicrotask(() => process.nextTick(this.#give));
  }

  readonly #give = (): void => {
    const [next] = this.#waiting;
    if (!next || performance.now() - this.#beganMs >= SLICE_MS) {
      setImmediate(this.#round);
      return;
    }
    const [product, own] = next;
    const grant = own.shift()!;
    // To the end of the line.
    this.#waiting.delete(product);
    if (own.length > 0) this.#waiting.set(product, own);
    grant();
    this.#goOn();
  };

  readonly #round = (): void => {
    if (this.#waiting.size === 0) {
      this.#isGiving = false;
    } else if (this.#hasArrived && this.#arrivals < MOST_ARRIVALS) {
      this.#hasArrived = false;
      this.#arrivals += 1;
      setImmediate(this.#round);
    } else {
      this.#arrivals = 0;
      this.#beganMs = performance.now();
      this.#give();
    }
  };
}

/** Of this process. */
export const turns = new Turns();
