import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { BulkheadError } from '../../errors/bulkhead-error.js';

/** How often the event loop's delay is looked at. */
const EVERY_MS = 500;
/** The mean delay of such a stretch from which on the loop is late. A busy one that takes turns is late by 10 to 30. */
const LATE_MS = 500;
/** One stretch is a start, a large answer, a machine that was suspended. */
const LATE_STRETCHES = 2;
const RESOLUTION_MS = 10;
const RETRY_S = 1;

/**
 * Watches how late the event loop is. Late, it keeps everybody waiting, whatever product they ask: new operations are
 * refused until it has caught up, so that those under way are answered.
 */
export class Pressure {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  readonly #logger: Logger;
  #delayMs = 0;
  #lateStretches = 0;

  /** @param logger is told once per change. */
  constructor(logger: Logger) {
    this.#logger = logger;
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
    this.#timer.unref();
  }

  /** The mean delay of the last half second, in whole milliseconds. */
  get delayMs(): number {
    return Math.round(this.#delayMs);
  }

  /** Why an operation is refused now; undefined while there is no pressure. */
  get refusal(): BulkheadError | undefined {
    if (!this.#isHigh) return undefined;
    return new BulkheadError('PRODUCT_UNAVAILABLE', 'The gateway has more to do than it can.', {
      retryAfterS: RETRY_S,
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  get #isHigh(): boolean {
    return this.#lateStretches >= LATE_STRETCHES;
  }

  #look(): void {
    const { mean } = this.#histogram;
    this.#histogram.reset();
    // Nothing was measured: not even the histogram's own timer has run.
    this.#delayMs = Number.isNaN(mean) ? EVERY_MS : Math.max(0, mean / 1e6 - RESOLUTION_MS);
    const wasHigh = this.#isHigh;
    this.#lateStretches = this.#delayMs >= LATE_MS ? this.#lateStretches + 1 : 0;
    if (this.#isHigh === wasHigh) return;
    const figures = { eventLoopDelayMs: this.delayMs, boundMs: LATE_MS };
    if (this.#isHigh) this.#logger.warn(figures, 'the event loop is late: new operations are refused');
    else this.#logger.info(figures, 'the event loop has caught up');
  }
}
