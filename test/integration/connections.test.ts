import * as fc from 'fast-check';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { blogPost, blogUser, stamped } from '../support/documents.js';
import { TestGateway } from '../support/gateway.js';

type Post = ReturnType<typeof blogPost> & { publishedAt?: Date };
interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: Record<'startCursor' | 'endCursor', string | null> &
    Record<'hasNextPage' | 'hasPreviousPage', boolean>;
}

const author = blogUser('Author');
/** Few moments for many posts, and none for a third of them. */
const MOMENTS = [1, 2, 3, undefined].map((day) => day && new Date(Date.UTC(2026, 3, day)));
const makePost = (n: number): Post => {
  const publishedAt = MOMENTS[((n * 7) % 5) % MOMENTS.length];
  return blogPost(author, { title: `Post ${n}`, ...(publishedAt && { publishedAt }) });
};

let gateway: TestGateway;
let admin: string;
/** What is stored now. */
let posts: Post[];
/** Every command of the file, as text. */
const everything: string[] = [];

beforeAll(async () => {
  gateway = await TestGateway.start();
  admin = await gateway.operator();
  for (const { link } of gateway.server.runtimes.values())
    link.client.on('commandStarted', ({ command }) => everything.push(JSON.stringify(command)));
  await gateway.db('blog').collection('users').insertOne(author);
});
/** Stores a new list of posts, and nothing else. */
async function renew(): Promise<void> {
  posts = Array.from({ length: 45 }, (_, n) => makePost(n));
  await stored().deleteMany({});
  await stored().insertMany(posts);
}
beforeEach(renew);
afterAll(() => gateway.close());

const stored = () => gateway.db('blog').collection<Post>('posts');
const hex = ({ _id }: { readonly _id: mongo.ObjectId }) => _id.toHexString();

/** The order a list promises, computed plainly. */
function inOrder(rows: readonly Post[], sort: string): Post[] {
  const newest = [...rows].sort((a, b) => {
    const [left, right] = [a.publishedAt?.getTime() ?? -1, b.publishedAt?.getTime() ?? -1];
    return right - left || (hex(a) < hex(b) ? 1 : -1);
  });
  return sort === 'NEWEST' ? newest : newest.reverse();
}

const QUERY = `query ($sort: PostSort, $first: Int, $after: String, $last: Int, $before: String) {
  posts(sort: $sort, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }`;
async function page(variables: Record<string, unknown>): Promise<Page> {
  const { body } = await gateway.ask('blog', QUERY, { token: admin, variables });
  expect(body.errors).toBeUndefined();
  return body.data.posts as Page;
}
const idsOf = ({ edges }: Page) => edges.map(({ node }) => node.id);

/** Walks a whole list, page by page, and answers the ids in the list's order. */
async function walk(
  sort: string,
  size: number,
  backwards: boolean,
  between: (page: Page) => Promise<void> = async () => {},
): Promise<{ ids: string[]; pages: Page[] }> {
  const pages: Page[] = [];
  for (let cursor: string | null = null; ;) {
    const one: Page = await page(
      backwards ? { sort, last: size, before: cursor } : { sort, first: size, after: cursor },
    );
    pages.push(one);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = one.pageInfo;
    if (!(backwards ? hasPreviousPage : hasNextPage)) break;
    cursor = backwards ? startCursor : endCursor;
    await between(one);
  }
  const inListOrder = backwards ? [...pages].reverse() : pages;
  return { ids: inListOrder.flatMap(idsOf), pages };
}

const sorts = fc.constantFrom('NEWEST', 'OLDEST');

describe('paging', () => {
  test('in any size and either direction gives exactly the list, in order', async () => {
    const property = fc.asyncProperty(
      sorts,
      fc.integer({ min: 3, max: 50 }),
      fc.boolean(),
      async (sort, size, backwards) => {
        const { ids, pages } = await walk(sort, size, backwards);
        expect(ids).toEqual(inOrder(posts, sort).map(hex));
        pages.forEach(({ pageInfo }, n) => {
          const [towards, away] = [n < pages.length - 1, n > 0];
          expect([pageInfo.hasNextPage, pageInfo.hasPreviousPage]).toEqual(
            backwards ? [away, towards] : [towards, away],
          );
        });
      },
    );
    await fc.assert(property, {
      numRuns: 10,
      examples: [
        ['NEWEST', 1, false],
        ['OLDEST', 1, true],
        ['NEWEST', 45, false],
      ],
    });
  });

  test('while rows come and go, those that stay are seen once and in order', async () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 44 }), fc.nat({ max: 60 })), {
      minLength: 8,
      maxLength: 8,
    });
    const property = fc.asyncProperty(
      sorts,
      fc.integer({ min: 4, max: 12 }),
      fc.boolean(),
      changes,
      async (sort, size, backwards, plan) => {
        await renew();
        const before = [...posts];
        const [added, removed] = [new Set<string>(), new Set<string>()];
        let step = 0;
        const { ids } = await walk(sort, size, backwards, async (last) => {
          const [victim, seed] = plan[step++ % plan.length]!;
          // The row of the cursor itself goes, too: a cursor names a place, not a row.
          const atCursor = backwards ? last.edges[0] : last.edges.at(-1);
          const gone = [
            before[victim]!,
            ...(seed % 3 === 0 ? before.filter((one) => hex(one) === atCursor?.node.id) : []),
          ];
          const come = makePost(seed);
          await stored().deleteMany({ _id: { $in: gone.map(({ _id }) => _id) } });
          await stored().insertOne(come);
          for (const one of gone) removed.add(hex(one));
          added.add(hex(come));
        });
        expect(new Set(ids).size).toBe(ids.length);
        const staying = inOrder(before, sort)
          .map(hex)
          .filter((id) => !removed.has(id));
        expect(ids.filter((id) => !added.has(id) && !removed.has(id))).toEqual(staying);
      },
    );
    await fc.assert(property, { numRuns: 8 });
  });

  test('every combination of arguments answers its slice, and says exactly what lies around it', async () => {
    const all = await page({ first: 100 });
    const cursors = new Map(all.edges.map(({ node, cursor }) => [node.id, cursor]));
    const list = inOrder(posts, 'NEWEST');
    const property = fc.asyncProperty(
      fc.nat({ max: 44 }),
      fc.constantFrom('after', 'before', undefined),
      fc.constantFrom('first', 'last'),
      fc.integer({ min: 0, max: 50 }),
      fc.boolean(),
      async (at, side, count, size, isGone) => {
        const cursorRow = list[at]!;
        if (isGone) await stored().deleteOne({ _id: cursorRow._id });
        try {
          const rows =
            isGone && side
              ? list.filter((one) => one !== cursorRow)
              : isGone
                ? list.filter((one) => one !== cursorRow)
                : list;
          const [from, to] = [
            side === 'after' ? (isGone ? at : at + 1) : 0,
            side === 'before' ? at : rows.length,
          ];
          const [start, end] =
            count === 'first' ? [from, Math.min(to, from + size)] : [Math.max(from, to - size), to];
          const variables = { [count]: size, ...(side && { [side]: cursors.get(hex(cursorRow)) }) };
          const { edges, pageInfo } = await page(variables);
          expect(edges.map(({ node }) => node.id)).toEqual(rows.slice(start, end).map(hex));
          expect(pageInfo).toEqual({
            hasPreviousPage: start > 0,
            hasNextPage: end < rows.length,
            startCursor: start < end ? cursors.get(hex(rows[start]!)) : null,
            endCursor: start < end ? cursors.get(hex(rows[end - 1]!)) : null,
          });
        } finally {
          if (isGone) await stored().insertOne(cursorRow);
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  test('child lists say exactly what lies around a page, each for its own parent', async () => {
    const [many, one] = [posts[0]!, posts[1]!];
    const remark = (post: Post, n: number) =>
      stamped(
        { body: `${n}`, authorName: 'x', author: author._id, post: post._id },
        new Date(Date.UTC(2026, 1, 1 + (n >> 1))),
      );
    const comments = [...Array.from({ length: 7 }, (_, n) => remark(many, n)), remark(one, 6)];
    await gateway.db('blog').collection('comments').insertMany(comments);
    const query = `query ($after: String) { ${[many, one]
      .map(
        (post, n) => `p${n}: post(id: "${hex(post)}") { comments(first: 3, after: $after) {
        edges { cursor node { body } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
      )
      .join(' ')} }`;
    const bodies: string[] = [];
    const flags: boolean[][] = [];
    for (let after: string | null = null; ;) {
      const { body } = await gateway.ask('blog', query, { variables: { after } });
      const { edges, pageInfo } = body.data.p0.comments;
      bodies.push(...edges.map((edge: { node: { body: string } }) => edge.node.body));
      flags.push([
        pageInfo.hasPreviousPage,
        pageInfo.hasNextPage,
        body.data.p1.comments.pageInfo.hasPreviousPage,
      ]);
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(bodies).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    // The other post has one remark, which lies after both cursors: nothing of its own is before them.
    expect(flags).toEqual([
      [false, true, false],
      [true, true, false],
      [true, false, false],
    ]);
    const commands = await gateway.commandsOf(() =>
      gateway.ask('blog', query, { variables: { after: null } }),
    );
    expect(commands.map(({ name }) => name)).toEqual(['find', 'aggregate']);
  });
});

describe('arguments', () => {
  test.each([
    [{ first: 1, last: 1 }, 'first and last: expected one of them, got both.'],
    [{ after: 'a', before: 'b' }, 'after and before: expected one of them, got both.'],
    [{ first: -1 }, 'first: expected 0 to 100, got -1.'],
    [{ last: -3 }, 'last: expected 0 to 100, got -3.'],
    [{ first: 101 }, 'first: expected 0 to 100, got 101.'],
    [{ last: 101 }, 'last: expected 0 to 100, got 101.'],
  ])('%o is refused before anything is read', async (variables, message) => {
    const commands = await gateway.commandsOf(async () => {
      const { body, status } = await gateway.ask('blog', QUERY, { variables, token: admin });
      expect([status, body.errors?.[0].message, body.errors?.[0].extensions.code]).toEqual([
        200,
        message,
        'BAD_USER_INPUT',
      ]);
    });
    expect(commands).toEqual([]);
  });

  test('0 answers nothing but the flags, 100 is allowed, 20 is the default, null counts as left out', async () => {
    expect(await page({ first: 0 })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
    expect((await page({ first: 100 })).edges).toHaveLength(45);
    expect((await page({})).edges).toHaveLength(20);
    expect((await page({ first: null, last: 5, after: null })).edges).toHaveLength(5);
  });
});

describe('cursors', () => {
  const encode = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const LIST = '1:blog:posts:publishedAt:-1';
  const ID = 'a'.repeat(24);

  test('that are malformed, foreign or dressed up reach no filter', async () => {
    const own = (await page({ first: 1 })).edges[0]!.cursor;
    const oldest = (await page({ first: 1, sort: 'OLDEST' })).edges[0]!.cursor;
    const bad: readonly string[] = [
      '',
      ' ',
      'x',
      own.slice(0, -4),
      own.slice(4),
      `${own}=`,
      `${own}!`,
      own + own,
      oldest,
      encode('null'),
      encode('{}'),
      encode('[]'),
      encode('{"$gt":""}'),
      encode('{"__proto__":{"a":1}}'),
      encode([LIST]),
      encode([LIST, 1, ID, 1]),
      encode([LIST, { $gt: 0 }, ID]),
      encode([LIST, [1], ID]),
      encode([LIST, '2026', ID]),
      encode([LIST, true, ID]),
      encode([LIST, 1.5, ID]),
      encode([LIST, 9e15, ID]),
      encode([LIST, 1, { $ne: null }]),
      encode([LIST, 1, 'x']),
      encode([LIST, 1, null]),
      encode([LIST, 1, [ID]]),
      encode([{ toString: LIST }, 1, ID]),
      encode(`["${LIST}",{"__proto__":{"x":1}},"${ID}"]`),
      encode(`["${LIST}",1e999,"${ID}"]`),
      encode(['0:blog:posts:publishedAt:-1', 1, ID]),
      encode(['1:aviation:posts:publishedAt:-1', 1, ID]),
      encode(['1:blog:comments:createdAt:1', 1, ID]),
      encode(['1:blog:posts:_id:-1', 1, ID]),
      encode([LIST, 1, ID, 'x'.repeat(5_000)]),
      'A'.repeat(3_000),
    ];
    for (const cursor of bad) {
      for (const variables of [
        { first: 2, after: cursor },
        { last: 2, before: cursor },
      ]) {
        const commands = await gateway.commandsOf(async () => {
          const { body, status } = await gateway.ask('blog', QUERY, { variables, token: admin });
          expect([cursor, status, body.data, body.errors?.[0].extensions.code]).toEqual([
            cursor,
            200,
            null,
            'CURSOR_INVALID',
          ]);
        });
        expect(commands).toEqual([]);
      }
    }
  });

  test('of one product, list or child list are refused in another', async () => {
    const own = (await page({ first: 1 })).edges[0]!.cursor;
    const asked = [
      ['blog', `{ post(id: "${hex(posts[0]!)}") { comments(after: "${own}") { nodes { id } } } }`],
      ['aviation', `{ questions(after: "${own}") { nodes { id } } }`],
      ['aviation', `{ attempts(student: "${ID}", before: "${own}") { nodes { id } } }`],
      ['aviation', `{ transfers(account: "${ID}", after: "${own}") { nodes { id } } }`],
    ] as const;
    for (const [product, query] of asked) {
      const { body } = await gateway.ask(product, query, { token: admin });
      expect([query, body.errors?.[0].extensions.code]).toEqual([query, 'CURSOR_INVALID']);
    }
  });

  test('a good one reaches the filter as a date and an id, and nothing else', async () => {
    const { edges } = await page({ first: 1 });
    const row = inOrder(posts, 'NEWEST')[0]!;
    const [command] = await gateway.commandsOf(() => page({ first: 2, after: edges[0]!.cursor }));
    expect(command!.command['filter']).toEqual({
      publishedAt: { $not: { $gt: row.publishedAt } },
      $or: [{ publishedAt: { $ne: row.publishedAt } }, { _id: { $lt: row._id } }],
    });
  });
});

test('no command ever skips', () => {
  expect(everything.length).toBeGreaterThan(200);
  expect(everything.filter((text) => /"\$?skip"/.test(text))).toEqual([]);
});
