import { mongo } from 'mongoose';

/** Whether a value is a regular expression, of this language or of the server's. */
export const isRegex = (value: unknown): value is RegExp | mongo.BSONRegExp =>
  value instanceof RegExp || value instanceof mongo.BSONRegExp;

/**
 * Whether the texts that an expression may begin with are known, as far as the server sees it: not where its first
 * letter may be left out, nor where it has alternatives. What it is asked with, such as "in any case", is another matter.
 */
export const isBeginning = (source: unknown): boolean =>
  typeof source === 'string' &&
  /^\^(?:[^\\^$.|?*+()[{]|\\[^A-Za-z\d])(?![*?])/u.test(source) &&
  !source.replaceAll(/\\./gsu, '').includes('|');

/**
 * How a regular expression stands in a shape: one with a known beginning reads a range of an index, any other all of it.
 *
 * @param options of a text.
 */
export function formOf(expression: unknown, options?: unknown): '^?' | '?' {
  const [source, flags] =
    expression instanceof RegExp
      ? [expression.source, expression.flags]
      : expression instanceof mongo.BSONRegExp
        ? [expression.pattern, expression.options]
        : [expression, options];
  return isBeginning(source) && !/[im]/.test(typeof flags === 'string' ? flags : '') ? '^?' : '?';
}

/** A text as a regular expression that it fits. */
export const escaped = (text: string): string => text.replaceAll(/[^\w]/gu, String.raw`\$&`);
