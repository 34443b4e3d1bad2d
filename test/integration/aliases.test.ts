import { afterAll, beforeAll, expect, test } from 'vitest';
import { blogPost, blogUser } from '../support/documents.js';
import { TestGateway } from '../support/gateway.js';

const author = blogUser('Author');
let gateway: TestGateway;
let admin: string;
let newest: ReturnType<typeof blogPost>;

beforeAll(async () => {
  gateway = await TestGateway.start();
  admin = await gateway.operator();
  await gateway.db('blog').collection('users').insertOne(author);
  const [older, last] = [1, 2].map((day) =>
    blogPost(author, { title: `Post ${day}`, publishedAt: new Date(Date.UTC(2026, 3, day)) }),
  );
  newest = last!;
  await gateway.db('blog').collection('posts').insertMany([older!, newest]);
});
afterAll(() => gateway.close());

test('one key may stand for different fields under the aliases of a connection’s fields', async () => {
  const fields = `a: nodes { x: title } b: nodes { x: author { name } } c: edges { n: node { x: status } }
    d: edges { n: node { x: comments(first: 1) { a: pageInfo { x: hasNextPage } b: pageInfo { x: hasPreviousPage } } } }
    e: pageInfo { x: endCursor } f: pageInfo { x: hasPreviousPage }`;
  const start = await gateway.ask('blog', '{ posts(first: 1) { pageInfo { endCursor } } }', { token: admin });
  const after = start.body.data.posts.pageInfo.endCursor;
  for (const [to, args] of [
    ['blog', 'first: 1'],
    ['blog', 'first: 1, after: $after'],
    [undefined, 'first: 1'],
    [undefined, 'first: 1, after: $after'],
  ] as const) {
    const list = `list: posts(${args}) { ${fields} }`;
    const query = `${args.includes('$') ? 'query ($after: String)' : ''} { ${to ? list : `blog { ${list} }`} }`;
    const { body } = await gateway.ask(to, query, { token: admin, variables: { after } });
    expect(body.errors).toBeUndefined();
    const { list: page } = to ? body.data : body.data.blog;
    if (args.includes('$')) {
      expect(page).toMatchObject({ b: [{ x: { name: author.name } }], f: { x: true } });
      continue;
    }
    expect(page).toEqual({
      a: [{ x: newest.title }],
      b: [{ x: { name: author.name } }],
      c: [{ n: { x: newest.status } }],
      d: [{ n: { x: { a: { x: false }, b: { x: false } } } }],
      e: { x: after },
      f: { x: false },
    });
  }
});
