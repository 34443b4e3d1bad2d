import * as fc from 'fast-check';
import { buildSchema, graphql, type GraphQLObjectType, type GraphQLResolveInfo } from 'graphql';
import { expect, test } from 'vitest';
import { isSelected, wantedFields } from './projection.js';

const schema = buildSchema(/* GraphQL */ `
  type Post {
    id: ID
    title: String
    headline: String
    author: User
    anything: String
    other: Thing
  }
  type User {
    id: ID
    name: String
  }
  union Thing = Post | User
  type Edge {
    cursor: String
    node: Post
  }
  type Page {
    nodes: [Post]
    edges: [Edge]
    pageInfo: Info
  }
  type Info {
    hasNextPage: Boolean
  }
  type Query {
    post: Post
    posts: Page
    thing: Thing
  }
`);
const needs: Record<string, readonly string[] | undefined> = {
  id: [],
  title: ['title'],
  headline: ['title', 'subtitle'],
  author: ['author'],
  other: ['other'],
  anything: undefined,
};
for (const [name, field] of Object.entries((schema.getType('Post') as GraphQLObjectType).getFields())) {
  field.extensions = { bulkhead: { coordinate: `Post.${name}`, needs: needs[name] } };
}

/** What a field wants below it, seen from inside its resolver. */
async function wanted(source: string, paths?: string[][], variableValues: Record<string, unknown> = {}) {
  let found: unknown;
  const resolve = (_args: unknown, _context: unknown, info: GraphQLResolveInfo) => {
    found = { fields: wantedFields(info, paths), hasNext: isSelected(info, 'pageInfo', 'hasNextPage') };
    return null;
  };
  const { errors } = await graphql({
    schema,
    source,
    variableValues,
    rootValue: { post: resolve, posts: resolve, thing: resolve },
  });
  expect(errors).toBeUndefined();
  return found as { fields: readonly string[] | undefined; hasNext: boolean };
}

test('fields ask for what they need, a reference for its own path only', async () => {
  expect((await wanted('{ post { id headline author { name } __typename } }')).fields).toEqual([
    'author',
    'subtitle',
    'title',
  ]);
});

test('aliases, fragments and merged fields come together', async () => {
  const source =
    '{ post { a: title ...F } post { ... on Post { author { id } } } } fragment F on Post { b: title ...G } fragment G on Post { headline }';
  expect((await wanted(source)).fields).toEqual(['author', 'subtitle', 'title']);
});

test('what @skip and @include leave out is not read', async () => {
  const source =
    'query ($yes: Boolean!, $no: Boolean!) { post { title @include(if: $no) author @skip(if: $yes) { id } ... @include(if: $yes) { id } } }';
  expect((await wanted(source, undefined, { yes: true, no: false })).fields).toEqual([]);
});

test('nodes and edges of a page come together; a leaf of the page is seen', async () => {
  const source =
    '{ posts { nodes { title } edges { cursor node { author { id } } } pageInfo { hasNextPage } } }';
  expect(await wanted(source, [['nodes'], ['edges', 'node']])).toEqual({
    fields: ['author', 'title'],
    hasNext: true,
  });
  expect(await wanted('{ posts { nodes { id } } }', [['nodes'], ['edges', 'node']])).toEqual({
    fields: [],
    hasNext: false,
  });
});

test('a field that does not say what it reads, and a union, read whole documents', async () => {
  expect((await wanted('{ post { title anything } }')).fields).toBeUndefined();
  expect((await wanted('{ thing { ... on Post { title } } }')).fields).toBeUndefined();
});

test('fragments that double at each level are opened once', async () => {
  const levels = 60;
  const fragments = Array.from(
    { length: levels },
    (_, n) => `fragment F${n} on Post { ...F${n + 1} ...F${n + 1} }`,
  );
  const source = `{ post { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Post { title }`;
  expect((await wanted(source)).fields).toEqual(['title']);
});

/** A field under a key, which may be another field's in another place. */
interface Asked {
  readonly key: string;
  readonly field: string;
  readonly below: readonly Asked[];
}
const key = fc.constantFrom('x', 'y', 'z', 'nodes', 'node', 'title');
const set = (field: fc.Arbitrary<{ field: string; below: readonly Asked[] }>) =>
  fc
    .uniqueArray(fc.tuple(key, field), { selector: ([one]) => one, minLength: 1, maxLength: 4 })
    .map((asked) => asked.map(([as, one]): Asked => ({ key: as, ...one })));
const leaf = (...names: string[]) => fc.constantFrom(...names).map((field) => ({ field, below: [] }));
const under = (field: string, below: fc.Arbitrary<readonly Asked[]>) =>
  fc.record({ field: fc.constant(field), below });
const post = set(
  fc.oneof(
    { weight: 5, arbitrary: leaf('id', 'title', 'headline', '__typename') },
    { weight: 1, arbitrary: leaf('anything') },
    { weight: 2, arbitrary: under('author', set(leaf('id', 'name'))) },
  ),
);
const page = set(
  fc.oneof(
    under('nodes', post),
    under('edges', set(fc.oneof(leaf('cursor'), under('node', post)))),
    under('pageInfo', set(leaf('hasNextPage', '__typename'))),
  ),
);
const text = (asked: readonly Asked[]): string =>
  `{ ${asked.map(({ key: as, field, below }) => `${as}: ${field} ${below.length > 0 ? text(below) : ''}`).join(' ')} }`;
/** Each leaf with nothing beside it. */
const alone = (asked: readonly Asked[]): readonly Asked[][] =>
  asked.flatMap((one) =>
    one.below.length === 0 ? [[one]] : alone(one.below).map((below) => [{ ...one, below }]),
  );

test('what is asked under many aliases is what each of them asks for alone', async () => {
  const paths = [['nodes'], ['edges', 'node']];
  await fc.assert(
    fc.asyncProperty(page, async (asked) => {
      const together = await wanted(`{ posts ${text(asked)} }`, paths);
      const apart = await Promise.all(alone(asked).map((one) => wanted(`{ posts ${text(one)} }`, paths)));
      const all = apart.map(({ fields }) => fields);
      expect(together).toEqual({
        fields: all.includes(undefined) ? undefined : [...new Set(all.flatMap((one) => one!))].sort(),
        hasNext: apart.some(({ hasNext }) => hasNext),
      });
    }),
    { numRuns: 300 },
  );
});
