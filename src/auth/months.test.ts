import { describe, expect, test } from 'vitest';
import { daysOfMonth, monthRange, toTimeZone } from './months.js';

describe('a month', () => {
  test.each([
    ['2026-02', 28],
    ['2028-02', 29],
    ['2026-11', 30],
    ['2026-12', 31],
  ])('%s has %i days', (month, count) => {
    const days = daysOfMonth(month);
    expect(days).toHaveLength(count);
    expect([days[0], days.at(-1)]).toEqual([`${month}-01`, `${month}-${count}`]);
  });

  test('spans its days in every time zone', () => {
    const { from, until } = monthRange('2026-12');
    // The first day begins in the east, the last one ends in the west.
    expect(from.getTime()).toBeLessThanOrEqual(new Date('2026-12-01T00:00:00+14:00').getTime());
    expect(until.getTime()).toBeGreaterThanOrEqual(new Date('2027-01-01T00:00:00-12:00').getTime());
  });

  test.each([
    '',
    '2026',
    '2026-13',
    '2026-00',
    '2026-1',
    '26-11',
    '2026-11-01',
    ' 2026-11',
    '0000-01',
    '0099-01',
  ])('is not %o', (text) => {
    expect(() => daysOfMonth(text)).toThrow('month: expected a month such as 2026-11.');
    expect(() => monthRange(text)).toThrow('month: expected a month such as 2026-11.');
  });
});

test('a time zone is one by its IANA name', () => {
  expect(toTimeZone('Europe/Vienna')).toBe('Europe/Vienna');
  expect(toTimeZone('utc')).toBe('UTC');
  for (const text of ['', 'canary', 'Europe/Nowhere'])
    expect(() => toTimeZone(text)).toThrow('timeZone: expected an IANA name such as Europe/Vienna.');
});
