import { type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import { buildSchema, type ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../product/product.js';
import { createApollo } from './apollo.js';
import { MASKED } from './answers/error-format.js';
import { createLogger } from './telemetry/logger.js';
import type { RequestScope } from './request-scope.js';

/** One request to a graph that answers `result`. @returns what it was answered, and the errors of the log by the request's id. */
async function ask(result: ExecutionResult, plugins: readonly ApolloServerPlugin<RequestScope>[] = []) {
  const lines: { level: number; reqId?: string; err?: { message: string } }[] = [];
  const apollo = createApollo(
    {
      path: '/graphql/shop',
      product: undefined,
      schema: buildSchema('scalar Any type Query { any: Any }'),
      limits: DEFAULT_LIMITS,
      execute: async () => result,
    },
    {
      production: true,
      introspection: false,
      logger: createLogger('error', { write: (line) => void lines.push(JSON.parse(line)) }),
      namespaces: new Set(),
      plugins,
    },
  );
  await apollo.start();
  const { status, body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: 'POST',
      headers: new HeaderMap([['content-type', 'application/json']]),
      search: '',
      body: { query: '{ any }' },
    },
    // As far as Apollo and these plugins look at it.
    context: async () => ({ requestId: 'request-7', headers: {} }) as RequestScope,
  });
  await apollo.stop();
  const logged = lines.filter(({ reqId }) => reqId === 'request-7').map(({ err }) => err?.message);
  return { status, answer: JSON.parse((body as { string: string }).string) as unknown, logged };
}

const masked = {
  errors: [{ message: MASKED, extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
};

test.each<[string, ExecutionResult]>([
  ['data', { data: { any: 7n } }],
  ['extensions', { data: { any: 1 }, extensions: { any: 7n } }],
])(
  'an answer whose %s cannot be written is 500, and the log has the reason under the request’s id',
  async (_, result) => {
    const { status, answer, logged } = await ask(result);
    expect([status, answer]).toEqual([500, masked]);
    expect(logged).toEqual([expect.stringMatching(/BigInt/)]);
  },
);

test('so is a part of the server that fails', async () => {
  const failing = {
    requestDidStart: async () => ({
      willSendResponse: () => Promise.reject(new Error('this plugin fails')),
    }),
  };
  const { status, answer, logged } = await ask({ data: { any: 1 } }, [failing]);
  expect([status, answer]).toEqual([500, masked]);
  expect(logged).toEqual(['this plugin fails']);
});

test('what is answered is in no log', async () => {
  expect(await ask({ data: { any: 1 } })).toEqual({
    status: undefined,
    answer: { data: { any: 1 } },
    logged: [],
  });
});
