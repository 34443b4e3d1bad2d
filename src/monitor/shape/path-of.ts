/**
 * Segments of a path that are data rather than a name: numbers, dates and telephone numbers; ids of the usual kinds
 * (hexadecimal, with hyphens or not; base 32); addresses, and what has a space.
 */
const DATA =
  /^(?:\+?\d[\d:_+-]*(?:[TZ][\d:_+-]*)*|[\da-f]{16,}|[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|(?=.*\d)[\dA-HJKMNP-TV-Z]{26}|.*[@\s].*)$/i;
/**
 * What no name has: a number of four digits and more that is neither a year nor a standard's (an account, an invoice, a
 * passport), or signs of addresses and telephone numbers.
 */
const NUMBER = /(?<!\d|(?:iso|rfc)[-_]?)(?!(?:19|20)\d\d(?!\d))\d{4}|[/(]|:.*\d|\d.*:/i;
/** Small letters and digits, as ids that sort by themselves. */
const MIXED = /^(?=(?:[a-z]*\d+[a-z]+){2})[a-z\d]{20,}$/;
/** Shorter ones may be names, whatever they look like. */
const LONG = 16;
const WORD = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g;
/** Letters of a word: names have five, random texts two. Beside digits a name's are shorter, too. */
const [SHORT, SHORT_BESIDE_DIGITS] = [2.6, 3.2];

/** Whether a text is drawn rather than named: what looks like words in it is too short for words. */
function isRandom(text: string): boolean {
  if (text.length < LONG) return false;
  if (MIXED.test(text)) return true;
  const words = text.match(WORD) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  return letters / words.length < (/\d/.test(text) ? SHORT_BESIDE_DIGITS : SHORT);
}

/** Longer ones are cut off. */
export const LONGEST_NAME = 120;

/** A path with `*` for every segment that is no name: maps keyed by a user's id are one field. */
export const pathOf = (path: string): string =>
  path.length > LONGEST_NAME
    ? '…'
    : path.length >= LONG || /[\d@\s/(]/.test(path)
      ? path
          .split('.')
          .map((segment) => (DATA.test(segment) || NUMBER.test(segment) || isRandom(segment) ? '*' : segment))
          .join('.')
      : path;
