import * as fc from 'fast-check';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { depthLimit } from './depth-limit.js';

const schema = buildSchema(`
  type Query { space: Thing  thing: Thing }
  type Thing { id: ID  thing: Thing  space: Thing  edges: [Thing]  node: Thing  nodes: [Thing]  pageInfo: Thing }
`);
const NAMESPACES = new Set(['space']);
const depthsOver = (text: string, max: number): number[] =>
  validate(schema, parse(text), [depthLimit(max, NAMESPACES)]).map((error) => {
    expect(error.extensions['code']).toBe('OPERATION_TOO_LARGE');
    return Number(/nested (\d+) levels/.exec(error.message)![1]);
  });

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
