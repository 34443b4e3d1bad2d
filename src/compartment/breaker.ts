import { setTimeout as sleep } from 'node:timers/promises';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';

/** How long an answer may take. */
export const PATIENCE_MS = 500;
/** With the patience, the time in which a database that is down or stuck is seen: less than a second. */
const EVERY_MS = 300;
/** An open circuit lets a beat through after this time, to see whether the database is back. */
const HALF_OPEN_AFTER_MS = 500;

/**
 * Opens the circuit of a product when its database leaves a beat unanswered, and closes it when one is answered
 * again.
 *
 * @param beat asks the database; rejects when it has not answered in time.
 * @param tell hears each change: true while the circuit is closed.
 * @param signal ends it.
 */
export async function watchPulse(
  beat: () => Promise<void>,
  tell: (isClosed: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: HALF_OPEN_AFTER_MS,
    breaker: new ConsecutiveBreaker(1),
  });
  breaker.onBreak(() => signal.aborted || tell(false));
  breaker.onReset(() => signal.aborted || tell(true));
  while (!signal.aborted) {
    // What is thrown has been told.
    await breaker.execute(beat).catch(() => {});
    await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}
