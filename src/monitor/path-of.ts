/**
 * Segments of a path that are data rather than a name: numbers, dates and telephone numbers; ids of the usual kinds
 * (hexadecimal, with hyphens or not; base 32); addresses, and what has a space.
 */
const DATA =
  /^(?:\+?\d[\d:_+-]*(?:[TZ][\d:_+-]*)*|[\da-f]{16,}|[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|(?=.*\d)[\dA-HJKMNP-TV-Z]{26}|.*[@\s].*)$/i;
/** A random text: long, and of capitals, small letters and several digits mixed. */
const RANDOM = /^(?=.*[a-z])(?=.*[A-Z])(?=(?:.*\d){3})[\w-]{20,}$/;
/** Longer ones are cut off. */
export const LONGEST_NAME = 120;

/** A path with `*` for every segment that is no name: maps keyed by a user's id are one field. */
export const pathOf = (path: string): string =>
  path.length > LONGEST_NAME
    ? '…'
    : /[\d@\s]/.test(path)
      ? path
          .split('.')
          .map((segment) => (DATA.test(segment) || RANDOM.test(segment) ? '*' : segment))
          .join('.')
      : path;
