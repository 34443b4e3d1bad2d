import { BulkheadError } from '../errors/bulkhead-error.js';

/** Four digits that `Date.UTC` takes as they are: it reads 0 to 99 as years of the last century. */
const MONTH = /^([1-9]\d{3})-(0[1-9]|1[0-2])$/;
/** No time zone is further from UTC. */
const FURTHEST_MS = 15 * 60 * 60 * 1000;

function partsOf(month: string): { year: number; index: number } {
  const [, year, number] = MONTH.exec(month) ?? [];
  if (!year || !number) throw new BulkheadError('BAD_USER_INPUT', 'month: expected a month such as 2026-11.');
  return { year: Number(year), index: Number(number) - 1 };
}

/** A span that holds a month in whatever time zone: an index can be asked for it. @throws BulkheadError `BAD_USER_INPUT`. */
export function monthRange(month: string): { from: Date; until: Date } {
  const { year, index } = partsOf(month);
  return {
    from: new Date(Date.UTC(year, index, 1) - FURTHEST_MS),
    until: new Date(Date.UTC(year, index + 1, 1) + FURTHEST_MS),
  };
}

/** Every day of a month: `2026-11-01` and so on. @throws BulkheadError `BAD_USER_INPUT`. */
export function daysOfMonth(month: string): string[] {
  const { year, index } = partsOf(month);
  const days = new Date(Date.UTC(year, index + 1, 0)).getUTCDate();
  return Array.from({ length: days }, (_, day) => `${month}-${String(day + 1).padStart(2, '0')}`);
}

/** A time zone by its IANA name. @throws BulkheadError `BAD_USER_INPUT`. */
export function toTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new BulkheadError('BAD_USER_INPUT', 'timeZone: expected an IANA name such as Europe/Vienna.');
  }
}
