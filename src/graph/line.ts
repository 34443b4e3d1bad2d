import { Length, ValidateBy, type ValidationOptions } from 'class-validator';

/** What a line of text is, for messages. */
export const LINE_IS = 'one line of Unicode text that is not blank, without control and direction characters';

/**
 * Controls, those that turn the direction of writing or mark it, and the halves of surrogate pairs: the last are stored
 * as replacement characters, and two different texts would become one.
 */
const NOT_IN_LINES = /[\p{Cc}\p{Surrogate}\p{Bidi_Control}\u{2028}\u{2029}]/u;

/** What is not seen: spaces of every width, joiners and other marks of form, fillers, the empty cell of Braille. */
const UNSEEN = /[\s\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\u{2800}]/gu;

/** Whether a text can stand in a list, a log or a statement without harm. */
export const isLine = (text: string): boolean =>
  text.replaceAll(UNSEEN, '') !== '' && !NOT_IN_LINES.test(text);

/** Whether every half of a surrogate pair has its other: what has not is stored as another text. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** Validates a property of an input as text of Unicode: an address, a password, a body. */
export const IsWellFormed =
  (options: ValidationOptions = {}): PropertyDecorator =>
  (target, property) => {
    const validate = (value: unknown) => typeof value === 'string' && isWellFormed(value);
    const validator = { validate, defaultMessage: () => '$property must be well-formed Unicode' };
    ValidateBy({ name: 'isWellFormed', validator }, options)(target, property);
  };

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
