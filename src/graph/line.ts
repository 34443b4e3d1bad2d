import { Length, ValidateBy, type ValidationOptions } from 'class-validator';

/** What a line of text is, for messages. */
export const LINE_IS = 'one line of Unicode text that is not blank, without control characters';

/**
 * Controls, those that turn the direction of writing, and the halves of surrogate pairs: the last are stored as
 * replacement characters, and two different texts would become one.
 */
const NOT_IN_LINES = /[\p{Cc}\p{Surrogate}\u{2028}\u{2029}\u{202A}-\u{202E}\u{2066}-\u{2069}]/u;

/** Whether a text can stand in a list, a log or a statement without harm. */
export const isLine = (text: string): boolean => text.trim() !== '' && !NOT_IN_LINES.test(text);

/**
 * Validates a property of an input as {@link isLine} text of 1 to `max` characters: a name, a title, a tag.
 *
 * @param options such as `{ each: true }` for a list.
 */
export const IsLine =
  (max: number, options: ValidationOptions = {}): PropertyDecorator =>
  (target, property) => {
    Length(1, max, options)(target, property);
    const validate = (value: unknown) => typeof value === 'string' && isLine(value);
    const validator = { validate, defaultMessage: () => `$property must be ${LINE_IS}` };
    ValidateBy({ name: 'isLine', validator }, options)(target, property);
  };
