import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgeProduct } from '../support/edge-product.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const declared = defineGateway({
  products: {
    edge: edgeProduct({ cors: ['https://app.example'] }),
    other: edgeProduct({ cors: ['https://other.example'] }),
    plain: edgeProduct(),
  },
});
const ASK = { query: '{ __typename }' };

let gateway: TestGateway;
let production: TestGateway;
beforeAll(async () => {
  [gateway, production] = await Promise.all([
    TestGateway.start({ gateway: declared }),
    TestGateway.start({ gateway: declared, env: { NODE_ENV: 'production' } }),
  ]);
});
afterAll(() => Promise.all([gateway.close(), production.close()]));

const preflight = (server: TestGateway, product: string | undefined, origin: string) =>
  send(server.url(product), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, authorization',
    },
  });
const allowed = async (server: TestGateway, product: string | undefined, origin: string) => {
  const { status, headers, body } = await preflight(server, product, origin);
  expect({ status, body }).toEqual({ status: 204, body: '' });
  expect(headers.get('vary')).toContain('Origin');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  return headers.get('access-control-allow-origin');
};

test('each product has its own list', async () => {
  for (const server of [gateway, production]) {
    expect(await allowed(server, 'edge', 'https://app.example')).toBe('https://app.example');
    expect(await allowed(server, 'edge', 'https://other.example')).toBeNull();
    expect(await allowed(server, 'edge', 'https://app.example.evil.example')).toBeNull();
    expect(await allowed(server, 'other', 'https://other.example')).toBe('https://other.example');
    expect(await allowed(server, 'other', 'https://app.example')).toBeNull();
  }
});

test('without a list: pages of this machine in development, none in production', async () => {
  for (const origin of ['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:8080']) {
    expect(await allowed(gateway, 'plain', origin)).toBe(origin);
    expect(await allowed(gateway, undefined, origin)).toBe(origin);
    expect(await allowed(production, 'plain', origin)).toBeNull();
    expect(await allowed(production, undefined, origin)).toBeNull();
  }
  for (const origin of ['http://localhost.evil.example', 'http://evil.example', 'null'])
    expect(await allowed(gateway, 'plain', origin)).toBeNull();
});

test('an answer, also a refusal, can be read by an allowed page only', async () => {
  for (const headers of [{}, { authorization: 'Bearer a.b.c' }]) {
    const ask = (origin: string) => send(production.url('edge'), json(ASK, { origin, ...headers }));
    const own = await ask('https://app.example');
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(own.headers.get('access-control-expose-headers')).toContain('x-request-id');
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  }
});
