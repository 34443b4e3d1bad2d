import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { formOf, hashOf, operationText } from './operation-hash.js';

const form = (text: string) => formOf(text, 1_000);
const WRITTEN = `query A { posts(first: 1) { nodes { id ...F ... on Post { title } } } ... on Query { viewer { id } } }
  fragment F on Post { title }`;
/** As Apollo Client 4.3 and urql 6 send it. */
const SENT = `query A {
  posts(first: 1) {
    nodes {
      id
      ...F
      ... on Post {
        title
        __typename
      }
      __typename
    }
    __typename
  }
  ... on Query {
    viewer {
      id
      __typename
    }
    __typename
  }
}

fragment F on Post {
  title
  __typename
}`;

test('a text has the form of its operation in any layout, with or without what clients add to each selection set', () => {
  const registered = operationText(parse(WRITTEN));
  expect(form(WRITTEN)).toBe(hashOf(registered));
  expect(form(SENT)).toBe(hashOf(registered));
  expect(form(WRITTEN.replace('{ id ...F', '{ __typename id ...F'))).toBe(hashOf(registered));
});

test.each([
  ['at the root', '{ __typename a { b } }'],
  ['under another name', '{ a { b t: __typename } }'],
  ['with a directive', '{ a { b __typename @skip(if: true) } }'],
  ['more than once', '{ a { b __typename __typename } }'],
])('what no client adds by itself stays: %s', (_, text) => {
  expect(form(text)).not.toBe(form('{ a { b } }'));
});

test('a selection set of nothing else keeps it', () => {
  expect(form('{ a { __typename } }')).toBe(hashOf('{a{__typename}}'));
  expect(form('{ a { __typename } }')).not.toBe(form('{ a }'));
});

test('what is no document, or too long, has none', () => {
  expect(form('{')).toBeUndefined();
  expect(formOf('{ a b c }', 4)).toBeUndefined();
});
