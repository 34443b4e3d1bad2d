const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A number with at most one decimal, and none from ten on. */
const short = (value: number): string =>
  value >= 10 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 10) / 10);

/** A duration for a person's eyes: `0.4 ms`, `21 ms`, `4.2 s`, `3.1 min`, `2.5 h`. */
export function duration(ms: number): string {
  if (ms < SECOND_MS) return `${short(ms)} ms`;
  if (ms < MINUTE_MS) return `${short(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${short(ms / MINUTE_MS)} min`;
  return `${short(ms / HOUR_MS)} h`;
}

/** A whole number with its thousands apart. */
export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** How long ago something was: `just now`, `12 min ago`, `3 h ago`, `5 d ago`. */
export function ago(moment: Date, now = Date.now()): string {
  const ms = now - moment.getTime();
  if (ms < MINUTE_MS) return 'just now';
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`;
  return `${Math.floor(ms / DAY_MS)} d ago`;
}

/** A count with its noun: `1 shape`, `14 shapes`. */
export const counted = (value: number, noun: string): string =>
  `${count(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;

const two = (value: number): string => String(value).padStart(2, '0');

/** A moment in the time of this machine: `2026-11-27 14:00`. */
export const moment = (at: Date): string =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
