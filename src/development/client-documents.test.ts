import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findDocuments } from './client-documents.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-documents-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (path: string, text: string) => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const link = (to: string, path: string) => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  symlinkSync(join(root, to), join(root, path));
};
const find = (...folders: string[]) => {
  const problems: string[] = [];
  const { byGraph, files } = findDocuments(root, folders, ['shop', 'blog'], problems);
  const paths = Object.fromEntries([...byGraph].map(([graph, own]) => [graph, own.map(({ path }) => path)]));
  return { paths, files, problems };
};

const A = 'query A { items { ...Card } }';
const CARD = 'fragment Card on Item { id name }';

test('two fragments of one name that differ are a problem, in two files and in one', () => {
  put('app/a.shop.graphql', `${A} ${CARD}`);
  put('admin/b.shop.graphql', 'query B { items { ...Card } } fragment Card on Item { id shelf { name } }');
  expect(find('app', 'admin').problems).toEqual([
    'admin/b.shop.graphql: holds another fragment Card than app/a.shop.graphql does.',
  ]);
  put('one/c.shop.graphql', `${A} ${CARD} fragment Card on Item { id }`);
  expect(find('one').problems).toEqual([
    'one/c.shop.graphql: holds another fragment Card than one/c.shop.graphql does.',
  ]);
});

test('two fragments of one name are one where they say the same, and where they are of two graphs', () => {
  put('app/a.shop.graphql', `${A} ${CARD}`);
  put('app/b.shop.graphql', `query B { items { ...Card } } ${CARD.replaceAll(' ', '\n  ')} # why`);
  put('app/c.blog.graphql', 'query A { posts { ...Card } } fragment Card on Post { id }');
  expect(find('app').problems).toEqual([]);
});

test('a fragment and an operation may be called alike', () => {
  put('app/a.shop.graphql', 'query Card { items { ...Card } } fragment Card on Item { id }');
  expect(find('app').problems).toEqual([]);
});

test('takes .gql and any letter case, and says how many files were read', () => {
  put('app/a.shop.gql', A);
  put('app/b.shop.GraphQL', 'query B { items { id } }');
  put('app/types.GQL', 'type Query { items: [Int] }');
  put('app/c.tsx', 'gql`query C { items { id } }`');
  expect(find('app')).toEqual({
    paths: { shop: ['app/a.shop.gql', 'app/b.shop.GraphQL'] },
    files: 3,
    problems: [],
  });
});

test('follows links to files and folders, each once', () => {
  put('shared/queries/a.shop.graphql', A);
  put('shared/b.graphql', 'query B { __typename }');
  put('shared/node_modules/c.shop.graphql', 'query C { id }');
  link('shared', 'app/shared');
  link('shared/queries', 'app/again');
  link('app', 'shared/queries/loop');
  link('shared/node_modules', 'app/node_modules');
  expect(find('app').problems).toEqual([
    'app/shared/b.graphql: expected a name that ends in .<graph>.graphql, with one of shop, blog.',
  ]);
  rmSync(join(root, 'app/shared'));
  // A name says whose a document is: one may be two graphs'.
  link('shared/b.graphql', 'app/b.shop.graphql');
  link('shared/b.graphql', 'app/b.blog.graphql');
  expect(find('app', 'shared/queries')).toEqual({
    paths: { shop: ['app/again/a.shop.graphql', 'app/b.shop.graphql'], blog: ['app/b.blog.graphql'] },
    files: 3,
    problems: [],
  });
});

test("a document that is a link to nothing is a problem, an editor's lock is none", () => {
  link('nowhere', 'app/a.shop.graphql');
  link('nowhere', 'app/.#b.shop.graphql');
  link('app/circle', 'app/circle');
  expect(find('app').problems).toEqual([expect.stringMatching(/^app\/a\.shop\.graphql: ENOENT/)]);
});
