import { expect, test } from 'vitest';
import { printable, printableLines } from './printable.js';

test.each([
  ['größe und 日本 🙂', 'größe und 日本 🙂'],
  ['a\u001B[2Jb', String.raw`a\u001b[2Jb`],
  ['a\u001B[31mb', String.raw`a\u001b[31mb`],
  ['a\nok', String.raw`a\u000aok`],
  ['a\u009B2Jb', String.raw`a\u009b2Jb`],
  ['a\u202Eb', String.raw`a\u202eb`],
])('a name: %j', (name, shown) => {
  expect(printable(name)).toBe(shown);
});

test.each([
  ['two\nlines\twide', 'two\nlines\twide'],
  ['\u001B[31mred\u001B[39m', '\u001B[31mred\u001B[39m'],
  ['a\u001B[2J\u001B]0;title\u0007\rb', String.raw`a\u001b[2J\u001b]0;title\u0007\u000db`],
  ['a\u001B[31', String.raw`a\u001b[31`],
])('lines: %j', (text, shown) => {
  expect(printableLines(text)).toBe(shown);
});
