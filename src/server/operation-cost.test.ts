import * as fc from 'fast-check';
import { buildSchema, type OperationDefinitionNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { costOf } from './operation-cost.js';

const schema = buildSchema(`
  type Query { things(first: Int, last: Int, after: String): ThingConnection!  thing: Thing  all: [Thing!]!  any: Any }
  type ThingConnection { edges: [ThingEdge!]!  nodes: [Thing!]!  pageInfo: PageInfo! }
  type ThingEdge { cursor: String!  node: Thing! }
  type PageInfo { hasNextPage: Boolean! }
  type Thing { id: ID  tags: [String!]!  owner: Thing  things(first: Int, after: String): ThingConnection! }
  union Any = Thing | Other
  type Other { id: ID }
`);
const cost = costOf(schema);
const costIn = (text: string, variables: Record<string, unknown> = {}) => {
  const document = parse(text);
  return cost(document, document.definitions[0] as OperationDefinitionNode, variables);
};

test.each([
  ['{ __typename __schema { types { name fields { name } } } }', 0],
  ['{ thing { id tags } }', 1],
  ['{ thing { owner { owner { id } } } }', 3],
  ['{ all { id owner { id } } }', 20],
  ['{ things { nodes { id } } }', 20],
  ['{ things(first: 5) { nodes { id } pageInfo { hasNextPage } } }', 5],
  ['{ things(last: 7) { edges { cursor node { id } } } }', 7],
  [
    '{ things(first: 100) { nodes { owner { id } things(first: 10) { nodes { id owner { id } } } } } }',
    2_200,
  ],
  ['{ things(first: -1) { nodes { owner { id } } } }', 2],
  ['{ any { ... on Thing { owner { id } } ... on Other { id } } }', 2],
  ['{ ...A ...A } fragment A on Query { thing { ...B } } fragment B on Thing { owner { id } }', 4],
])('%s asks for up to %i objects', (text, objects) => {
  expect(costIn(text)).toBe(objects);
});

test('page sizes come from variables and their defaults, and are not remembered', () => {
  const document = parse(
    'query ($n: Int = 50, $m: Int) { things(first: $n) { nodes { things(first: $m) { nodes { id } } } } }',
  );
  const operation = document.definitions[0] as OperationDefinitionNode;
  expect(cost(document, operation, {})).toBe(50 + 50 * 20);
  expect(cost(document, operation, { n: 2, m: 3 })).toBe(2 + 2 * 3);
  expect(cost(document, operation, { n: 10, m: null })).toBe(10 + 10 * 20);
  expect(cost(document, operation, { n: '1', m: Number.NaN })).toBe(20 + 20 * 20);
});

test('more is never cheaper', () => {
  const size = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(size, size, size, (first, inner, more) => {
      const text = (n: number, m: number) =>
        `{ things(first: ${n}) { nodes { things(first: ${m}) { nodes { id } } } } }`;
      expect(costIn(text(first, inner))).toBeLessThan(costIn(text(first + more, inner)));
      expect(costIn(text(first, inner))).toBeLessThan(costIn(text(first, inner + more)));
    }),
  );
});

test('doubling fragments cost no time, and very much', () => {
  const doubling = Array.from(
    { length: 200 },
    (_, i) => `fragment F${i} on Thing { owner { ...F${i + 1} ...F${i + 1} } }`,
  );
  expect(
    costIn(`{ thing { ...F0 } } ${doubling.join(' ')} fragment F200 on Thing { id owner { id } }`),
  ).toBeGreaterThan(2 ** 200);
});
