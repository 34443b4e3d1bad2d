/**
 * What graphql-cop 1.15 (github.com/dolevf/graphql-cop) asks of a server, and would call a finding: its thirteen
 * checks, told again. It looks at answers alone, so each of them is named by what must not come back.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { type Answer, TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await TestGateway.start({ gateway: defineGateway(config), env: { NODE_ENV: 'production' } });
  token = await gateway.operator();
});
afterAll(() => gateway.close());

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const post = (url: string, body: unknown, headers: Record<string, string>) => send(url, json(body, headers));
type Ask = (url: string, headers: Record<string, string>) => Promise<Answer>;
const query =
  (text: string): Ask =>
  (url, headers) =>
    post(url, { query: text }, headers);
const hasData = ({ body }: Answer) => body?.data !== undefined && body.data !== null;

const CHECKS: [name: string, ask: Ask, isFinding: (answer: Answer) => boolean][] = [
  ['alias overloading', query(`query cop { ${times(101, (i) => `alias${i}:__typename`)} }`), hasData],
  [
    'array-based query batching',
    (url, headers) =>
      post(
        url,
        Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' })),
        headers,
      ),
    ({ body }) => Array.isArray(body),
  ],
  [
    'directive overloading',
    query(`query cop { __typename ${'@aa'.repeat(10)} }`),
    ({ body }) => body.errors?.length >= 10,
  ],
  ['field duplication', query(`query cop { ${times(500, () => '__typename')} }`), hasData],
  [
    'circular introspection',
    query(`query cop { __schema { types { ${'fields { type { '.repeat(4)} name ${'} }'.repeat(4)} } } }`),
    hasData,
  ],
  [
    'field suggestions',
    query('query cop { __schema { directive } }'),
    ({ body }) => JSON.stringify(body).includes('Did you mean'),
  ],
  [
    'a console for everybody',
    (url, headers) => send(url, { headers: { ...headers, accept: 'text/html' } }),
    ({ body }) => /graphiql|graphql playground|sandbox/i.test(JSON.stringify(body)),
  ],
  [
    'queries by GET that any page can send',
    (url, headers) => send(`${url}?query=${encodeURIComponent('query cop { __typename }')}`, { headers }),
    hasData,
  ],
  ['introspection', query('query cop { __schema { types { name fields { name } } } }'), hasData],
  [
    'mutations by GET',
    (url, headers) =>
      send(`${url}?query=${encodeURIComponent('mutation cop { __typename }')}`, {
        headers: { ...headers, 'apollo-require-preflight': '1' },
      }),
    hasData,
  ],
  [
    'queries as a form',
    (url, headers) =>
      send(url, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ query: 'query cop { __typename }' }),
      }),
    hasData,
  ],
  ['tracing', query('query cop { __typename }'), ({ body }) => body.extensions?.tracing !== undefined],
  [
    'unhandled errors',
    query('qwerty cop { abc }'),
    ({ body }) => /exception|stacktrace|node_modules/i.test(JSON.stringify(body)),
  ],
];

const HEADERS = (): Record<string, string>[] => [{}, { authorization: `Bearer ${token}` }];

test.each(CHECKS)('%s', async (_name, ask, isFinding) => {
  for (const product of ['blog', 'aviation', undefined])
    for (const headers of HEADERS()) {
      const answer = await ask(gateway.url(product), headers);
      expect(isFinding(answer)).toBe(false);
      expect(answer.status).toBeLessThan(500);
    }
});

test('the checks are real: what they ask is answered where it may be', async () => {
  const answer = await query('query cop { __typename }')(gateway.url('blog'), {});
  expect(hasData(answer)).toBe(true);
  expect(CHECKS).toHaveLength(13);
});
