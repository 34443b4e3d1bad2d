import { validateSync } from 'class-validator';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressForms, IsAddress, storedAddress } from './address.js';

class Input {
  @IsAddress()
  email!: string;
}
const problemsOf = (email: unknown) =>
  validateSync(Object.assign(new Input(), { email })).flatMap(({ property, constraints = {} }) => [
    property,
    ...Object.values(constraints),
  ]);

test.each(['ada@example.org', 'Ada@Example.org', 'jos\u00e9@example.org', 'jose\u0301@example.org'])(
  '%o is an address',
  (email) => expect(problemsOf(email)).toEqual([]),
);

test.each([
  'ada',
  'ada\ud800@example.org',
  'ada@exam\udc00ple.org',
  'ada\u200b@example.org',
  'ada\u200f@example.org',
  'ada\u00ad@example.org',
  'ada\u3164@example.org',
  'ada\u202e@example.org',
  'a da@example.org',
  ' ada@example.org',
  42,
])('%o is refused by the name of its field', (email) => {
  expect(problemsOf(email)).toEqual(['email', 'email must be an email']);
});

test('every way to compose an address is stored as one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const [nfc, nfd] = [text.normalize('NFC'), text.normalize('NFD')];
      expect(storedAddress(nfc)).toBe(storedAddress(nfd));
      expect(storedAddress(storedAddress(text))).toBe(storedAddress(text));
      expect(addressForms(text)[0]).toBe(text.trim().toLowerCase());
      for (const form of [nfc, nfd]) expect(addressForms(text)).toContain(storedAddress(form));
    }),
  );
  expect(addressForms('Ada@Example.ORG')).toEqual(['ada@example.org']);
  expect(addressForms('jose\u0301@x.org')).toEqual(['jose\u0301@x.org', 'jos\u00e9@x.org']);
});
