import { gzipSync } from 'node:zlib';
import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors/catalogue.js';
import { calls, closedProduct, edgeProduct } from '../support/edge-product.js';
import { TestGateway } from '../support/gateway.js';
import { json, send, sendBytes } from '../support/http.js';
import { refusalOf } from '../support/refusal.js';

const products = {
  edge: edgeProduct(),
  other: edgeProduct(),
  closed: closedProduct(),
};
const DEPTH = (levels: number) =>
  `{ doll ${'{ inner '.repeat(levels - 2)} { id } ${'}'.repeat(levels - 2)} }`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ gateway: defineGateway({ products }) });
});
afterAll(() => gateway.close());

const ASK = { query: '{ __typename }' };
const query = (text: string) => `?query=${encodeURIComponent(text)}`;
const PREFLIGHT = { 'apollo-require-preflight': '1' };

test.each([
  'application/json;charset=utf-16',
  'application/json;charset=utf-16, application/graphql-response+json;version=2',
  '*/*;version=2',
  'application/*;q=0, */*',
  '*/*, application/json;q=0, application/graphql-response+json;q=0',
  'x/y;of="application/json, application/json"',
  'x/y;of=", application/json, "',
  'application/json;q=none',
])('a mutation whose answer would not be welcome has no effect: %s', async (accept) => {
  const before = calls.touch;
  const answer = await send(gateway.url('edge'), json({ query: 'mutation { touch }' }, { accept }));
  expect(refusalOf(answer)).toEqual({ status: 406, code: 'BAD_REQUEST' });
  expect(calls.touch).toBe(before);
});

test.each([
  'application/json; charset="utf-8"',
  'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0, application/json',
  'application/json;q=0, */*;q=0.1',
  'text/html, */*',
])('an answer is welcome: %s', async (accept) => {
  const { status } = await send(gateway.url('edge'), json(ASK, { accept }));
  expect(status).toBe(200);
});

describe('what is no GraphQL request is refused in the shape of an answer', () => {
  const cases: [what: string, path: string, init: RequestInit, status: number, code: ErrorCode][] = [
    ['a bad token', '', json(ASK, { authorization: 'Bearer a.b.c' }), 401, 'UNAUTHENTICATED'],
    ['another scheme', '', json(ASK, { authorization: 'Basic dTpw' }), 401, 'UNAUTHENTICATED'],
    ['another path', '/nothing/here', json(ASK), 404, 'NOT_FOUND'],
    ['a malformed path', '/%zz', json(ASK), 400, 'BAD_REQUEST'],
    ['a mutation by GET', query('mutation { touch }'), { headers: PREFLIGHT }, 405, 'BAD_REQUEST'],
    ['a GET that any page could send', query('{ __typename }'), {}, 400, 'BAD_REQUEST'],
    [
      'a GET with a type of its own',
      query('{ __typename }'),
      { headers: { 'content-type': 'message/rfc822' } },
      415,
      'BAD_REQUEST',
    ],
    ['an Accept that cannot be met', '', json(ASK, { accept: 'text/html' }), 406, 'BAD_REQUEST'],
    ['an Accept that rules JSON out', '', json(ASK, { accept: 'application/json;q=0' }), 406, 'BAD_REQUEST'],
    [
      'a body over 1 MiB',
      '',
      json({ query: `#${'x'.repeat(1 << 20)}\n{ __typename }` }),
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'a packed body that unpacks to over 1 MiB',
      '',
      {
        ...json(''),
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: gzipSync(`{"query":"${' '.repeat(1 << 21)}{__typename}"}`),
      },
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    ['a packed body that is none', '', json('x', { 'content-encoding': 'gzip' }), 400, 'BAD_REQUEST'],
    ['text', '', { ...json(ASK), headers: { 'content-type': 'text/plain' } }, 415, 'BAD_REQUEST'],
    ['a form', '', { method: 'POST', body: new URLSearchParams(ASK) }, 415, 'BAD_REQUEST'],
    ['an upload', '', { method: 'POST', body: new FormData() }, 415, 'BAD_REQUEST'],
    ['no type', '', { method: 'POST', body: new Uint8Array([123, 125]) }, 415, 'BAD_REQUEST'],
    ['UTF-7', '', json(ASK, { 'content-type': 'application/json; charset=utf-7' }), 415, 'BAD_REQUEST'],
    ['UTF-16', '', json(ASK, { 'content-type': 'application/json;charset="UTF-16LE"' }), 415, 'BAD_REQUEST'],
    ['half a body', '', json('{"query": "{ __ty'), 400, 'BAD_REQUEST'],
    ['an empty body', '', json(''), 400, 'BAD_REQUEST'],
    ['null', '', json('null'), 400, 'BAD_REQUEST'],
    ['a string', '', json('"{ __typename }"'), 400, 'BAD_REQUEST'],
    ['a batch', '', json([ASK, ASK]), 400, 'BAD_REQUEST'],
    [
      'a prototype',
      '',
      json('{"query":"{__typename}","variables":{"__proto__":{"x":1}}}'),
      400,
      'BAD_REQUEST',
    ],
    ['no query', '', json({ query: '' }), 400, 'BAD_REQUEST'],
    ['variables as text', '', json({ ...ASK, variables: '{}' }), 400, 'BAD_REQUEST'],
    [
      'a persisted query of another version',
      '',
      json({ extensions: { persistedQuery: { version: 2, sha256Hash: 'x' } } }),
      400,
      'BAD_REQUEST',
    ],
    [
      'a hash that is an object',
      '',
      json({ extensions: { persistedQuery: { version: 1, sha256Hash: { toString: 1 } } } }),
      400,
      'BAD_REQUEST',
    ],
    [
      'a hash of another query',
      '',
      json({ ...ASK, extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
      400,
      'BAD_REQUEST',
    ],
    [
      'several operations and no name',
      '',
      json({ query: 'query A { __typename } query B { __typename }' }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'a name that no operation has',
      '',
      json({ query: 'query A { __typename }', operationName: 'B' }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
  ];
  test.each(cases)('%s', async (_what, path, init, status, code) => {
    const url = path.startsWith('/') ? `${gateway.address}${path}` : `${gateway.url('edge')}${path}`;
    expect(refusalOf(await send(url, init))).toEqual({ status, code });
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'QUERY', 'PROPFIND', 'HEAD'])(
    '%s is 405 and says what is allowed',
    async (method) => {
      const { status, headers, body } = await send(gateway.url('edge'), { method });
      expect(status).toBe(405);
      expect(headers.get('allow')).toBe('GET, POST, OPTIONS');
      if (method !== 'HEAD') expect(body.errors[0].extensions).toEqual({ code: 'BAD_REQUEST' });
    },
  );

  const HEADERS = 'content-type: application/json\r\nconnection: close\r\ncontent-length: 26';
  const BODY = JSON.stringify(ASK);
  test.each([
    ['a Host that is none', `POST /graphql/edge HTTP/1.1\r\nhost: %%[\r\n${HEADERS}\r\n\r\n${BODY}`, 400],
    ['no Host', `POST /graphql/edge HTTP/1.1\r\n${HEADERS}\r\n\r\n${BODY}`, 400],
    ['no Host, in HTTP/1.0', `POST /graphql/edge HTTP/1.0\r\n${HEADERS}\r\n\r\n${BODY}`, 400],
    ['headers of 64 KB', `GET /graphql/edge HTTP/1.1\r\nhost: x\r\na: ${'a'.repeat(65_536)}\r\n\r\n`, 431],
    [
      'two lengths',
      `POST /graphql/edge HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n${HEADERS}\r\n\r\n${BODY}`,
      400,
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
  ])('%s', async (_what, bytes, status) => {
    expect(BODY).toHaveLength(26);
    const answer = await sendBytes(gateway.address, bytes);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).errors[0].extensions).toEqual({ code: 'BAD_REQUEST' });
  });

  test('an ordinary request is not', async () => {
    for (const type of [
      'application/json',
      'application/json; charset=UTF-8',
      'application/json;charset="utf-8"',
    ])
      expect((await send(gateway.url('edge'), json(ASK, { 'content-type': type }))).body).toEqual({
        data: { __typename: 'Query' },
      });
  });

  test('a mutation whose answer nobody would accept does not take effect', async () => {
    const ask = (accept: string) =>
      send(gateway.url('edge'), json({ query: 'mutation { touch }' }, { accept }));
    calls.touch = 0;
    expect((await ask('image/png')).status).toBe(406);
    expect(calls.touch).toBe(0);
    expect((await ask('text/html, application/*;q=0.1')).status).toBe(200);
    expect(calls.touch).toBe(1);
  });
});

describe('limits', () => {
  const TOO_LARGE: [string, string][] = [
    ['10,000 tokens', `{ ${'__typename '.repeat(10_000)} }`],
    ['5,000 levels', DEPTH(5_000)],
    ['20,000 brackets', `{ sum(numbers: ${'['.repeat(20_000)}${']'.repeat(20_000)}) }`],
    ['2,000 times one field', `{ ${'__typename '.repeat(1_998)} }`],
    ['13 levels', DEPTH(13)],
    [
      '13 levels in fragments',
      `{ doll { ...F } } fragment F on Doll ${'{ inner '.repeat(11)} { id } ${'}'.repeat(11)}`,
    ],
  ];
  test.each(TOO_LARGE)('%s are too large', async (_what, text) => {
    const { status, body } = await gateway.ask('edge', text);
    expect({ status, code: body.errors[0].extensions }).toEqual({
      status: 400,
      code: { code: 'OPERATION_TOO_LARGE' },
    });
    expect(JSON.stringify(body)).not.toMatch(/call stack|node_modules/);
  });

  test('2,000 tokens and 12 levels are not; a namespace is no level', async () => {
    const tokens = await gateway.ask('edge', `{ sum(numbers: [[${'1 '.repeat(1_989)}]]) }`);
    expect(tokens.body).toEqual({ data: { sum: 1_989 } });
    const more = await gateway.ask('edge', `{ sum(numbers: [[${'1 '.repeat(1_990)}]]) }`);
    expect(more.body.errors[0].extensions.code).toBe('OPERATION_TOO_LARGE');
    expect((await gateway.ask('edge', DEPTH(12))).body.data.doll).toBeTruthy();
    expect((await gateway.ask(undefined, `{ edge ${DEPTH(12)} }`)).body.data.edge.doll).toBeTruthy();
    expect((await gateway.ask(undefined, `{ edge ${DEPTH(13)} }`)).body.errors[0].extensions.code).toBe(
      'OPERATION_TOO_LARGE',
    );
  });

  test('no nesting within the limit of tokens is a fault of ours', async () => {
    const nested: ((levels: number) => string)[] = [
      (n) => `{ sum(numbers: ${'['.repeat(n)}${']'.repeat(n)}) }`,
      (n) => `{ echo(text: ${'{ a: '.repeat(n / 2)} 1 ${'}'.repeat(n / 2)}) }`,
      (n) => `query ($a: ${'['.repeat(n)} Int ${']'.repeat(n)}) { __typename }`,
      (n) => `${'{ ...'.repeat(n / 2)}${'}'.repeat(n / 2)}`,
      (n) => `{ doll ${'{ ... { inner '.repeat(n / 4)} { id } ${'} }'.repeat(n / 4)} }`,
    ];
    for (const build of nested) {
      for (const levels of [100, 600, 800, 980, 1_500, 1_990]) {
        const { status, body } = await gateway.ask('edge', build(levels));
        expect(status).toBe(400);
        expect(['OPERATION_TOO_LARGE', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']).toContain(
          body.errors[0].extensions.code,
        );
        expect(JSON.stringify(body)).not.toMatch(/call stack|node_modules/);
      }
    }
  });

  test('a fragment that spreads itself is refused, not followed', async () => {
    const { status, body } = await gateway.ask(
      'edge',
      '{ doll { ...A } } fragment A on Doll { inner { ...A } }',
    );
    expect(status).toBe(400);
    expect(body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test.each([
    [5_000, 200],
    // More than a body may have is not parsed.
    [200_000, 400],
  ])('values nested %d times are refused, not followed', async (depth, expected) => {
    const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const text = `{"query":"query ($n: [[Int!]!]!) { sum(numbers: $n) }","variables":{"n":${deep}}}`;
    const { status, body } = await send(gateway.url('edge'), json(text));
    expect(status).toBe(expected);
    expect(body.errors[0].extensions.code).toBe('OPERATION_TOO_LARGE');
    expect(JSON.stringify(body)).not.toContain('call stack');
  });
});

test('answers to a caller with a token are for no cache, and strangers’ are kept apart from them', async () => {
  const url = `${gateway.url('edge')}?query=${encodeURIComponent('{ __typename }')}`;
  const get = (headers = {}) => send(url, { headers: { 'apollo-require-preflight': '1', ...headers } });
  const authorization = `Bearer ${await gateway.operator()}`;
  for (const [sent, status] of [
    [authorization, 200],
    ['Bearer nonsense', 401],
  ] as const) {
    const { headers, ...answer } = await get({ authorization: sent });
    expect([answer.status, headers.get('cache-control')]).toEqual([status, 'private, no-store']);
    expect(headers.get('vary')).toContain('Authorization');
  }
  const stranger = await get();
  expect([stranger.status, stranger.headers.get('vary')]).toEqual([
    200,
    expect.stringContaining('Authorization'),
  ]);
});

test('large answers are packed for who asks for it', async () => {
  const ask = (length: number, accept: string) =>
    send(gateway.url('edge'), json({ query: `{ long(length: ${length}) }` }, { 'accept-encoding': accept }));
  const packed = await ask(20_000, 'gzip');
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(packed.headers.get('vary')).toContain('accept-encoding');
  expect(packed.body.data.long).toHaveLength(20_000);
  expect((await ask(20_000, 'identity')).headers.get('content-encoding')).toBeNull();
  expect((await ask(100, 'gzip')).headers.get('content-encoding')).toBeNull();
});

test('liveness speaks of the process, readiness of every product', async () => {
  const live = await send(`${gateway.address}/health/live`);
  expect([live.status, live.body]).toEqual([200, { status: 'live' }]);
  const ready = await send(`${gateway.address}/health/ready`);
  expect(ready.status).toBe(200);
  expect(ready.headers.get('cache-control')).toBe('no-store');
  const state = { state: 'ready' };
  expect(ready.body).toEqual({
    status: 'ready',
    eventLoopDelayMs: expect.any(Number),
    products: { edge: state, other: state, closed: state },
  });
});
