import {
  buildSchema,
  type DocumentNode,
  type GraphQLObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import { expect, test, vi } from 'vitest';
import * as compiling from './compile.js';
import { Executor } from './execute.js';

const compiled = vi.spyOn(compiling, 'compile');
const definitionOf = (document: DocumentNode) =>
  document.definitions.find((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)!;

test('of thousands of errors the first hundred are told, and how many there are beside them', async () => {
  const many = buildSchema('type Query { nodes: [Node!]! } type Node { failing: Int }');
  many.getQueryType()!.getFields()['nodes']!.resolve = () => Array.from({ length: 2_500 }, () => ({}));
  const fields = (many.getType('Node') as GraphQLObjectType).getFields();
  fields['failing']!.resolve = () => Promise.reject(new Error('failing'));
  const document = parse('{ nodes { failing } }');
  const executor = new Executor(many);
  for (let time = 0; time < 3; time += 1) {
    const { data, errors, extensions } = await executor.execute({
      document,
      definition: definitionOf(document),
      variables: {},
      context: () => ({}),
    });
    expect((data!['nodes'] as unknown[]).length).toBe(2_500);
    expect(errors!.map(({ path }) => path![1])).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(extensions).toEqual({ moreErrors: 2_400 });
  }
  expect(compiled.mock.results.map(({ value }) => typeof value)).toEqual(['function']);
});

test('a function among the data is never called', async () => {
  const calls: unknown[] = [];
  const plain = buildSchema('type Query { thing: Thing } type Thing { name: String }');
  plain.getQueryType()!.getFields()['thing']!.resolve = () => ({
    name: (...given: unknown[]) => calls.push(given),
  });
  const document = parse('{ thing { name } }');
  const executor = new Executor(plain);
  for (let time = 0; time < 3; time += 1) {
    const { data, errors } = await executor.execute({
      document,
      definition: definitionOf(document),
      variables: {},
      context: () => ({ secret: true }),
    });
    expect(data).toEqual({ thing: { name: null } });
    expect(errors).toHaveLength(1);
  }
  expect(calls).toEqual([]);
});

test('a mutation reads each variable for the fields that use it, and for no other', async () => {
  const world = buildSchema(
    'scalar Seen type Query { a: Int } type Mutation { set(value: [Seen!], on: Boolean): Int }',
  );
  let read = 0;
  Object.assign(world.getType('Seen')!, {
    parseValue: (value: unknown) => {
      read += 1;
      return value;
    },
  });
  world.getMutationType()!.getFields()['set']!.resolve = (_source, { value }) => value?.length;
  const document = parse(
    `mutation ($a: [Seen!], $b: [Seen!], $no: Boolean!) {
      ${Array.from({ length: 8 }, (_, n) => `s${n}: set`).join(' ')} a: set(value: $a) ...B c: set(on: $no)
    } fragment B on Mutation { ...C } fragment C on Mutation { b: set(value: $b) gone: set(value: $a) @include(if: $no) }`,
  );
  const { data, errors } = await new Executor(world).execute({
    document,
    definition: definitionOf(document),
    variables: { a: [1, 2, 3], b: [1, 2], no: false },
    context: () => ({}),
  });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ s0: null, a: 3, b: 2, c: null });
  expect(read).toBe(2 * (3 + 2));
});
