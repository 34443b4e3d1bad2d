import { afterAll, beforeAll, expect, test } from 'vitest';
import { Recorder } from '../../src/monitor/recorder.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';
const SIGN_IN = 'mutation In($input: SignInInput!) { signIn(input: $input) { token } }';
const SECRET = 'a-value-nobody-may-see@example.org';

const lines: string[] = [];
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    scale: 0.02,
    env: { BULKHEAD_LOG_LEVEL: 'debug' },
    log: (line) => lines.push(line),
  });
});
afterAll(() => gateway.close());

const commands = () =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'command');

test('debug tells each command by the request that it serves, without values', async () => {
  lines.length = 0;
  for (const id of ['request-one', 'request-two'])
    await gateway.ask('blog', POSTS, { headers: { 'x-request-id': id } });
  await gateway.ask('blog', SIGN_IN, {
    variables: { input: { email: SECRET, password: PASSWORD } },
    headers: { 'x-request-id': 'request-three' },
  });
  expect(
    commands().map(({ reqId, operation, field, command }) => [reqId, operation, field, command]),
  ).toEqual([
    ['request-one', 'Front', 'Query.posts', 'find'],
    ['request-one', 'Front', 'Post.author', 'find'],
    ['request-two', 'Front', 'Query.posts', 'find'],
    ['request-two', 'Front', 'Post.author', 'find'],
    ['request-three', 'In', 'Mutation.signIn', 'find'],
  ]);
  expect(commands()[0]).toMatchObject({ product: 'blog', documents: 4, ms: expect.any(Number) });
  expect(lines.join('')).not.toContain(SECRET);
});

test('what is counted is the same with and without it', async () => {
  const recorder = new Recorder();
  gateway.server.runtimes.get('blog')!.watchers.push(recorder);
  const sent = await gateway.commandsOf(async () => {
    for (let i = 0; i < 2; i += 1) await gateway.ask('blog', POSTS);
  });
  for (const { command } of sent)
    expect(command['comment']).toMatch(
      /^bulkhead:blog:Front:(?:Query\.posts|Post\.author) request=[\w-]{36}$/,
    );
  expect(recorder.drain().commands).toMatchObject([
    { operation: 'Front', field: 'Query.posts', calls: 2 },
    { operation: 'Front', field: 'Post.author', calls: 2 },
  ]);
});
