/** How many of the last operations count. */
const MEMORY = 50;

/**
 * How many operations a busy product finishes in a second. Only a product that has enough to do shows what it can, so
 * an operation counts when the product was busy at its end and at the one before.
 */
export class Pace {
  #meanMs: number | undefined;
  #lastMs: number | undefined;

  /** Takes down that an operation is over. @param isBusy whether others kept the product at work. */
  finish(isBusy: boolean, nowMs = performance.now()): void {
    const since = this.#lastMs;
    this.#lastMs = isBusy ? nowMs : undefined;
    if (since === undefined || !isBusy) return;
    const ms = nowMs - since;
    this.#meanMs = this.#meanMs === undefined ? ms : this.#meanMs + (ms - this.#meanMs) / MEMORY;
  }

  /** How many operations it finishes within a time; infinite before it has been busy. */
  within(ms: number): number {
    return this.#meanMs === undefined ? Number.POSITIVE_INFINITY : ms / this.#meanMs;
  }
}
