import { expect, test } from 'vitest';
import { ago, count, counted, duration, moment } from './quantities.js';

test.each([
  [0, '0 ms'],
  [0.44, '0.4 ms'],
  [21.4, '21 ms'],
  [4_200, '4.2 s'],
  [186_000, '3.1 min'],
  [9_000_000, '2.5 h'],
  [36_000_000_000, '10,000 h'],
])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

test('counts and moments', () => {
  const now = Date.now();
  expect(count(12_345.6)).toBe('12,346');
  expect([counted(1, 'shape'), counted(1_400, 'shape')]).toEqual(['1 shape', '1,400 shapes']);
  expect([0, 12, 180, 7_300].map((minutes) => ago(new Date(now - minutes * 60_000), now))).toEqual([
    'just now',
    '12 min ago',
    '3 h ago',
    '5 d ago',
  ]);
  expect(moment(new Date(2026, 0, 2, 3, 4))).toBe('2026-01-02 03:04');
});
