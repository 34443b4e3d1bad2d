import { setTimeout as sleep } from 'node:timers/promises';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';

/** How long an answer may take. */
export const PATIENCE_MS = 500;
/** With the patience, the time in which a database that is down or stuck is seen: less than a second. */
const EVERY_MS = 300;
/**
 * Between the beats of an open circuit. A beat waits for a primary as long as its patience lasts, so that one after
 * the other sees an election end at once; a longer pause would be added to every outage.
 */
const AGAIN_MS = 50;

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
    halfOpenAfter: AGAIN_MS,
    breaker: new ConsecutiveBreaker(1),
  });
  breaker.onBreak(() => signal.aborted || tell(false));
  breaker.onReset(() => signal.aborted || tell(true));
  while (!signal.aborted) {
    // What is thrown has been told.
    await breaker.execute(beat).catch(() => {});
    await sleep(breaker.state === CircuitState.Closed ? EVERY_MS : AGAIN_MS, undefined, {
      signal,
      ref: false,
    }).catch(() => {});
  }
}
