import { Length } from 'class-validator';
import { ArgumentValidationError } from 'type-graphql';
import { expect, test } from 'vitest';
import { validateInput } from './validate-input.js';

class Word {
  @Length(1, 5)
  text: string;

  constructor(text: string) {
    this.text = text;
  }
}

test('what keeps the rules passes, alone and in a list; what is no object has none', async () => {
  for (const value of [
    new Word('a'),
    [new Word('a'), null, 'text'],
    'text',
    1,
    null,
    undefined,
    [[1]],
    new Date(),
  ])
    await expect(validateInput(value)).resolves.toBeUndefined();
});

test('the first item that breaks a rule is told, and no value', async () => {
  const words = [...Array.from({ length: 120 }, () => new Word('a')), new Word('secret'), new Word('')];
  const error = await validateInput(words).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ArgumentValidationError);
  const { validationErrors } = (error as ArgumentValidationError).extensions;
  expect(validationErrors).toHaveLength(1);
  expect(validationErrors[0]).toMatchObject({
    property: 'text',
    constraints: { isLength: 'text must be shorter than or equal to 5 characters' },
  });
  expect(JSON.stringify(validationErrors)).not.toContain('secret');
});

test('others have their turn while a long list is checked', async () => {
  let turns = 0;
  const count = () => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await validateInput(Array.from({ length: 1_000 }, () => new Word('a')));
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(15);
});
