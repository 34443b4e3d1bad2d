import { buildSchema, execute, type GraphQLField, parse } from 'graphql';
import { expect, test } from 'vitest';
import { boundLists, reckonedLength } from './bounded-lists.js';

function world() {
  const schema = buildSchema(`
    type Query { plain(length: Int!): [Thing]  bounded(length: Int!): [Thing!]!  paged(first: Int): [Thing]  texts: [String]  one: Thing }
    type Thing { id: ID  inner: [Thing] }
  `);
  const fields = schema.getQueryType()!.getFields() as Record<string, GraphQLField<unknown, unknown>>;
  fields['bounded']!.extensions = { complexity: 31 } as Record<string, unknown>;
  const things = (length: number) => Array.from({ length }, (_, id) => ({ id }));
  fields['plain']!.resolve = (_source, { length }) => things(length);
  fields['bounded']!.resolve = async (_source, { length }) => things(length);
  fields['paged']!.resolve = () => things(200);
  fields['texts']!.resolve = () => Array.from({ length: 200 }, () => 'x');
  fields['one']!.resolve = () => ({ inner: things(200) });
  boundLists(schema, 100);
  const ask = async (query: string) => {
    const { data, errors = [] } = await execute({ schema, document: parse(query), contextValue: {} });
    const lengths = Object.values(data ?? {}).map((list) => (list as unknown[] | null)?.length);
    return [...lengths, ...errors.map(({ message }) => message)];
  };
  return { fields, ask };
}

test('a list is reckoned at what it declares, at ten where it declares nothing', () => {
  const { fields } = world();
  expect(Object.values(fields).map(reckonedLength)).toEqual([10, 31, 10, 10, 1]);
});

test.each([
  ['{ plain(length: 100) { id } }', [100]],
  ['{ plain(length: 101) { id } }', [undefined, 'The list has 101 objects; at most 100 are answered.']],
  ['{ bounded(length: 31) { id } }', [31]],
  ['{ bounded(length: 32) { id } }', ['The list has 32 objects; at most 31 are answered.']],
  ['{ a: plain(length: 60) { id } b: bounded(length: 31) { id } c: plain(length: 9) { id } }', [60, 31, 9]],
  [
    '{ a: plain(length: 60) { id } b: plain(length: 41) { id } }',
    [
      60,
      undefined,
      'The lists without a page size have more than 100 objects together: ask for fewer of them.',
    ],
  ],
  ['{ paged { id } texts }', [200, 200]],
  ['{ one { inner { id } } }', [undefined]],
])('%s', async (query, answered) => {
  const { ask } = world();
  expect(await ask(query)).toEqual(answered);
  // Each operation is counted by itself.
  expect(await ask(query)).toEqual(answered);
});
