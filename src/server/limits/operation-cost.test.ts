import * as fc from 'fast-check';
import { buildSchema, type OperationDefinitionNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { costOf, reckoner } from './operation-cost.js';

const schema = buildSchema(`
  input Filter { words: [String!]  inner: Filter }
  type Query { find(filter: Filter, text: String): Int  things(first: Int, last: Int, after: String): ThingConnection!  thing: Thing  all: [Thing!]!  any: Any }
  type ThingConnection { edges: [ThingEdge!]!  nodes: [Thing!]!  pageInfo: PageInfo! }
  type ThingEdge { cursor: String!  node: Thing! }
  type PageInfo { hasNextPage: Boolean! }
  type Thing { id: ID  like(filter: Filter, text: String): Int  tags: [String!]!  owner: Thing  things(first: Int, after: String): ThingConnection! }
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

const MOST = 1_000;
const reckon = reckoner(schema, MOST);
const inputsIn = (text: string, variables: Record<string, unknown> = {}) => {
  const document = parse(text);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const first = reckon(document, operation, variables).inputs;
  expect(reckon(document, operation, variables).inputs).toBe(first);
  return first;
};
const LONG = 'x'.repeat(3 * 256 + 1);

test.each([
  ['{ find(text: "short") things(first: 5) { nodes { like(text: "short") } } }', {}, 0],
  [`{ find(text: "${LONG}") }`, {}, 3],
  ['{ find(filter: { words: ["a", "b"], inner: { words: [] } }) }', {}, 5],
  ['query ($f: Filter) { find(filter: $f) }', { f: { words: ['a', LONG], inner: null } }, 7],
  ['query ($f: Filter) { find(filter: $f) }', { f: { [LONG]: 1 } }, 4],
  ['query ($f: Filter) { find(filter: { inner: $f }) b: find(filter: $f) }', { f: { words: ['a'] } }, 5],
  ['query ($f: Filter = { words: ["a"] }) { find(filter: $f) b: find(filter: $f) }', {}, 4],
  ['query ($f: Filter = { words: ["a"] }) { find(filter: $f) }', { f: null }, 0],
  ['{ thing { like(filter: { words: ["a"] }) } }', {}, 2],
  ['{ all { like(filter: { words: ["a"] }) } }', {}, 20],
  ['{ things(first: 7) { nodes { ...F } } } fragment F on Thing { like(filter: { words: ["a"] }) }', {}, 14],
  ['query ($n: Int) { things(first: $n) { nodes { like(filter: { words: [] }) } } }', { n: 9 }, 9],
])('%s brings so much with it', (text, variables, inputs) => {
  expect(inputsIn(text, variables)).toBe(inputs);
});

test.each([
  ['a list', Array.from({ length: 300_000 }, () => 0)],
  ['an object', Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, 0]))],
  ['a text', 'x'.repeat(10_000_000)],
  ['levels', JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))],
  ['33 levels', JSON.parse('['.repeat(33) + ']'.repeat(33))],
] as [string, unknown][])('%s of too much is told without being read to its end', (_, f) => {
  expect(inputsIn('query ($f: Filter) { find(filter: $f) }', { f })).toBeGreaterThan(MOST);
});
