import { createHash } from 'node:crypto';
import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgeProduct } from '../support/edge-product.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

let gateway: TestGateway;
beforeAll(async () => {
  const declared = defineGateway({ products: { edge: edgeProduct(), other: edgeProduct() } });
  gateway = await TestGateway.start({ gateway: declared });
});
afterAll(() => gateway.close());

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const ask = (text: string | undefined, hash: string) =>
  send(
    gateway.url('edge'),
    json({ query: text, extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }),
  );

test('a query is sent once and asked for by its hash', async () => {
  const text = '{ echo(text: "kept") }';
  const miss = await ask(undefined, hashOf(text));
  expect(miss.status).toBe(200);
  expect(miss.body.errors[0].extensions).toEqual({ code: 'PERSISTED_QUERY_NOT_FOUND' });
  expect((await ask(text, hashOf(text))).body.data).toEqual({ echo: 'kept' });
  expect((await ask(undefined, hashOf(text))).body.data).toEqual({ echo: 'kept' });
  const other = await send(
    gateway.url('other'),
    json({ extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(text) } } }),
  );
  expect(other.body.errors[0].extensions).toEqual({ code: 'PERSISTED_QUERY_NOT_FOUND' });
});

test.each([
  ['in capitals', { version: 1, sha256Hash: hashOf('{ __typename }').toUpperCase() }],
  ['that is none', { version: 1, sha256Hash: 'none' }],
  ['of another version', { version: 2, sha256Hash: hashOf('{ __typename }') }],
])('a hash %s is told what is expected', async (_, persistedQuery) => {
  const { status, body } = await send(gateway.url('edge'), json({ extensions: { persistedQuery } }));
  expect([status, body.errors]).toEqual([
    400,
    [
      {
        message: expect.stringMatching(/^Expected a persisted query of version 1 with `sha256Hash`, 64 hex/),
        extensions: { code: 'BAD_REQUEST' },
      },
    ],
  ]);
});

test('the oldest go when 30 MiB are kept', async () => {
  const first = '{ echo(text: "first") }';
  await ask(first, hashOf(first));
  for (let i = 0; i < 330; i += 1) {
    const long = `{ __typename } #${i} ${'x'.repeat(99_900)}`;
    expect((await ask(long, hashOf(long))).status).toBe(200);
  }
  expect((await ask(undefined, hashOf(first))).body.errors[0].extensions).toEqual({
    code: 'PERSISTED_QUERY_NOT_FOUND',
  });
});
