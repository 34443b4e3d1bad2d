import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { type Answer, PASSWORD, TestGateway } from '../support/gateway.js';

const { blog, ...others } = config.products;
const { public: _, ...closed } = blog!;
const limits = { ...closed.limits, cost: 10, depth: 2, aliases: 2, inputs: 20, requestsPerMinute: 8 };
const gateway = defineGateway({
  ...config,
  products: { ...others, blog: { ...closed, limits } },
});

const start = (env = {}) =>
  TestGateway.start({
    gateway,
    env: { NODE_ENV: 'production', BULKHEAD_COMPOSED: 'public', BULKHEAD_RATE_LIMITS: 'false', ...env },
  });
const codes = ({ body }: Answer): string[] =>
  (body.errors ?? []).map((error: { extensions: { code: string } }) => error.extensions.code);
const BOTH = '{ blog { posts(first: 1) { nodes { title } } } aviation { subjects { code } } }';
const SIGN_UP = `mutation ($blog: BlogSignUpInput!, $aviation: AviationSignUpInput!) {
  blogSignUp(input: $blog) { token }
  aviationSignUp(input: $aviation) { token }
}`;

describe('on a composed graph that is public, a product that is not', () => {
  let running: TestGateway;
  beforeAll(async () => (running = await start()));
  afterAll(() => running.close());

  test('refuses strangers and sessions of others in its namespace, and the others answer', async () => {
    const { token } = await running.signUp('aviation');
    for (const options of [{}, { token }]) {
      // More often than it takes to be compiled.
      for (let time = 0; time < 3; time += 1) {
        const answer = await running.ask(undefined, BOTH, options);
        expect(answer.body.data).toEqual({ blog: null, aviation: { subjects: [] } });
        expect(codes(answer)).toEqual(['UNAUTHENTICATED']);
      }
    }
    const typename = await running.ask(undefined, '{ blog { __typename } }');
    expect([typename.body.data, codes(typename)]).toEqual([{ blog: null }, ['UNAUTHENTICATED']]);
    const token2 = await running.service('blog', 'blog:read');
    expect((await running.ask(undefined, BOTH, { token: token2 })).body.data.blog).not.toBeNull();
  });

  test('takes no mutation of theirs', async () => {
    const input = (email: string) => ({ name: 'A Person', email, password: PASSWORD });
    const answer = await running.ask(undefined, SIGN_UP, {
      variables: { blog: input('a@example.org'), aviation: input('a@example.org') },
    });
    expect(codes(answer)).toEqual(['UNAUTHENTICATED']);
    expect(answer.body.data.aviationSignUp.token).toMatch(/^bhs_aviation_/);
    expect(await running.db('blog').collection('users').countDocuments()).toBe(0);
  });

  test.each([
    ['cost', '{ blog { posts(first: 11) { nodes { title } } } }'],
    ['cost, in a fragment', '{ ...F } fragment F on Query { blog { posts(first: 11) { nodes { title } } } }'],
    ['depth', '{ blog { posts(first: 1) { nodes { author { name } } } } }'],
    [
      'inputs',
      `mutation { blogCreatePost(input: { title: "t", body: "b", tags: [${'"t",'.repeat(20)}] }) { id } }`,
    ],
    ['aliases', '{ blog { a: __typename b: __typename c: __typename } }'],
  ])('holds its own limit: %s', async (_limit, query) => {
    const token = await running.service('blog', 'blog:read');
    const answer = await running.ask(undefined, query, { token });
    expect([answer.status, codes(answer)]).toEqual([400, ['OPERATION_TOO_LARGE']]);
    expect(answer.body.errors[0].message).toMatch(/^blog: /);
  });

  test('answers what its own endpoint would, and the others by their limits', async () => {
    const token = await running.service('blog', 'blog:read');
    const { body } = await running.ask(
      undefined,
      `{ blog { posts(first: 10) { nodes { title } } }
         aviation { a: __typename b: __typename c: __typename questions(first: 50) { nodes { subject { code } } } } }`,
      { token },
    );
    expect(body.errors).toBeUndefined();
  });
});

test('a client has one share of a product, over both ways in', async () => {
  const running = await start({ BULKHEAD_RATE_LIMITS: 'true' });
  try {
    const token = await running.service('blog', 'blog:read');
    const both = () => running.ask(undefined, BOTH, { token });
    for (let n = 0; n < 5; n += 1)
      expect((await running.ask('blog', '{ __typename }', { token })).status).toBe(200);
    for (let n = 0; n < 3; n += 1) expect(codes(await both())).toEqual([]);
    const refused = await both();
    expect(refused.body.data).toEqual({ blog: null, aviation: { subjects: [] } });
    expect(codes(refused)).toEqual(['RATE_LIMITED']);
    expect((await running.ask('blog', '{ __typename }', { token })).status).toBe(429);
  } finally {
    await running.close();
  }
});
