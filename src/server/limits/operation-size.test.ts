import * as fc from 'fast-check';
import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { operationSize, type SizeLimits } from './operation-size.js';

const schema = buildSchema(`
  type Query { space: Thing  thing: Thing }
  type Thing { id: ID  thing: Thing  space: Thing  edges: [Thing]  node: Thing  nodes: [Thing]  pageInfo: Thing }
`);
const NAMESPACES = new Set(['space']);
const ANY: SizeLimits = {
  tokens: Infinity,
  depth: Infinity,
  aliases: Infinity,
  rootFields: Infinity,
  directives: Infinity,
};
const refusals = (text: string, limits: Partial<SizeLimits>): string[] =>
  validate(schema, parse(text), [operationSize({ ...ANY, ...limits }, NAMESPACES)]).map((error) => {
    expect(error.extensions['code']).toBe('OPERATION_TOO_LARGE');
    return error.message;
  });
const depthsOver = (text: string, depth: number): number[] =>
  refusals(text, { depth }).map((message) => Number(/nested (\d+) levels/.exec(message)![1]));
/** How many of something an operation has, by the message of a limit of none. */
const countOf = (text: string, what: keyof SizeLimits): number =>
  Number(/has (\d+) /.exec(refusals(text, { [what]: 0 })[0] ?? 'has 0 ')![1]);

/** A selection, and how deep it is by the definition. */
interface Selection {
  readonly name: string;
  readonly wrap: 'none' | 'inline' | 'named';
  readonly inner: readonly Selection[];
}
const FREE = ['edges', 'node', 'nodes', 'pageInfo'];
const depthOf = ({ name, inner }: Selection, isRoot: boolean): number =>
  (FREE.includes(name) || (isRoot && name === 'space') ? 0 : 1) +
  Math.max(1, ...inner.map((one) => depthOf(one, false)));

function print(roots: readonly Selection[]): string {
  const fragments: string[] = [];
  const write = (selection: Selection, type: string): string => {
    const inside = ['id', ...selection.inner.map((one) => write(one, 'Thing'))].join(' ');
    const field = `alias${fragments.length}${selection.name}: ${selection.name} { ${inside} }`;
    if (selection.wrap === 'inline') return `... on ${type} { ${field} }`;
    if (selection.wrap === 'none') return field;
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${type} { ${field} }`);
    return `...${name} ...${name}`;
  };
  const body = roots.map((root) => write(root, 'Query')).join(' ');
  return `{ ${body} } ${fragments.join(' ')}`;
}

const wrap = fc.constantFrom('none' as const, 'inline' as const, 'named' as const);
const { selections } = fc.letrec<{ selections: readonly Selection[]; selection: Selection }>((tie) => ({
  selections: fc.oneof({ maxDepth: 7 }, fc.constant([]), fc.array(tie('selection'), { maxLength: 3 })),
  selection: fc.record({
    name: fc.constantFrom('thing', 'space', ...FREE),
    wrap,
    inner: tie('selections'),
  }),
}));
const root = fc.record({
  name: fc.constantFrom('thing', 'space'),
  wrap,
  inner: selections,
});

test('whatever the form of a document, its depth is the number of its content’s levels', () => {
  fc.assert(
    fc.property(
      fc.array(root, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 6 }),
      (roots, max) => {
        const depth = Math.max(...roots.map((one) => depthOf(one, true)));
        expect(depthsOver(print(roots), max)).toEqual(depth > max ? [depth] : []);
      },
    ),
    { numRuns: 300 },
  );
});

test('each operation of a document is measured', () => {
  const text =
    'query A { thing { id } } query B { thing { thing { id } } } query C { thing { thing { thing { id } } } }';
  expect(depthsOver(text, 2)).toEqual([3, 4]);
});

test('introspection has a shape of its own', () => {
  expect(
    depthsOver('{ __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } }', 2),
  ).toEqual([]);
});

test('cycles end, unknown fragments are another rule’s, and doubling fragments cost no time', () => {
  expect(
    depthsOver(
      '{ thing { ...A } } fragment A on Thing { thing { ...B } } fragment B on Thing { thing { ...A } }',
      1,
    ),
  ).toHaveLength(1);
  expect(depthsOver('{ thing { ...Nowhere } }', 2)).toEqual([]);
  // 2^60 paths: measured one by one, they would outlast the test.
  const doubling = Array.from(
    { length: 60 },
    (_, i) => `fragment F${i} on Thing { a: thing { ...F${i + 1} } b: thing { ...F${i + 1} } }`,
  );
  expect(depthsOver(`{ thing { ...F0 } } ${doubling.join(' ')} fragment F60 on Thing { id }`, 12)).toEqual([
    62,
  ]);
});

test.each([
  ['{ thing { id } }', 0],
  ['{ a: thing { id } }', 1],
  ['{ thing { id id id } }', 2],
  ['{ __typename __typename a: __typename }', 2],
  ['{ thing { ...F ...F } } fragment F on Thing { a: id }', 2],
  ['{ thing { ... { a: id } ... { a: id } id } }', 2],
  ['{ __schema { a: types { name name } } }', 2],
  // By whatever fragment they come to their place.
  [`{ ${'... on Query { thing { id } } '.repeat(40)} }`, 39],
  [`{ ${'... { thing { id } } '.repeat(40)} }`, 39],
  ['{ thing { id ... { id ... { id } } } }', 2],
  ['{ thing { ...F ...G } } fragment F on Thing { id } fragment G on Thing { id ... { id } }', 2],
  [
    '{ thing { ...F } space { ...F } } fragment F on Thing { ...G ...H } fragment G on Thing { id } fragment H on Thing { id }',
    2,
  ],
  ['{ ...F ...G } fragment F on Query { thing { id } } fragment G on Query { thing { id id } }', 2],
  // Only one of two types is answered, a fragment comes to a place once, and clients write `__typename` into each.
  ['{ thing { ... on Thing { id } ... on Other { id } } }', 0],
  ['{ thing { ...F ...G ...F } } fragment F on Thing { id } fragment G on Thing { ...F }', 0],
  [
    '{ thing { __typename ...F ...G } } fragment F on Thing { __typename } fragment G on Thing { __typename }',
    0,
  ],
  ['{ thing { ...F } } fragment F on Thing { __typename __typename ... { __typename } }', 2],
])('aliases and repeated fields of %s', (text, count) => {
  expect(countOf(text, 'aliases')).toBe(count);
});

test.each([
  ['{ thing { id } __typename }', 2],
  ['{ ...F ...F } fragment F on Query { thing { id } }', 2],
  ['{ space { id thing { id id } } }', 2],
  ['{ space { __typename } thing { id } }', 2],
  ['{ space { ...F } } fragment F on Thing { id thing { id } }', 2],
])('root fields of %s: a namespace is as many as are asked of it', (text, count) => {
  expect(countOf(text, 'rootFields')).toBe(count);
});

test.each([
  ['query ($a: Boolean! @x) @y { thing @skip(if: $a) { id @include(if: $a) @a @b } }', 6],
  ['{ thing { ...F @a ...F ... @b { id } } } fragment F on Thing @c { id @d }', 6],
])('directives of %s', (text, count) => {
  expect(countOf(text, 'directives')).toBe(count);
});

test('doubling fragments double what they hold', () => {
  const doubling = Array.from(
    { length: 40 },
    (_, i) => `fragment F${i} on Thing { ...F${i + 1} ...F${i + 1} }`,
  );
  const text = `{ thing { ...F0 } } ${doubling.join(' ')} fragment F40 on Thing { a: id @x }`;
  expect(countOf(text, 'aliases')).toBe(2 ** 40);
  expect(countOf(text, 'directives')).toBe(2 ** 40);
});

test('documents whose fragments would be opened as often as a square are given up', () => {
  // Half of a document's tokens in one fragment, half of them spread it.
  const places = Array.from({ length: 150 }, () => 'thing { ...F }').join(' ');
  const fields = Array.from({ length: 900 }, (_, i) => `field${i}`).join(' ');
  const text = `{ thing { ${places} } } fragment F on Thing { ${fields} }`;
  expect(refusals(text, { tokens: 2_000 })).toEqual([
    'The operation spreads its fragments at too many places for its repeated fields to be counted.',
  ]);
  // Large, and not tangled.
  const plain = Array.from({ length: 20 }, () => `thing { ...F }`).join(' ');
  expect(refusals(`{ ${plain} } fragment F on Thing { ${fields} }`, { tokens: 2_000 })).toEqual([]);
});

test('introspection passes as tools ask for it, and has limits of its own', () => {
  const standard = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  expect(refusals(standard, { depth: 12, aliases: 30, rootFields: 20, directives: 50 })).toEqual([]);
  const many = Array.from({ length: 4 }, (_, i) => `a${i}: __type(name: "Thing") { name }`).join(' ');
  expect(refusals(`{ ${many} }`, {})).toEqual([
    'The operation has 4 fields of introspection; at most 3 are allowed.',
  ]);
  const deep = `{ __type(name: "Thing") { fields { type { ${'ofType { '.repeat(20)} name ${'} '.repeat(20)} } } } }`;
  expect(refusals(deep, {})).toEqual([
    'The operation has 24 levels of introspection; at most 20 are allowed.',
  ]);
});
