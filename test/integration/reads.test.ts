import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MAX_PARENTS } from '../../src/graph/loaders.js';
import { blogPost, blogUser, stamped } from '../support/documents.js';
import { type Answer, type SeenCommand, TestGateway } from '../support/gateway.js';

const AUTHORS = 11;
const POSTS = 1_100;
const STATUSES = ['PUBLISHED', 'PUBLISHED', 'DRAFT', 'ARCHIVED', 'PUBLISHED'] as const;
const COMMENTS_EACH = 9;

const authors = Array.from({ length: AUTHORS }, (_, n) => blogUser(`Author ${n}`));
const posts = Array.from({ length: POSTS }, (_, n) =>
  blogPost(authors[n % AUTHORS]!, {
    title: `Post ${n}`,
    // Neither tag nor author says anything about the status.
    status: STATUSES[Math.floor(n / 7) % STATUSES.length],
    tags: [`tag-${n % 3}`],
    ...(STATUSES[Math.floor(n / 7) % STATUSES.length] !== 'DRAFT' && {
      publishedAt: new Date(Date.UTC(2026, 0, 1) + n * 60_000),
    }),
  }),
);
const newest = posts.filter((one) => one.status === 'PUBLISHED').reverse();
const comments = newest.slice(0, 30).flatMap((post) =>
  Array.from({ length: COMMENTS_EACH }, (_, n) => ({
    ...stamped({ body: `Remark ${n}`, authorName: 'x', author: authors[n]!._id, post: post._id }),
    createdAt: new Date(Date.UTC(2026, 1, 1) + n),
  })),
);

let gateway: TestGateway;
let admin: string;
beforeAll(async () => {
  gateway = await TestGateway.start();
  admin = await gateway.operator();
  await gateway.db('blog').collection('users').insertMany(authors);
  await gateway.db('blog').collection('posts').insertMany(posts);
  await gateway.db('blog').collection('comments').insertMany(comments);
});
afterAll(() => gateway.close());

const hex = ({ _id }: { readonly _id: mongoose.mongo.ObjectId }) => _id.toHexString();

const names = (commands: readonly SeenCommand[]) =>
  commands.map(({ name, command }) => `${name} ${command[name]}`);

/** Asks, and answers what was sent with the answer. */
async function seen(
  query: string,
  options: { composed?: boolean; variables?: Record<string, unknown>; token?: string } = {},
): Promise<{ answer: Answer; commands: SeenCommand[] }> {
  const { composed = false, ...ask } = options;
  let answer!: Answer;
  const commands = await gateway.commandsOf(async () => {
    answer = await gateway.ask(composed ? undefined : 'blog', query, ask);
  });
  return { answer, commands };
}

describe('batches', () => {
  const DEEP = `query ($first: Int) { posts(first: $first) { nodes {
    title author { name } comments(first: 2) { nodes { body author { name } post { title author { bio } } } }
  } } }`;

  test.each([2, 29])(
    'one command per level for %i posts, their comments and what those refer to',
    async (n) => {
      const { answer, commands } = await seen(DEEP, { variables: { first: n } });
      expect(answer.body.errors).toBeUndefined();
      expect(answer.body.data.posts.nodes).toHaveLength(n);
      expect(answer.body.data.posts.nodes[n - 1].comments.nodes[1]).toEqual({
        body: 'Remark 1',
        author: { name: 'Author 1' },
        post: { title: newest[n - 1]!.title, author: { bio: null } },
      });
      // Of 29 posts every author is known already when the comments ask for theirs.
      const namesOfCommenters = n === 2 ? ['find users'] : [];
      expect(names(commands).sort()).toEqual([
        'aggregate comments',
        'find posts',
        'find posts',
        'find users',
        'find users',
        ...namesOfCommenters,
      ]);
    },
  );

  test('a name is loaded once for each person, wherever it is asked for', async () => {
    const query =
      '{ posts(first: 29) { nodes { author { name } comments(first: 9) { nodes { author { name } } } } } }';
    const { commands } = await seen(query);
    const ids = commands
      .filter(({ command }) => command['find'] === 'users')
      .flatMap(({ command }) => command['filter']._id.$in ?? [command['filter']._id])
      .map(String);
    expect(ids.length).toBeGreaterThan(5);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('two selections of one class on one level are one command with the union of their fields', async () => {
    const query = `{ posts(first: 5) { nodes {
      a: author { name } b: author { bio }
      c: comments(first: 2) { nodes { body } } d: comments(first: 2) { nodes { authorName } }
    } } }`;
    const { answer, commands } = await seen(query);
    expect(answer.body.data.posts.nodes[0].c.nodes[0]).toEqual({ body: 'Remark 0' });
    expect(answer.body.data.posts.nodes[0].d.nodes[0]).toEqual({ authorName: 'x' });
    expect(names(commands).sort()).toEqual(['aggregate comments', 'find posts', 'find users']);
    const users = commands.find(({ command }) => command['find'] === 'users')!;
    expect(users.command['projection']).toEqual({ _id: 1, bio: 1, name: 1 });
  });

  test('asked twice for one id, it is loaded once; a hidden or unknown one is null', async () => {
    const [post, draft] = [newest[0]!, posts.find((one) => one.status === 'DRAFT')!];
    const query = `{ a: post(id: "${hex(post)}") { title } b: post(id: "${hex(post)}") { title tags }
      hidden: post(id: "${hex(draft)}") { title } unknown: post(id: "${hex(authors[0]!)}") { title } none: post(id: "x") { title } }`;
    const { answer, commands } = await seen(query);
    expect(answer.body).toEqual({
      data: {
        a: { title: post.title },
        b: { title: post.title, tags: post.tags },
        hidden: null,
        unknown: null,
        none: null,
      },
    });
    expect(names(commands)).toEqual(['find posts']);
    const [byId, rows] = commands[0]!.command['filter'].$and;
    expect(byId._id.$in.map(String)).toEqual([post._id, draft._id, authors[0]!._id].map(String));
    expect(rows).toEqual({ status: 'PUBLISHED' });
  });

  test('as many parents as one batch takes fit into one command', async () => {
    const { reader } = gateway.server.runtimes.get('blog')!.link;
    const values = posts.slice(-MAX_PARENTS).map((one) => one._id);
    const plan = { collection: 'comments', filter: {}, sort: { createdAt: 1, _id: 1 }, limit: 2 } as const;
    const rows = await reader.find(
      { ...plan, perParent: { path: 'post', values }, fields: [] },
      { comment: 'test', maxTimeMS: 10_000 },
    );
    const parents = new Set(values.map(String));
    expect(rows).toHaveLength(2 * newest.slice(0, 30).filter(({ _id }) => parents.has(String(_id))).length);
  });

  test('a reference to a document that is gone is null with REFERENCE_MISSING; its neighbours are complete', async () => {
    const gone = blogUser('Gone');
    const orphan = blogPost(gone, { publishedAt: new Date('2027-01-01T00:00:00Z') });
    await gateway.db('blog').collection('posts').insertOne(orphan);
    const { answer } = await seen('{ posts(first: 2) { nodes { authorName author { name } } } }');
    await gateway.db('blog').collection('posts').deleteOne({ _id: orphan._id });
    expect(answer.body.data.posts.nodes).toEqual([
      { authorName: 'Gone', author: null },
      { authorName: newest[0]!.authorName, author: { name: newest[0]!.authorName } },
    ]);
    expect(answer.body.errors).toMatchObject([
      { path: ['posts', 'nodes', 0, 'author'], extensions: { code: 'REFERENCE_MISSING' } },
    ]);
  });
});

describe('projection', () => {
  const projectionOf = async (query: string, options: Parameters<typeof seen>[1] = {}) => {
    const { answer, commands } = await seen(query, options);
    expect(answer.body.errors).toBeUndefined();
    const { _id, ...fields } = commands[0]!.command['projection'];
    expect(_id).toBe(1);
    return Object.keys(fields).sort().join(' ');
  };
  // `publishedAt` is the sort key, which the cursors need.
  const cases: readonly (readonly [string, string])[] = [
    ['posts { nodes { title } }', 'publishedAt title'],
    ['posts { nodes { t: title u: title other: body } }', 'body publishedAt title'],
    ['posts { nodes { title } edges { cursor node { tags } } }', 'publishedAt tags title'],
    ['posts { a: nodes { title } b: nodes { status } }', 'publishedAt status title'],
    ['posts { edges { cursor } }', 'publishedAt'],
    ['posts { pageInfo { hasNextPage } }', 'publishedAt'],
    ['posts { nodes { __typename id } }', 'publishedAt'],
    ['posts { nodes { author { name } } }', 'author publishedAt'],
    ['posts { nodes { author { id } } }', 'author publishedAt'],
    ['posts { nodes { comments(first: 1) { nodes { body } } } }', 'publishedAt'],
    ['posts { nodes { ...Named ... on Post { tags } ... { status } } }', 'body publishedAt status tags'],
    ['posts { ...OfConnection nodes { title } }', 'body publishedAt title'],
    [
      'posts { nodes { title @skip(if: $yes) body @include(if: $yes) tags @include(if: $no) } }',
      'body publishedAt',
    ],
    [
      'posts { nodes { title ...Named @skip(if: $yes) ... @include(if: $no) { tags } } }',
      'publishedAt title',
    ],
    ['posts { nodes @include(if: $no) { title } edges { node { createdAt } } }', 'createdAt publishedAt'],
  ];

  /** A valid document around a selection: it declares the variables and fragments that are used, and no others. */
  function documentOf(selection: string, composed: boolean): string {
    const variables = ['$yes: Boolean! = true', '$no: Boolean! = false'].filter((one) =>
      selection.includes(one.slice(0, one.indexOf(':'))),
    );
    const fragments = [
      'fragment Named on Post { body }',
      'fragment OfConnection on PostConnection { nodes { body } }',
    ].filter((one) => selection.includes(`...${one.split(' ')[1]}`));
    const head = `query Q${variables.length > 0 ? `(${variables.join(', ')})` : ''}`;
    const body = composed ? `{ blog { ${selection} } }` : `{ ${selection} }`;
    const text = [head, body, ...fragments].join(' ');
    return composed ? text.replaceAll('on Post', 'on BlogPost') : text;
  }

  test.each(cases)('%s', async (selection, expected) => {
    expect(await projectionOf(documentOf(selection, false))).toBe(expected);
    expect(await projectionOf(documentOf(selection, true), { composed: true })).toBe(expected);
  });

  test('rows are plain objects: nothing is hydrated', async () => {
    const init = vi.spyOn(mongoose.Document.prototype, 'init');
    const { reader, models } = gateway.server.runtimes.get('blog')!.link;
    await seen('{ posts(first: 5) { nodes { title author { name } comments { nodes { body } } } } }');
    expect(init).not.toHaveBeenCalled();
    models.model(models.classes[0]!).hydrate({ title: 'seen by the spy' });
    expect(init).toHaveBeenCalled();
    init.mockRestore();
    const plan = { collection: 'posts', filter: {}, limit: 1 };
    const [row] = await reader.find(plan, { comment: 'test', maxTimeMS: 1_000 });
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });
});

describe('documents examined', () => {
  /** What the database did for one query, by its own profiler. */
  async function profiled(query: string, token?: string) {
    const db = gateway.db('blog');
    const operation = `P${new mongoose.Types.ObjectId().toHexString()}`;
    await db.command({ profile: 2 });
    try {
      const answer = await gateway.ask('blog', `query ${operation} ${query}`, { token });
      expect(answer.body.errors).toBeUndefined();
      const entries = await db
        .collection('system.profile')
        .find({ 'command.comment': { $regex: `:${operation}:` } })
        .toArray();
      return { answer, entries };
    } finally {
      await db.command({ profile: 0 });
    }
  }
  const LIMIT = 21;

  const lists = [
    ['NEWEST, by anybody', '', 'anonymous', 20],
    ['OLDEST, by anybody', 'sort: OLDEST', 'anonymous', 20],
    ['of a status', 'filter: { status: PUBLISHED }', 'anonymous', 20],
    ['of a status that is hidden', 'filter: { status: DRAFT }', 'anonymous', 0],
    ['with a tag', 'filter: { tag: "tag-1" }', 'anonymous', 20],
    ['of an author', `filter: { author: "${hex(authors[3]!)}" }`, 'anonymous', 20],
    ['of a signed-in user', '', 'session', 20],
    ['NEWEST, by an administrator', '', 'admin', 20],
    ['drafts, by an administrator', 'filter: { status: DRAFT }', 'admin', 20],
    ['with a tag, by an administrator', 'filter: { tag: "tag-1" }', 'admin', 20],
    ['of an author, by an administrator', `filter: { author: "${hex(authors[3]!)}" }`, 'admin', 20],
  ] as const;

  test.each(lists)('posts %s: as many as are answered, and one', async (_, args, who, count) => {
    const token =
      who === 'admin' ? admin : who === 'session' ? (await gateway.signUp('blog')).token : undefined;
    const list = (more: string) => {
      const inner = [args, more].filter(Boolean).join(', ');
      return `{ posts${inner && `(${inner})`} { nodes { title } pageInfo { endCursor } } }`;
    };
    const first = await profiled(list(''), token);
    const { nodes, pageInfo } = first.answer.body.data.posts;
    expect(nodes).toHaveLength(count);
    expect(first.entries).toHaveLength(1);
    expect(first.entries[0]!['docsExamined']).toBe(count === 0 ? 0 : LIMIT);
    if (count === 0) return;
    const second = await profiled(list(`after: "${pageInfo.endCursor}"`), token);
    expect(second.answer.body.data.posts.nodes).toHaveLength(20);
    // The row of the cursor itself may be looked at once more.
    // One row again where the page begins; other people's hidden posts where the rule has two sides.
    const most = who === 'session' ? 2 * LIMIT : LIMIT + 1;
    expect(second.entries[0]!['docsExamined']).toBeLessThanOrEqual(most);
    expect(second.entries[0]!['planSummary']).not.toContain('COLLSCAN');
  });

  test('child lists: for each parent as many as are answered, and one', async () => {
    const { entries } = await profiled(
      '{ posts(first: 20) { nodes { comments(first: 3) { nodes { body } } } } }',
    );
    const [children] = entries.filter((one) => one['command'].aggregate === 'comments');
    expect(children!['docsExamined']).toBe(20 * (3 + 1));
  });
});
