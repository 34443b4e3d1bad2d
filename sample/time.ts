/** The moment all samples end: nothing in them happened later. Fixed, so that samples never differ from day to day. */
export const SAMPLE_UNTIL = new Date('2026-11-20T00:00:00Z');

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How many days of history a sample has. */
export const SAMPLE_DAYS = 365;

/** The moment the first day of a sample begins. */
export const SAMPLE_FROM = new Date(SAMPLE_UNTIL.getTime() - SAMPLE_DAYS * DAY_MS);

/** A moment `ms` after another, but always before the end of the samples. */
export function later(from: Date, ms: number): Date {
  const left = SAMPLE_UNTIL.getTime() - from.getTime();
  // What would lie beyond the end starts over, rather than piling up on the last millisecond.
  return new Date(from.getTime() + Math.floor(ms % left));
}
