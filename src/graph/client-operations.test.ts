import { parse, print } from 'graphql';
import { expect, test } from 'vitest';
import { operationsOf } from './client-operations.js';

const textsOf = (...documents: string[]) =>
  operationsOf(documents.map((text) => parse(text))).map((document) =>
    document.definitions.map((one) => print(one).split('{')[0]!.trim()),
  );

test('each operation has the fragments that it uses, in the order in which they are met', () => {
  expect(
    textsOf(
      'query A { ...Outer ...Inner } query B { b } fragment Inner on Query { i }',
      'fragment Unused on Query { u } fragment Outer on Query { o { ...Deep } ...Inner } fragment Deep on O { ...Deep d }',
    ),
  ).toEqual([
    ['query A', 'fragment Outer on Query', 'fragment Deep on O', 'fragment Inner on Query'],
    ['query B'],
  ]);
});

test('a fragment that is nowhere is named', () => {
  expect(() => textsOf('query A { ...Nowhere }')).toThrow('A: there is no fragment Nowhere');
});
