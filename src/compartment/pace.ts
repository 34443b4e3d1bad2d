/** How many of the last operations count. */
const MEMORY = 50;
/** Before so many it has no opinion: the first of a process take the longest. */
const FEWEST = 20;

/**
 * How many operations a busy product finishes in a second. Only a product that has enough to do shows what it can, so
 * an operation counts when the product was busy at its end and at the one before.
 */
export class Pace {
  #meanMs = 0;
  #seen = 0;
  #lastMs: number | undefined;

  /** Takes down that an operation is over. @param isBusy whether others kept the product at work. */
  finish(isBusy: boolean, nowMs = performance.now()): void {
    const since = this.#lastMs;
    this.#lastMs = isBusy ? nowMs : undefined;
    if (since === undefined || !isBusy) return;
    const ms = nowMs - since;
    this.#seen = Math.min(this.#seen + 1, MEMORY);
    this.#meanMs += (ms - this.#meanMs) / this.#seen;
  }

  /** How many operations it finishes within a time; infinite before it has been busy. */
  within(ms: number): number {
    return this.#seen < FEWEST ? Number.POSITIVE_INFINITY : ms / this.#meanMs;
  }
}
