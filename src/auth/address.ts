import { isEmail, ValidateBy } from 'class-validator';

/** What is not seen in an address, or turns it: two that look alike would be two accounts. */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** Whether a text is an e-mail address that can be told from others by looking at it. */
function isAddress(value: unknown): boolean {
  // The library throws at half a surrogate pair.
  return typeof value === 'string' && !UNSEEN.test(value) && isEmail(value);
}

/** Validates a property of an input as an e-mail address. */
export const IsAddress = (): PropertyDecorator =>
  ValidateBy({
    name: 'isAddress',
    validator: { validate: isAddress, defaultMessage: () => '$property must be an email' },
  });

const lowerCased = (email: string): string => email.trim().toLowerCase();

/** An address as it is stored and counted: keyboards differ in how they compose a letter, and nobody means the case. */
export const storedAddress = (email: string): string => lowerCased(email).normalize('NFC');

/**
 * The forms under which the account of an address may be stored, the one that was sent first: before they were composed
 * alike, addresses were stored as they came. Of most addresses there is one.
 */
export const addressForms = (email: string): readonly string[] => [
  ...new Set([lowerCased(email), storedAddress(email), lowerCased(email).normalize('NFD')]),
];
