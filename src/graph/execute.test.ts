import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import {
  buildSchema,
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { comparable, operations, write } from '../../test/support/operations.js';
import * as compiling from './compile.js';
import { Executor } from './execute.js';
import { DateTime } from './scalars.js';

const compiled = vi.spyOn(compiling, 'compile');
afterEach(() => compiled.mockClear());

/** Where nulls, errors and lists stand in every combination of null and non-null, sync and async. */
const SDL = /* GraphQL */ `
  scalar DateTime
  scalar Box
  enum Colour {
    RED
    BLUE
  }
  input Span {
    to: Int = 1
    colours: [Colour!] = [BLUE]
    from: Int
  }
  input Range {
    from: Int! = 1
    colour: Colour = BLUE
    inner: Range
  }
  type Query {
    node: Node
    sure: Node!
    nodes: [Node!]
    holes: [Node]!
    echo(
      text: String = "default"
      number: Int
      at: DateTime
      range: Range
      span: Span
      list: [Colour]
      box: Box
    ): String
    needed(number: Int!): Int!
    pet: Pet
  }
  type Node {
    id: ID!
    name: String
    lazy: String!
    nothing: String!
    broken: String
    failing: String!
    node: Node
    nodes: [Node!]!
    colour: Colour!
    constructor: String
  }
  type Cat {
    lives: Int
  }
  type Dog {
    name: String
  }
  union Pet = Cat | Dog
`;

class Boxed {
  constructor(readonly value: unknown) {}
}

const coded = (code: string) => new GraphQLError(`refused: ${code}`, { extensions: { code } });

function world(): GraphQLSchema {
  const schema = buildSchema(SDL);
  const at = (type: string) => (schema.getType(type) as GraphQLObjectType).getFields();
  Object.assign(schema.getType('DateTime')!, {
    serialize: DateTime.serialize,
    parseValue: DateTime.parseValue,
    parseLiteral: DateTime.parseLiteral,
  });
  Object.assign(schema.getType('Box')!, {
    parseValue: (value: unknown) => new Boxed(value),
    parseLiteral: () => new Boxed('literal'),
  });
  const make = (id: number) => ({
    id,
    name: id % 2 ? `name ${id}` : null,
    colour: 'RED',
    constructor: 'own',
  });
  const query = at('Query');
  query['node']!.resolve = async () => make(1);
  query['sure']!.resolve = () => make(2);
  query['nodes']!.resolve = async () => [make(1), make(2)];
  query['holes']!.resolve = () => [make(3), null, coded('HOLE')];
  query['echo']!.resolve = (_source, args) => {
    // Objects show their class, so that a value that lost it is seen.
    const show = (_: string, value: unknown) =>
      value instanceof Boxed ? `Boxed ${String(value.value)}` : value;
    const typed = args['at'] instanceof Date ? 'Date' : typeof args['at'];
    return `${typed} ${JSON.stringify(args, show)}`;
  };
  query['needed']!.resolve = (_source, args) => args['number'];
  query['pet']!.resolve = () => ({ lives: 9 });
  Object.assign(schema.getType('Pet')!, { resolveType: () => 'Cat' });
  const node = at('Node');
  node['lazy']!.resolve = async ({ id }) => `lazy ${id}`;
  node['broken']!.resolve = async () => {
    throw coded('BROKEN');
  };
  node['failing']!.resolve = () => {
    throw coded('FAILING');
  };
  node['node']!.resolve = ({ id }) => (id > 3 ? null : make(id + 1));
  node['nodes']!.resolve = async ({ id }) => (id > 3 ? [] : [make(id + 2)]);
  return schema;
}
const schema = world();
const definitionOf = (document: DocumentNode) =>
  document.definitions.find((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)!;

/** Runs a document on graphql-js alone, and three times on an executor, which compiles it the second time. */
async function both(query: string, variables: Record<string, unknown> = {}) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const expected = await execute({ schema, document, variableValues: variables });
  const executor = new Executor(schema);
  const definition = definitionOf(document);
  const given: ExecutionResult[] = [];
  for (let time = 0; time < 3; time += 1)
    given.push(await executor.execute({ document, definition, variables, context: () => ({}) }));
  const right = comparable(expected);
  return { expected: [right, right, right], given: given.map((one) => comparable(one)) };
}
const isCompiled = () => compiled.mock.results.at(-1)?.value !== null;

describe('a compiled query answers what graphql-js answers', () => {
  test('whatever is asked', async () => {
    const asked = {
      'Query.echo': ['', '(text: "a")', '(number: $number, text: $text)'],
      'Query.needed': ['(number: 1)', '(number: $needed)'],
    };
    const variables = {
      number: { type: 'Int = 7', value: undefined },
      text: { type: 'String', value: null },
      needed: { type: 'Int! = 3', value: undefined },
    };
    let compiles = 0;
    await fc.assert(
      fc.asyncProperty(operations({ schema, asked, without: new Set(['Query.pet']) }), async (generated) => {
        const { query, variables: values } = write(generated, { variables });
        const { expected, given } = await both(query, values);
        expect(given).toEqual(expected);
        if (isCompiled()) compiles += 1;
      }),
      { numRuns: 300 },
    );
    expect(compiles).toBeGreaterThan(250);
  });

  test('whatever its variables are called', async () => {
    const inherited = Object.getOwnPropertyNames(Object.prototype);
    const name = fc.oneof(fc.constantFrom(...inherited), fc.stringMatching(/^[a-zA-Z_]\w{0,8}$/));
    const place = fc.constantFrom(
      (name: string) => `query ($${name}: Int) { echo(number: $${name}) }`,
      (name: string) => `query ($${name}: Int = 4) { echo(number: $${name}) }`,
      (name: string) => `query ($${name}: Int) { echo(span: { from: $${name} }) }`,
      (name: string) => `query ($${name}: Boolean = true) { node { id @include(if: $${name}) } }`,
    );
    const given = fc.constantFrom([], [undefined], [null], [5], [false]);
    await fc.assert(
      fc.asyncProperty(name, place, given, async (name, write, values) => {
        const query = write(name);
        const wrong = query.includes('Boolean') ? 5 : false;
        fc.pre(!values.includes(wrong as never));
        const { expected, given } = await both(query, Object.fromEntries(values.map((one) => [name, one])));
        expect(given).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['the default of a variable that is never null', 'query ($n: Int! = 5) { needed(number: $n) }', {}],
    ['the default of a moment', 'query ($at: DateTime = "2026-01-01T00:00:00Z") { echo(at: $at) }', {}],
    ['the default of an enum', 'query ($c: [Colour] = [RED]) { echo(list: $c) }', {}],
    ['a variable that is left out', 'query ($t: String) { echo(text: $t) }', {}],
    ['a variable that is null', 'query ($t: String) { echo(text: $t) }', { t: null }],
    ['a variable inside an object', 'query ($c: Colour) { echo(range: { colour: $c }) }', {}],
    ['a null inside an object', 'query ($c: Colour) { echo(range: { colour: $c }) }', { c: null }],
    ['a null where none may be', 'query ($n: Int) { echo(range: { from: $n }) }', { n: null }],
    ['a variable deep inside', 'query ($n: Int) { echo(range: { inner: { from: $n } }) }', { n: 4 }],
    ['an absent variable inside a list', 'query ($c: Colour) { echo(list: [RED, $c]) }', {}],
    ['a variable inside a list', 'query ($c: Colour!) { echo(list: [RED, $c]) }', { c: 'BLUE' }],
    ['one item for a list', 'query ($l: [Colour]) { echo(list: $l) }', { l: 'RED' }],
    ['an input object', 'query ($s: Span) { echo(span: $s) }', { s: { to: 2 } }],
    ['a variable named as what objects have', 'query ($toString: Int) { echo(number: $toString) }', {}],
    [
      'a variable named as the prototype',
      'query ($__proto__: Int) { echo(number: $__proto__) }',
      Object.fromEntries([['__proto__', 5]]),
    ],
    ['a default inside an input object', 'query ($s: Span) { echo(span: $s) }', { s: {} }],
    [
      'an input object whose type holds itself',
      'query ($r: Range) { echo(range: $r) }',
      { r: { inner: {} } },
    ],
    ['a moment as a literal', '{ echo(at: "2026-01-01T00:00:00Z") }', {}],
    [
      'a condition that hides a spread before another',
      '{ node { ...N @skip(if: true) ...N } } fragment N on Node { name }',
      {},
    ],
    [
      'one fragment under opposite conditions',
      'query ($x: Boolean!) { a: node { ...N @include(if: $x) id } b: node { ...N @skip(if: $x) id } } fragment N on Node { name node { id } }',
      { x: true },
    ],
    [
      'a condition that is null',
      'query ($x: Boolean = true) { node { name @skip(if: $x) id } }',
      { x: null },
    ],
    [
      'keys that look like a path',
      '{ a: node { b: node { node { id } } } a_b: node { node { id lazy } } }',
      {},
    ],
    ['keys that objects have', '{ __proto__: node { id } node { constructor toString: name } }', {}],
    ['a name that is nothing', '{ node { nothing } nodes { nothing } sure { id } }', {}],
    ['two failures in one place', '{ nodes { a: failing b: failing node { broken } } }', {}],
    ['several operations', 'query A { node { id } }', {}],
    ['what describes itself', '{ __schema { queryType { name } } __typename node { __typename } }', {}],
    ['a union', '{ pet { __typename ... on Cat { lives } } }', {}],
  ] as [string, string, Record<string, unknown>][])('%s', async (_, query, variables) => {
    const { expected, given } = await both(query, variables);
    expect(given).toEqual(expected);
  });

  test('a literal that its scalar makes an object of', async () => {
    const { expected, given } = await both('{ echo(box: 1) }');
    expect(given).toEqual(expected);
    expect(JSON.stringify(given)).toContain('Boxed literal');
  });

  test('after values of the conditions changed', async () => {
    const document = parse('query ($x: Boolean!) { node { id @include(if: $x) name @skip(if: $x) } }');
    const executor = new Executor(schema);
    const definition = definitionOf(document);
    for (const x of [true, false, true, false, true, false]) {
      const variables = { x };
      const expected = await execute({ schema, document, variableValues: variables });
      const given = await executor.execute({ document, definition, variables, context: () => ({}) });
      expect(comparable(given)).toEqual(comparable(expected));
    }
    expect(compiled).toHaveBeenCalledTimes(2);
  });
});

test('a position that became null has one error, however the query is run', async () => {
  const document = parse('{ nodes { a: failing b: failing node { failing } } holes { broken } }');
  const executor = new Executor(schema);
  for (let time = 0; time < 3; time += 1) {
    const { data, errors } = await executor.execute({
      document,
      definition: definitionOf(document),
      variables: {},
      context: () => ({}),
    });
    expect(data).toEqual({ nodes: null, holes: [{ broken: null }, null, null] });
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions['code']]).sort()).toEqual([
      ['holes.0.broken', 'BROKEN'],
      ['holes.2', 'HOLE'],
      ['nodes.0.a', 'FAILING'],
    ]);
  }
  expect(isCompiled()).toBe(true);
});

describe('compiling', () => {
  test('happens when a query is seen again, and once', async () => {
    await both('{ node { id } }');
    expect(compiled).toHaveBeenCalledTimes(1);
    expect(isCompiled()).toBe(true);
  });

  test.each([
    ['variables whose type holds itself', 'query ($r: Range) { echo(range: $r) }'],
    ['unions', '{ pet { __typename } }'],
    ['introspection', '{ __type(name: "Node") { name } }'],
    ['keys that may be mistaken for a path', '{ a_b: node { id } }'],
    ['scalars that make objects of literals', '{ echo(box: 1) }'],
  ])('is left alone for %s', async (_, query) => {
    await both(query);
    expect(isCompiled()).toBe(false);
  });

  test('ends at the number of forms that a document may have', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const document = parse(
      `query (${names.map((name) => `$${name}: Boolean!`).join()}) { ${names.map((name) => `${name}: node @include(if: $${name}) { id }`).join(' ')} }`,
    );
    const executor = new Executor(schema);
    for (let form = 0; form < 64; form += 1) {
      const variables = Object.fromEntries(names.map((name, bit) => [name, Boolean((form >> bit) & 1)]));
      const { data } = await executor.execute({
        document,
        definition: definitionOf(document),
        variables,
        context: () => ({}),
      });
      expect(Object.keys(data ?? {})).toEqual(names.filter((name) => variables[name]));
    }
    expect(compiled).toHaveBeenCalledTimes(8);
  });

  test.each([
    [60, 2],
    [61, 3],
    [300, 10],
    [301, undefined],
  ])('of %d fields happens when they were seen %s times', async (fields, seen) => {
    const below = Array.from({ length: fields - 1 }, (_, n) => `f${n}: id`).join(' ');
    const document = parse(`{ node { ${below} } }`);
    const executor = new Executor(schema);
    let compiledAt: number | undefined;
    for (let time = 1; time <= 12; time += 1) {
      const operation = { document, definition: definitionOf(document), variables: {}, context: () => ({}) };
      const { data } = await executor.execute(operation);
      expect(Object.keys(data!['node'] as object)).toHaveLength(fields - 1);
      if (typeof compiled.mock.results.at(-1)?.value === 'function') compiledAt ??= time;
    }
    expect(compiledAt).toBe(seen);
  });

  test('does not take time that doubles with every fragment', async () => {
    const levels = 40;
    const fragments = Array.from(
      { length: levels },
      (_, n) => `fragment F${n} on Node { ...F${n + 1} ...F${n + 1} }`,
    );
    const query = `{ node { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Node { id }`;
    const { expected, given } = await both(query);
    expect(given).toEqual(expected);
    expect(isCompiled()).toBe(true);
  });

  test('is forgotten with its document', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const executor = new Executor(schema);
    const documents: WeakRef<DocumentNode>[] = [];
    for (let n = 0; n < 50; n += 1) {
      const document = parse(`{ n${n}: node { id name } }`);
      const definition = definitionOf(document);
      for (let time = 0; time < 2; time += 1)
        await executor.execute({ document, definition, variables: {}, context: () => ({}) });
      documents.push(new WeakRef(document));
    }
    expect(compiled).toHaveBeenCalledTimes(50);
    compiled.mockClear();
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
    expect(documents.filter((one) => one.deref()).length).toBeLessThan(3);
  });
});

test('faulty variables are told, and nothing runs', async () => {
  const document = parse('query ($l: [Colour]) { echo(list: $l) }');
  const context = vi.fn(() => ({}));
  const variables = { l: Array.from({ length: 1_000 }, () => 'GREEN') };
  const definition = definitionOf(document);
  const result = await new Executor(schema).execute({ document, definition, variables, context });
  expect(result.data).toBeUndefined();
  expect(result.errors).toHaveLength(5);
  expect(context).not.toHaveBeenCalled();
});
