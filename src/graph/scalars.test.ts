import fc from 'fast-check';
import { GraphQLError, GraphQLObjectType, GraphQLSchema, parse, parseValue, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { Credits, DateTime, MAX_CREDITS } from './scalars.js';

const refusal = (work: () => unknown): unknown => {
  try {
    return { answered: work() };
  } catch (error) {
    return error instanceof GraphQLError ? error.extensions['code'] : error;
  }
};

describe('Credits', () => {
  test('are whole numbers within ±(2^53 − 1), as variables and as literals', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (amount) => {
        expect(Credits.parseValue(amount)).toBe(amount === 0 ? 0 : amount);
        expect(Credits.parseLiteral(parseValue(String(amount)), {})).toBe(amount === 0 ? 0 : amount);
        expect(Credits.serialize(BigInt(amount))).toBe(amount === 0 ? 0 : amount);
      }),
    );
  });

  test.each([0.5, 1e300, NaN, Infinity, MAX_CREDITS + 1, -MAX_CREDITS - 1, '1', true, null, [1], {}, 1n])(
    'are not %s: BAD_USER_INPUT',
    (value) => {
      expect(refusal(() => Credits.parseValue(value))).toBe('BAD_USER_INPUT');
    },
  );

  test.each(['0.5', '1.0', '1e3', '9007199254740993', '"1"', 'true', '[1]', '{ a: 1 }'])(
    'are not the literal %s: BAD_USER_INPUT',
    (literal) => {
      expect(refusal(() => Credits.parseLiteral(parseValue(literal), {}))).toBe('BAD_USER_INPUT');
    },
  );

  test.each([
    ['1.5', '1.5'],
    ['"1"', 'a string'],
    ['true', 'a boolean'],
    ['[1]', 'a list'],
    ['{ n: 1 }', 'an object'],
    ['ONE', 'a name'],
    ['9007199254740992', '9007199254740992'],
  ])('say what was written in place of a literal, and where: %s', (literal, got) => {
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { amount: { type: Credits, args: { of: { type: Credits } } } },
    });
    const schema = new GraphQLSchema({ query });
    const [error] = validate(schema, parse(`{ amount(of: ${literal}) }`));
    expect(error).toMatchObject({
      message: expect.stringMatching(new RegExp(`; got ${got}\\.$`)),
      locations: [{ line: 1, column: 14 }],
    });
  });

  test('that are stored wrong are a fault of ours, not of the client’s input', () => {
    for (const stored of [0.5, 'many', 2n ** 60n])
      expect(refusal(() => Credits.serialize(stored))).toBeInstanceOf(TypeError);
  });
});

describe('DateTime', () => {
  test('is ISO 8601 in UTC both ways', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2999-12-31') }), (date) => {
        const text = DateTime.serialize(date);
        expect(text).toBe(date.toISOString());
        expect(DateTime.parseValue(text)).toEqual(date);
      }),
    );
    expect(DateTime.parseValue('2026-11-23T09:00:00+01:00')).toEqual(new Date('2026-11-23T08:00:00Z'));
  });

  test.each(['yesterday', '2026-13-01T00:00:00Z', '2026-11-23', 5, {}])('is not %s', (value) => {
    expect(() => DateTime.parseValue(value)).toThrow(/DateTime|Date/);
  });
});
