import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.02 });
});
afterAll(() => gateway.close());

test('a post and its author come in one command per level', async () => {
  const query = '{ posts(first: 10) { nodes { title authorName author { name } } } }';
  let answer!: Awaited<ReturnType<TestGateway['ask']>>;
  const commands = await gateway.commandsOf(async () => {
    answer = await gateway.ask('blog', query);
  });
  expect(answer.status).toBe(200);
  expect(answer.body.errors).toBeUndefined();
  expect(answer.body.data.posts.nodes).toHaveLength(10);
  expect(commands.map(({ name, command }) => `${name} ${command[name]}`)).toEqual([
    'find posts',
    'find users',
  ]);
  expect(commands[1]!.command['projection']).toEqual({ _id: 1, name: 1 });
});

test('every command says which operation and field sent it', async () => {
  const query =
    'query Latest { posts(first: 2) { nodes { title comments(first: 2) { nodes { body author { name } } } } } }';
  const commands = await gateway.commandsOf(() => gateway.ask('blog', query));
  expect(commands.map(({ command }) => command['comment'])).toEqual([
    'bulkhead:blog:Latest:Query.posts',
    'bulkhead:blog:Latest:Post.comments',
    'bulkhead:blog:Latest:Comment.author',
  ]);
});

test('the composed graph answers both products in one operation', async () => {
  const { status, body } = await gateway.ask(
    undefined,
    '{ blog { posts(first: 1) { nodes { title } } } aviation { subjects { code } } }',
  );
  expect(status).toBe(200);
  expect(body.data.blog.posts.nodes).toHaveLength(1);
  expect(body.data.aviation.subjects).toHaveLength(13);
});

test.each(['blog', undefined])('a subscription is refused before it is executed: %s', async (product) => {
  const { status, body } = await gateway.ask(product, 'subscription { anything }');
  expect(status).toBe(400);
  expect(body).toEqual({
    errors: [
      {
        message: expect.stringContaining('Subscriptions are not offered'),
        extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
      },
    ],
  });
});
