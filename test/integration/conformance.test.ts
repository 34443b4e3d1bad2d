import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  // In production, as an operator who may introspect: the audit asks for `__type`.
  gateway = await TestGateway.start({ env: { NODE_ENV: 'production', BULKHEAD_INTROSPECTION: 'true' } });
  token = await gateway.operator();
});
afterAll(() => gateway.close());

/** The audits of GraphQL over HTTP that are not passed, as `level id name`. */
async function failures(product: string | undefined, headers: Record<string, string>) {
  const audits = serverAudits({
    url: gateway.url(product),
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, {
        ...init,
        headers: { ...(init.headers as object), authorization: `Bearer ${token}`, ...headers },
      }),
  });
  expect(audits).toHaveLength(61);
  const results = await Promise.all(audits.map((audit) => audit.fn()));
  return results
    .flatMap((one) => (one.status === 'ok' ? [] : [`${one.status} ${one.id} ${one.name}`]))
    .sort();
}

const endpoints = [['blog'], ['aviation'], [undefined]] as const;

test.each(endpoints)('%s passes 61 of 61 audits with the preflight header', async (product) => {
  expect(await failures(product, { 'apollo-require-preflight': '1' })).toEqual([]);
});

test.each(endpoints)('%s passes 58 without it, and fails none that must be passed', async (product) => {
  // The three are GETs that any page could make a browser send: refused on purpose.
  expect(await failures(product, {})).toEqual([
    'notice 5A70 MAY accept application/x-www-form-urlencoded formatted GET requests',
    'notice 6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
    'notice D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
  ]);
});
