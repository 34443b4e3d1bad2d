import * as fc from 'fast-check';
import { buildSchema, getVariableValues, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { coerceVariables, declaredVariables } from './variables.js';

const schema = buildSchema(`
  enum Colour { RED BLUE }
  input Range { from: Int! = 1  colour: Colour = BLUE  inner: Range  names: [String!] }
  type Query { a: Int  id: ID }
`);
const definitionsOf = (text: string) =>
  (parse(`query (${text}) { a }`).definitions[0] as OperationDefinitionNode).variableDefinitions!;
const read = (text: string, given: Record<string, unknown>) =>
  coerceVariables(schema, definitionsOf(text), given, true);
const errorsOf = (text: string, given: Record<string, unknown>): string[] => {
  const result = read(text, given);
  return 'errors' in result ? result.errors.map(({ message }) => message) : [];
};

test('values are those of graphql-js, and so are the first five errors but for the values they print', () => {
  const types = [
    'Int',
    'Int!',
    '[Colour!]',
    'Range',
    '[Range!]! = [{}]',
    'Boolean = true',
    'ID',
    'Colour = RED',
  ];
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, 1, 0, -5, 1.5, Infinity, true, '', 'RED', 'GREEN', '1', 2 ** 31),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('from', 'colour', 'inner', 'names', 'other'), tie('any'), { maxKeys: 4 }),
    ),
  })).any;
  const names = ['a', 'b', '__proto__', 'toString'];
  const given = fc.dictionary(fc.constantFrom(...names, 'unknown'), value, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.tuple(...names.map(() => fc.constantFrom(...types))), given, (chosen, all) => {
      const definitions = definitionsOf(names.map((name, index) => `$${name}: ${chosen[index]}`).join());
      const variables = declaredVariables(definitions, all);
      const right = getVariableValues(schema, definitions, all, { hideSuggestions: true, maxErrors: 1_000 });
      const ours = coerceVariables(schema, definitions, variables, true);
      if ('errors' in ours) {
        const reason = (message: string) => message.split('; ').at(-1);
        expect(ours.errors.map(({ message }) => reason(message))).toEqual(
          right.errors?.slice(0, 5).map(({ message }) => reason(message)),
        );
      } else {
        expect(right.errors).toBeUndefined();
        expect({ ...ours.coerced }).toEqual(right.coerced);
      }
    }),
    { numRuns: 500 },
  );
});

test('variables that an operation does not declare are not looked at', () => {
  const given = {
    get other(): never {
      throw new Error('looked at');
    },
    v: 'given',
  };
  expect(declaredVariables(definitionsOf('$v: ID, $w: ID'), given)).toEqual({ v: 'given' });
});

describe('an error shows a value in short', () => {
  test.each([
    [
      '[Colour]',
      ['GREEN'],
      /^Variable "\$v" got invalid value "GREEN" at "v\[0\]"; Value "GREEN" does not exist/,
    ],
    ['[Colour]', 'x'.repeat(100_000), /^Variable "\$v" got invalid value "x{60}…"; /],
    [
      'Range',
      { key: 1 },
      /^Variable "\$v" got invalid value an object; Field "key" is not defined by type "Range"\.$/,
    ],
    [
      'Range',
      { inner: { from: [1, 2] } },
      /^Variable "\$v" got invalid value a list of 2 at "v\.inner\.from"; /,
    ],
    ['Int!', null, /^Variable "\$v" of non-null type "Int!" must not be null\.$/],
    ['Int!', undefined, /^Variable "\$v" of required type "Int!" was not provided\.$/],
  ] as [string, unknown, RegExp][])('of %s', (type, v, message) => {
    expect(errorsOf(`$v: ${type}`, v === undefined ? {} : { v })).toEqual([expect.stringMatching(message)]);
  });

  test('and five are told', () => {
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`key${n}`, n]));
    expect(errorsOf('$v: Range', { v: keys })).toHaveLength(5);
  });
});
