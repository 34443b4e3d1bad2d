import { expect, test } from 'vitest';
import { textExcess } from './document-text.js';

const limits = { tokens: 10 };

test.each([
  ['as long as its tokens allow', `{${' '.repeat(498)}}`, undefined],
  ['of as many lines', `{${'\n'.repeat(9)}}`, undefined],
  [
    'longer',
    `{${' '.repeat(499)}}`,
    'The document has 501 characters; at most 500 are allowed: send texts as variables.',
  ],
  ['of more lines', `{${'\n'.repeat(10)}}`, 'The document has more than 10 lines.'],
  [
    'of more lines, as old machines wrote them',
    `{${'\r'.repeat(10)}}`,
    'The document has more than 10 lines.',
  ],
])('a text %s', (_, text, excess) => {
  expect(textExcess(text, limits)).toBe(excess);
});
