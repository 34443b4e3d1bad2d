import {
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  GraphQLEnumType,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { findSchemaChanges } from './schema-changes.js';

const BASE = `
  directive @upper(locale: String, times: Int! = 1) on FIELD
  directive @mark repeatable on FIELD
  "Where it begins."
  type Query { post(id: ID!): Post  posts(filter: Filter, first: Int = 20, last: Int! = 20, tag: String): [Post!]!  found: Found }
  type Mutation { write(filter: Filter): Int }
  type Post { id: ID!  title: String!  words: Int  body: String  status: Status }
  type Page { title: String }
  union Found = Post | Page
  interface Node { id: ID! }
  enum Status { DRAFT PUBLISHED }
  input Filter { status: Status  author: String  words: Int! = 0 }
`;
const rewrite = (from: string, to: string) => {
  expect(BASE).toContain(from);
  return BASE.replace(from, to);
};
const changesOf = async (after: string) =>
  (await findSchemaChanges(buildSchema(BASE), buildSchema(after))).map(
    ({ level, kind, at }) => `${level} ${kind} ${at}`,
  );

test.each([
  ['a removed field', 'words: Int', '', ['breaking FIELD_REMOVED Post.words']],
  ['a changed type', 'words: Int', 'words: String', ['breaking FIELD_TYPE_CHANGED Post.words']],
  [
    'an answer that may be null',
    'title: String!',
    'title: String',
    ['breaking FIELD_TYPE_CHANGED Post.title'],
  ],
  ['an answer that is never null', 'body: String', 'body: String!', ['safe FIELD_TYPE_CHANGED Post.body']],
  ['a list with gaps', '[Post!]!', '[Post]!', ['breaking FIELD_TYPE_CHANGED Query.posts']],
  [
    'a required argument',
    'post(id: ID!',
    'post(id: ID!, at: Int!',
    ['breaking FIELD_ARGUMENT_ADDED Query.post.at'],
  ],
  [
    'an argument that is required now',
    'tag: String',
    'tag: String!',
    ['breaking FIELD_ARGUMENT_TYPE_CHANGED Query.posts.tag'],
  ],
  ['a removed argument', ', tag: String', '', ['breaking FIELD_ARGUMENT_REMOVED Query.posts.tag']],
  [
    'an optional argument',
    'post(id: ID!',
    'post(id: ID!, at: Int',
    ['safe FIELD_ARGUMENT_ADDED Query.post.at'],
  ],
  [
    'a required argument with a default',
    'post(id: ID!',
    'post(id: ID!, at: Int! = 1',
    ['safe FIELD_ARGUMENT_ADDED Query.post.at'],
  ],
  ['another default', 'Int = 20', 'Int = 10', ['dangerous FIELD_ARGUMENT_DEFAULT_CHANGED Query.posts.first']],
  [
    'another default of what is never null',
    'Int! = 20',
    'Int! = 10',
    ['dangerous FIELD_ARGUMENT_DEFAULT_CHANGED Query.posts.last'],
  ],
  [
    'an optional argument without its default',
    'Int = 20',
    'Int',
    ['dangerous FIELD_ARGUMENT_DEFAULT_CHANGED Query.posts.first'],
  ],
  [
    'a required argument without its default',
    'Int! = 20',
    'Int!',
    ['breaking FIELD_ARGUMENT_DEFAULT_CHANGED Query.posts.last'],
  ],
  [
    'a required input field without its default',
    'Int! = 0',
    'Int!',
    ['breaking INPUT_FIELD_DEFAULT_VALUE_CHANGED Filter.words'],
  ],
  [
    'a required argument of a directive without its default',
    'Int! = 1',
    'Int!',
    ['breaking DIRECTIVE_ARGUMENT_DEFAULT_VALUE_CHANGED @upper.times'],
  ],
  ['a new field', 'words: Int', 'words: Int  pages: Int', ['safe FIELD_ADDED Post.pages']],
  [
    'a new type, told once',
    'type Page',
    'type Book { a: Int  b(c: Int): Int } type Page',
    ['safe TYPE_ADDED Book'],
  ],
  ['a removed type', '| Page', '', ['breaking UNION_MEMBER_REMOVED Found']],
  ['a new member of a union', 'Post | Page', 'Post | Page | Query', ['dangerous UNION_MEMBER_ADDED Found']],
  ['a new value of an enum', 'DRAFT', 'DRAFT SECRET', ['dangerous ENUM_VALUE_ADDED Status.SECRET']],
  ['a removed value of an enum', 'DRAFT', '', ['breaking ENUM_VALUE_REMOVED Status.DRAFT']],
  [
    'a deprecation, told once',
    'words: Int',
    'words: Int @deprecated(reason: "x")',
    ['safe FIELD_DEPRECATION_ADDED Post.words.@deprecated'],
  ],
  [
    'an optional input field',
    'author: String',
    'author: String  tag: ID',
    ['safe INPUT_FIELD_ADDED Filter.tag'],
  ],
  [
    'a required input field',
    'author: String',
    'author: String  tag: ID!',
    ['breaking INPUT_FIELD_ADDED Filter.tag'],
  ],
  ['a removed input field', 'author: String', '', ['breaking INPUT_FIELD_REMOVED Filter.author']],
  [
    'an input of one field only',
    'input Filter',
    'input Filter @oneOf',
    ['breaking DIRECTIVE_USAGE_INPUT_OBJECT_ADDED Filter.@oneOf'],
  ],
  [
    'a removed directive',
    'directive @upper(locale: String, times: Int! = 1) on FIELD',
    '',
    ['breaking DIRECTIVE_REMOVED @upper'],
  ],
  [
    'a directive that may be given once only',
    '@mark repeatable on',
    '@mark on',
    ['breaking DIRECTIVE_REPEATABLE_REMOVED @mark'],
  ],
  ['another description', 'Where it begins.', 'Where it ends.', ['safe TYPE_DESCRIPTION_CHANGED Query']],
  [
    'a description of an argument of a directive',
    'locale: String',
    '"Whose." locale: String',
    ['safe DIRECTIVE_ARGUMENT_DESCRIPTION_CHANGED @upper.locale'],
  ],
  [
    'what is looked at nowhere else',
    '"Where it begins."',
    '"All." schema { query: Query mutation: Mutation } "Where it begins."',
    ['safe TEXT_CHANGED undefined'],
  ],
  [
    'a removed field beside a new interface',
    'type Post { id: ID!  title: String!',
    'type Post implements Node { id: ID!',
    ['breaking FIELD_REMOVED Post.title', 'dangerous OBJECT_TYPE_INTERFACE_ADDED Node'],
  ],
  [
    'a new type of a known interface',
    'type Page',
    'type Book implements Node { id: ID! } type Page',
    ['dangerous OBJECT_TYPE_INTERFACE_ADDED Node', 'safe TYPE_ADDED Book'],
  ],
  [
    'a new interface of a known type',
    'type Page {',
    'interface Titled { title: String } type Page implements Titled {',
    ['dangerous OBJECT_TYPE_INTERFACE_ADDED Page', 'safe TYPE_ADDED Titled'],
  ],
  ['another layout', '  enum', '\n\n# why\nenum', []],
])('%s', async (_, from, to, expected) => {
  const after = rewrite(from, to);
  expect(await changesOf(after)).toEqual(expected);
  // Nothing that the reference implementation calls breaking is called less here.
  const [one, other] = [buildSchema(BASE), buildSchema(after)];
  expect(expected.filter((line) => line.startsWith('breaking')).length).toBeGreaterThanOrEqual(
    findBreakingChanges(one, other).length,
  );
  if (findDangerousChanges(one, other).length > 0) expect(expected).not.toEqual([]);
});

test('a default that is gone is told in words', async () => {
  const after = buildSchema(rewrite('Int! = 0', 'Int!'));
  const [change] = await findSchemaChanges(buildSchema(BASE), after);
  expect(change!.message).toMatch(/changed from '0' to none$/);
});

describe('a schema of code', () => {
  test('has other values behind the names of its enums, which is no change', async () => {
    const Size = new GraphQLEnumType({ name: 'Size', values: { SMALL: { value: 'small' } } });
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { shoe: { type: GraphQLString, args: { size: { type: Size, defaultValue: 'small' } } } },
    });
    const written = buildSchema('enum Size { SMALL } type Query { shoe(size: Size = SMALL): String }');
    expect(await findSchemaChanges(written, new GraphQLSchema({ query }))).toEqual([]);
  });
});
