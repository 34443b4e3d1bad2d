import { afterAll, beforeAll, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { edgeProduct } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import { type Answer, TestGateway } from '../support/gateway.js';

const blog = config.products['blog']!;
const KIB = 1024;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({
      composed: 'public',
      products: {
        blog: { ...blog, limits: { ...blog.limits, answerBytes: 2_000 * KIB } },
        edge: edgeProduct(),
      },
    }),
    scale: 0.1,
    mostHeldBytes: 6_000 * KIB,
  });
  await gateway
    .db('blog')
    .collection('posts')
    .updateMany({}, { $set: { body: 'x'.repeat(30 * KIB) } });
});
afterAll(() => gateway.close());

const posts = (count: number, fields = 'body') => `posts(first: ${count}) { nodes { ${fields} } }`;
const codeOf = ({ status, body }: Answer) =>
  `${status} ${body.errors?.[0]?.extensions.code ?? (body.data.posts.nodes as unknown[]).length}`;

test('what all operations hold is bounded: more is refused in time, and taken when they have ended', async () => {
  const large = `{ ${posts(60)} }`;
  const before = gateway.commands.length;
  const holding = ['edge { slow(ms: 3000) }', 'edge { slow(ms: 3000) }', 'edge { slow(ms: 3000) }'].map(
    (wait) => gateway.ask(undefined, `{ ${wait} blog { ${posts(60)} } }`),
  );
  await eventually('they hold their answers', () => gateway.commands.length - before >= 3);
  await eventually('another is refused', async () => {
    const answer = await gateway.ask('blog', large);
    if (codeOf(answer) === '200 60') return false;
    expect(answer.body).toEqual({
      data: null,
      errors: [
        expect.objectContaining({
          message: 'The gateway holds as many answers as it can: ask again, or for smaller pages.',
          extensions: { code: 'PRODUCT_UNAVAILABLE', product: 'blog', retryAfterSeconds: 1 },
        }),
      ],
    });
    expect(answer.headers.get('retry-after')).toBe('1');
    return true;
  });
  // Small ones are nobody's trouble.
  expect(codeOf(await gateway.ask('blog', `{ ${posts(20)} }`))).toBe('200 20');
  for (const { body } of await Promise.all(holding)) expect(body.data.blog.posts.nodes).toHaveLength(60);
  expect(codeOf(await gateway.ask('blog', large))).toBe('200 60');
});

test('one operation reads four times what it may answer at the most', async () => {
  const twice = (alias: string) => `${alias}: ${posts(100)}`;
  const answer = await gateway.ask('blog', `{ ${['a', 'b', 'c'].map(twice).join(' ')} }`);
  expect(answer.body.errors[0]).toMatchObject({
    message: expect.stringContaining('reads more than 6144000 bytes'),
    extensions: { code: 'OPERATION_TOO_LARGE' },
  });
});
