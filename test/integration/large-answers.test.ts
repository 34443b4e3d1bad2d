import { Types } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { turns } from '../../src/compartment/turns.js';
import { defineGateway } from '../../src/product/gateway.js';
import { TestGateway } from '../support/gateway.js';

const POSTS = 100;
const COMMENTS = 80;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({ composed: 'public', products: { blog: config.products['blog']! } }),
  });
  const now = new Date();
  const stored = <T extends object>(document: T) => ({
    _id: new Types.ObjectId(),
    ...document,
    createdAt: now,
    updatedAt: now,
  });
  const users = Array.from({ length: POSTS * COMMENTS }, (_, at) =>
    stored({ name: `User ${at}`, email: `user-${at}@example.org`, passwordHash: '-' }),
  );
  const posts = users.slice(0, POSTS).map(({ _id: author, name: authorName }, at) =>
    stored({
      title: `Post ${at}`,
      body: 'A post.',
      status: 'PUBLISHED',
      tags: [],
      author,
      authorName,
      publishedAt: now,
    }),
  );
  const comments = users.map(({ _id: author, name: authorName }, at) =>
    stored({ body: `Comment ${at}`, author, authorName, post: posts[at % POSTS]!._id }),
  );
  const db = gateway.db('blog');
  await db.collection('users').insertMany(users);
  await db.collection('posts').insertMany(posts);
  await db.collection('comments').insertMany(comments);
});
afterAll(() => gateway.close());

const comments = `comments(first: ${COMMENTS}) { nodes { body authorName author { name } } }`;
const query = `{ posts(first: ${POSTS}) { nodes { title ${comments} } } }`;

test.each([
  ['blog', query],
  [undefined, query.replace('posts', 'blog { posts').replace(/\}$/, '} }')],
])(
  'sixteen thousand objects of %s take turns with the neighbours, and few commands',
  async (product, asked) => {
    // Interpreted, compiled, compiled again.
    for (let time = 0; time < 3; time += 1) {
      const over = new AbortController();
      let betweenPieces = 0;
      // A neighbour that always waits has each turn between two of the answer's; alone it has none to wait for.
      const neighbour = (async () => {
        while (!over.signal.aborted) {
          const turn = turns.take('neighbour');
          await (turn ?? new Promise((resolve) => setImmediate(resolve)));
          if (turn) betweenPieces += 1;
        }
      })();
      let answer;
      const commands = await gateway.commandsOf(async () => {
        answer = await gateway.ask(product, asked);
      });
      over.abort();
      await neighbour;
      const { body } = answer as unknown as Awaited<ReturnType<typeof gateway.ask>>;
      expect(body.errors).toBeUndefined();
      const found = (body.data.blog ?? body.data).posts.nodes as {
        comments: { nodes: { authorName: string; author: { name: string } }[] };
      }[];
      const authors = found.flatMap((post) => post.comments.nodes);
      expect(authors).toHaveLength(POSTS * COMMENTS);
      for (const { authorName, author } of authors) expect(author.name).toBe(authorName);
      expect(betweenPieces).toBeGreaterThan(40);

      const count = (name: string, field: string) =>
        commands.filter((one) => one.name === name && String(one.command['comment']).endsWith(field)).length;
      expect(count('find', 'Query.posts')).toBe(1);
      // The comments come in batches, since a reply is decoded in one go.
      expect(count('aggregate', 'Post.comments')).toBe(1);
      expect(count('getMore', 'Post.comments')).toBe(4);
      // A thousand ids in each.
      expect(count('find', 'Comment.author')).toBe(8);
    }
  },
);
