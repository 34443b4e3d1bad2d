import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLine, isWellFormed } from './line.js';

const points = (...codes: number[]) => codes.map((code) => String.fromCodePoint(code)).join('');

test.each(['Ada', 'حساب', '勘定', 'Zoë 👩‍✈️', points(0x200b) + 'x'])('%o is a line', (text) => {
  expect(isLine(text)).toBe(true);
});

test.each([
  ['nothing', ''],
  ['spaces', ' \u00a0\u2003\u3000'],
  ['a zero-width space', '\u200b'],
  ['a word joiner', '\u2060'],
  ['joiners', '\u200c\u200d\ufeff'],
  ['a soft hyphen', '\u00ad'],
  ['fillers of Hangul', '\u115f\u3164\uffa0'],
  ['an empty cell of Braille', '\u2800'],
  ['variation selectors', '\ufe0f\u{e0100}'],
  ['a mark from left to right', 'a\u200e'],
  ['a mark from right to left', 'a\u200f'],
  ['an Arabic letter mark', 'a\u061c'],
  ['an override', 'a\u202e'],
  ['an isolate', 'a\u2067b\u2069'],
  ['a control character', 'a\u0007'],
  ['two lines', 'a\nb'],
  ['a separator of lines', 'a\u2028'],
  ['half a pair', 'a\ud800'],
])('%s is none', (_what, text) => {
  expect(isLine(text)).toBe(false);
});

test('text is well-formed when it comes back from UTF-8 as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((n) => String.fromCharCode(n)) }),
      (text) => {
        expect(isWellFormed(text)).toBe(Buffer.from(text).toString() === text);
      },
    ),
  );
});
