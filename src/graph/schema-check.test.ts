import { buildSchema, Kind, parse, print, validateSchema, visit } from 'graphql';
import { describe, expect, test } from 'vitest';
import { checkSchema } from './schema-check.js';

const BASE = `
  directive @upper on FIELD
  type Query { node(id: ID!): Node  posts(filter: Filter, first: Int = 20, tag: String): [Post!]!  found: [Found!]! }
  type Mutation { write(post: PostInput!): Post  erase(id: ID!): Boolean }
  interface Node { id: ID! }
  type Post implements Node { id: ID!  title: String!  words: Int  status: Status!  author: User }
  type User implements Node { id: ID!  name: String }
  type Page { title: String }
  union Found = Post | Page
  enum Status { DRAFT PUBLISHED }
  input Filter { status: Status  author: String }
  input PostInput { title: String!  filter: Filter }
`;
const OPERATIONS = {
  Titles: 'query Titles { posts { title } }',
  Tagged: 'query Tagged($tag: String) { posts(tag: $tag) { ...Short } } fragment Short on Post { id words }',
  Drafts: 'query Drafts { posts(filter: { status: DRAFT }) { id } }',
  States: 'query States { posts { status } }',
  Anything: 'query Anything($filter: Filter) { posts(filter: $filter) { id } }',
  Node: 'query Node { node(id: 1) { id } }',
  Found: 'query Found { found { ... on Page { title @upper } } }',
  Write: 'mutation Write($post: PostInput!) { write(post: $post) { id } }',
};
const texts = new Map(Object.entries(OPERATIONS));

/** Who notices what changed, and who is not answered any more. */
async function check(from: string, to: string) {
  expect(BASE).toContain(from);
  const { changes, broken } = await checkSchema(
    buildSchema(BASE),
    buildSchema(BASE.replace(from, to)),
    texts,
  );
  return {
    noticed: Object.fromEntries(
      changes.map(({ kind, usedBy }) => [kind, usedBy.map(({ name }) => name).join(' ')]),
    ),
    broken: Object.fromEntries(broken.map(({ hash, problems }) => [hash, problems.join(' ')])),
  };
}

describe('a breaking change', () => {
  test.each([
    ['a field', 'words: Int', '', 'FIELD_REMOVED', 'Tagged', /Cannot query field "words" on type "Post"/],
    ['a field nobody asks for', 'author: User', '', 'FIELD_REMOVED', '', undefined],
    ['an argument', ', tag: String', '', 'FIELD_ARGUMENT_REMOVED', 'Tagged', /Unknown argument "tag"/],
    ['a mutation nobody sends', 'erase(id: ID!): Boolean', '', 'FIELD_REMOVED', '', undefined],
    // In the text, in answers, and in variables, whose values nobody knows.
    [
      'a value',
      'DRAFT',
      '',
      'ENUM_VALUE_REMOVED',
      'Drafts States Anything Write',
      /"DRAFT" does not exist in "Status"/,
    ],
    ['a field of an input', 'author: String', '', 'INPUT_FIELD_REMOVED', 'Anything Write', undefined],
    ['a member', '| Page', '', 'UNION_MEMBER_REMOVED', 'Found', /can never be of type "Page"/],
    [
      'a directive',
      'directive @upper on FIELD',
      '',
      'DIRECTIVE_REMOVED',
      'Found',
      /Unknown directive "@upper"/,
    ],
  ])('%s that is gone', async (_, from, to, kind, users, problem) => {
    const { noticed, broken } = await check(from, to);
    expect(noticed).toEqual({ [kind]: users });
    if (problem) expect(Object.values(broken)).toEqual([expect.stringMatching(problem)]);
    else expect(broken).toEqual({});
  });

  test.each([
    ['a type', 'words: Int', 'words: String', { FIELD_TYPE_CHANGED: 'Tagged' }],
    ['null in an answer', 'title: String!  words', 'title: String  words', { FIELD_TYPE_CHANGED: 'Titles' }],
    // Behind an interface too.
    [
      'an implementer',
      'User implements Node { id: ID!',
      'User implements Node { id: ID! @deprecated',
      { FIELD_DEPRECATION_ADDED: 'Node' },
    ],
    [
      'a required field of an input',
      'input Filter {',
      'input Filter { tag: ID!',
      { INPUT_FIELD_ADDED: 'Drafts Anything Write' },
    ],
    [
      'a default',
      'Int = 20',
      'Int = 10',
      { FIELD_ARGUMENT_DEFAULT_CHANGED: 'Titles Tagged Drafts States Anything' },
    ],
  ])('%s is noticed by whoever uses it', async (_, from, to, expected) => {
    expect((await check(from, to)).noticed).toEqual(expected);
  });

  test('a required argument breaks whoever does not give it', async () => {
    const { noticed, broken } = await check('tag: String', 'tag: String!');
    expect(noticed).toEqual({ FIELD_ARGUMENT_TYPE_CHANGED: 'Titles Tagged Drafts States Anything' });
    expect(Object.keys(broken)).toEqual(['Titles', 'Tagged', 'Drafts', 'States', 'Anything']);
  });

  test('all mutations at once', async () => {
    const { noticed, broken } = await check('type Mutation', 'type Former');
    expect(noticed).toMatchObject({ TYPE_REMOVED: 'Write', TYPE_ADDED: '' });
    expect(broken).toEqual({ Write: 'The schema has no type for a mutation.' });
  });
});

/** Every schema that differs from the base in one thing that is gone, or that must be given now. */
function* mutants(): Generator<[what: string, sdl: string]> {
  const document = parse(BASE, { noLocation: true });
  const places: (readonly (string | number)[])[] = [];
  visit(document, {
    enter: (node, key, _, path) => void (node.kind !== Kind.NAME && places.push([...path])),
  });
  for (const place of places) {
    for (const change of ['gone', 'required'] as const) {
      let what: string | undefined;
      const changed = visit(document, {
        enter(node, key, parent, path) {
          if (path.length !== place.length || path.some((step, i) => step !== place[i])) return undefined;
          if (change === 'required') {
            if (node.kind !== Kind.INPUT_VALUE_DEFINITION || node.type.kind === Kind.NON_NULL_TYPE)
              return undefined;
            what = `${print(node)} is required`;
            const { defaultValue: _none, ...rest } = node;
            return { ...rest, type: { kind: Kind.NON_NULL_TYPE as const, type: node.type } };
          }
          // Members of lists only: without anything else there would be no document.
          if (typeof key !== 'number' || node.kind === Kind.DOCUMENT) return undefined;
          what = `${print(node)} is gone`;
          return null;
        },
      });
      if (what !== undefined) yield [what, print(changed)];
    }
  }
}

test('whoever would not be answered is among those who notice, whatever changed', async () => {
  const before = buildSchema(BASE);
  let count = 0;
  for (const [what, sdl] of mutants()) {
    let after;
    try {
      after = buildSchema(sdl);
    } catch {
      continue;
    }
    if (validateSchema(after).length > 0) continue;
    const { changes, broken } = await checkSchema(before, after, texts);
    const noticing = new Set(
      changes
        .filter(({ level }) => level === 'breaking')
        .flatMap(({ usedBy }) => usedBy.map(({ name }) => name)),
    );
    for (const { name } of broken) expect(noticing, `${name}: ${what}`).toContain(name);
    count += broken.length;
  }
  expect(count).toBeGreaterThan(30);
});

test('an addition is nobody’s concern', async () => {
  expect(await check('words: Int', 'words: Int pages: Int')).toEqual({
    noticed: { FIELD_ADDED: '' },
    broken: {},
  });
});

test('what could never be answered, or be read, is told by its hash', async () => {
  const schema = buildSchema(BASE);
  const odd = new Map([
    ['a1', '{ nothing }'],
    ['b2', '{{{'],
  ]);
  expect(await checkSchema(schema, schema, odd)).toEqual({
    changes: [],
    broken: [
      { name: '-', hash: 'a1', problems: ['Cannot query field "nothing" on type "Query".'] },
      { name: '-', hash: 'b2', problems: [expect.stringContaining('Syntax Error')] },
    ],
  });
});
