import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { BulkheadError } from '../../src/errors/bulkhead-error.js';
import { hashOf } from '../../src/graph/operation-hash.js';
import { defineGateway } from '../../src/product/gateway.js';
import type { Product } from '../../src/product/product.js';
import { calls, edgeProduct, explosions } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import { type Answer, TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const { blog, aviation } = config.products;
const asking = (product: Product, limits: Partial<Product['limits']>): Product => ({
  ...product,
  limits: { ...product.limits, ...limits },
});
const DEADLINE_MS = 700;
const declared = defineGateway({
  composed: 'public',
  products: {
    blog: asking(blog!, { operationsPerRequest: 5, requestsPerMinute: 20, signInsPerMinute: 3 }),
    aviation: asking(aviation!, { operationsPerRequest: 3 }),
    edge: edgeProduct({
      limits: { operationsPerRequest: 10, deadlineMs: DEADLINE_MS, cost: 10, answerBytes: 10_000 },
    }),
    logged: edgeProduct({ operations: 'log', limits: { operationsPerRequest: 10 } }),
  },
});
const safe = defineGateway({
  products: { listed: edgeProduct({ operations: 'safelist', limits: { operationsPerRequest: 10 } }) },
});

const logged: Record<string, unknown>[] = [];
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: declared,
    scale: 0.02,
    env: { NODE_ENV: 'production', BULKHEAD_TRUST_PROXY: 'loopback', BULKHEAD_LOG_LEVEL: 'info' },
    log: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
  });
});
afterAll(() => gateway.close());

// Each test is a client of its own, who has not asked before.
let clients = 0;
let from: Record<string, string>;
beforeEach(() => {
  from = { 'x-forwarded-for': `192.0.2.${(clients += 1)}` };
});

type Operation = Record<string, unknown>;
const batch = (product: string | undefined, operations: unknown, headers: Record<string, string> = {}) =>
  send(gateway.url(product), json(operations, { ...from, ...headers }));
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const queries = (...texts: string[]): Operation[] => texts.map((query) => ({ query }));
const times = (count: number, one: Operation): Operation[] => Array.from({ length: count }, () => one);
/** What became of each: its code, or `ok`. */
const outcomes = ({ body }: Pick<Answer, 'body'>): string[] =>
  (body as { errors?: { extensions: { code: string } }[] }[]).map(
    ({ errors }) => errors?.[0]?.extensions.code ?? 'ok',
  );
const runtime = (product: string) => gateway.server.runtimes.get(product)!;

describe('the answers to an array', () => {
  test('stand in its order, each as if it had been asked alone', async () => {
    const { status, headers, body } = await batch('blog', [
      { query: 'query A { posts(first: 1) { nodes { title } } }' },
      { query: '{ nothing }' },
      { query: 'query ($n: Int!) { posts(first: $n) { nodes { id } } }', variables: { n: 2 } },
      {},
      { query: 'query A { a: __typename } query B { b: __typename }', operationName: 'B' },
    ]);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(headers.get('retry-after')).toBeNull();
    expect(body).toEqual([
      { data: { posts: { nodes: [{ title: expect.any(String) }] } } },
      { errors: [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })] },
      { data: { posts: { nodes: [{ id: expect.any(String) }, { id: expect.any(String) }] } } },
      { errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }] },
      { data: { b: 'Query' } },
    ]);
  });

  test('are those to the same operations alone, whatever they are', async () => {
    const operations: unknown[] = [
      { query: '{ doll { id inner { id } } }' },
      { query: 'query ($t: String!) { echo(text: $t) }', variables: { t: 'x' } },
      { query: 'query ($t: String!) { echo(text: $t) }', variables: { t: 1 } },
      { query: 'mutation { touch }' },
      { query: 'mutation { touch(refuse: true) }', operationName: null },
      { query: 'query A { __typename } query B { __typename }' },
      { query: '{{{' },
      { query: '{ nothing }' },
      { query: 1 },
      { variables: [] },
      {},
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'none' } } },
    ];
    const alone = new Map<unknown, unknown>();
    for (const one of operations) alone.set(one, (await batch('logged', one)).body);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...operations), { minLength: 1, maxLength: 10 }),
        async (some) => {
          const { status, body } = await batch('logged', some);
          expect([status, body]).toEqual([200, some.map((one) => alone.get(one))]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each([
    ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['application/graphql-response+json;q=0, application/json', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
  ])('to who accepts %s are of type %s', async (accept, type) => {
    const { status, headers } = await batch('edge', queries('{ nothing }', '{ __typename }'), { accept });
    expect([status, headers.get('content-type')]).toEqual([200, type]);
  });

  test('cost as many commands as the same operations alone, each by its own name; nothing is shared', async () => {
    const text = (name: string) => `query ${name} { posts(first: 2) { nodes { author { name } } } }`;
    const names = ['One', 'Two', 'Two'];
    const comments = (commands: Awaited<ReturnType<TestGateway['commandsOf']>>) =>
      commands.map(({ command }) => command['comment'] as string);
    const alone = await gateway.commandsOf(async () => {
      for (const name of names) await gateway.ask('blog', text(name), { headers: from });
    });
    expect(comments(alone)).toHaveLength(6);
    const together = await gateway.commandsOf(() =>
      batch(
        'blog',
        names.map((name) => ({ query: text(name) })),
      ),
    );
    expect(comments(together)).toEqual(comments(alone));
  });

  test('are counted as an operation each, and logged as one request', async () => {
    const recorder = runtime('edge').recorder!;
    recorder.drain();
    const text = (name: string, field: string) => ({ query: `query ${name} { ${field} }` });
    const requestId = 'request-of-three';
    await batch('edge', [text('A', 'doll { id }'), text('A', 'doll { id }'), text('B', 'doll { id }')], {
      'x-request-id': requestId,
      'apollographql-client-name': 'shop',
    });
    const { operations, fields } = recorder.drain();
    expect(operations.map(({ operation, calls: count }) => [operation, count])).toEqual([
      ['A', 2],
      ['B', 1],
    ]);
    expect(fields).toContainEqual(expect.objectContaining({ field: 'Query.doll', client: 'shop', calls: 3 }));
    await eventually('it is logged', () => logged.some(({ reqId }) => reqId === requestId));
    expect(logged.filter(({ reqId }) => reqId === requestId)).toEqual([
      expect.objectContaining({ msg: 'request', operations: 3 }),
    ]);
  });

  test('say what each has cost, where that is asked', async () => {
    const token = await gateway.operator();
    const read = { query: '{ posts(first: 1) { nodes { title } } }' };
    const { body } = await batch('blog', [read, { query: '{ __typename }' }, read], {
      ...as(token),
      'bulkhead-cost': '1',
    });
    expect(body.map(({ extensions }: { extensions: unknown }) => extensions)).toEqual(
      [1, 0, 1].map((commands) => ({ cost: { blog: expect.objectContaining({ commands }) } })),
    );
  });
});

describe('mutations in an array', () => {
  test('are executed in order, and one that fails ends nothing', async () => {
    const touched = calls.touch;
    const { body } = await batch(
      'edge',
      queries(
        'mutation { touch }',
        'mutation { touch(refuse: true) }',
        'mutation { touch }',
        '{ __typename }',
      ),
    );
    expect(body.map(({ data }: { data: unknown }) => data)).toEqual([
      { touch: true },
      { touch: null },
      { touch: true },
      { __typename: 'Query' },
    ]);
    expect(calls.touch - touched).toBe(3);
  });

  test('have been written when the next operation reads', async () => {
    const { token, id } = await gateway.signUp('blog');
    const rename = (name: string) => ({
      query: 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { name } }',
      variables: { input: { name } },
    });
    const read = { query: `{ user(id: "${id}") { name } }` };
    const { body } = await batch('blog', [read, rename('First'), read, rename('Second'), read], as(token));
    expect(
      body.map(({ data }: { data: Record<string, { name: string }> }) => Object.values(data)[0]!.name),
    ).toEqual(['Test Person', 'First', 'First', 'Second', 'Second']);
  });

  test('with one idempotency key are one transfer', async () => {
    const account = await gateway
      .db('aviation')
      .collection('ledger.accounts')
      .findOne({ owner: { $ne: null } });
    const input = { to: String(account!._id), amount: 5, reason: 'twice', idempotencyKey: 'in-one-array' };
    const issue = {
      query: 'mutation ($input: IssueCreditsInput!) { issueCredits(input: $input) { id amount } }',
    };
    const { body } = await batch(
      'aviation',
      [
        { ...issue, variables: { input } },
        { ...issue, variables: { input } },
        { ...issue, variables: { input: { ...input, amount: 6 } } },
      ],
      as(await gateway.operator()),
    );
    const [first, again, other] = body;
    expect(first).toEqual({ data: { issueCredits: { id: expect.any(String), amount: 5 } } });
    expect(again).toEqual({ ...first, extensions: { replayed: ['issueCredits'] } });
    expect(other.errors[0].extensions.code).toBe('IDEMPOTENCY_MISMATCH');
    expect(other.extensions).toBeUndefined();
    expect(
      await gateway
        .db('aviation')
        .collection('ledger.transfers')
        .countDocuments({ idempotencyKey: 'in-one-array' }),
    ).toBe(1);
  });
});

describe('an array is no way around', () => {
  test('the rate: each operation counts, and where there is not enough left none is executed', async () => {
    for (let i = 0; i < 3; i += 1)
      expect(outcomes(await batch('blog', times(5, { query: '{ __typename }' })))).toEqual(
        Array(5).fill('ok'),
      );
    expect((await batch('blog', queries('{ __typename }'))).status).toBe(200);
    const read = { query: '{ posts(first: 1) { nodes { title } } }' };
    let refused!: Answer;
    expect(
      await gateway.commandsOf(async () => {
        refused = await batch('blog', times(5, read));
      }),
    ).toEqual([]);
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Nor is there anything left for one.
    expect((await gateway.ask('blog', '{ __typename }', { headers: from })).status).toBe(429);
  });

  test('the rate of a token, whatever the address', async () => {
    const token = await gateway.service('blog', 'blog:read');
    const next = () => {
      from = { 'x-forwarded-for': `198.51.100.${(clients += 1)}` };
      return batch('blog', times(5, { query: '{ __typename }' }), as(token));
    };
    for (let i = 0; i < 4; i += 1) expect((await next()).status).toBe(200);
    expect((await next()).status).toBe(429);
  });

  test('the rate of a refused array, which is one request', async () => {
    for (let i = 0; i < 20; i += 1)
      expect((await batch('blog', times(6, { query: '{ __typename }' }))).status).toBe(400);
    expect((await batch('blog', times(6, { query: '{ __typename }' }))).status).toBe(429);
  });

  test('the stricter rate of sign-ins', async () => {
    const guess = (n: number) => ({
      query: 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }',
      variables: { input: { email: 'somebody@example.org', password: `guess-number-${n}` } },
    });
    expect(outcomes(await batch('blog', [1, 2, 3, 4, 5].map(guess)))).toEqual([
      ...Array(3).fill('UNAUTHENTICATED'),
      ...Array(2).fill('RATE_LIMITED'),
    ]);
  });

  test('the cost, which is that of all together', async () => {
    const four = { query: '{ a: doll { inner { id } } b: doll { inner { id } } }' };
    const two = {
      query: 'query ($f: String!) { doll { inner { id } } echo(text: $f) }',
      variables: { f: 'x' },
    };
    const answer = await batch('edge', [four, four, four, two, two, { query: '{ __typename }' }]);
    expect(outcomes(answer)).toEqual(['ok', 'ok', 'OPERATION_TOO_LARGE', 'ok', 'OPERATION_TOO_LARGE', 'ok']);
    expect(answer.body[2].errors[0].message).toBe(
      'The operation asks for up to 4 objects, those before it for 8; at most 10 are allowed: ask for smaller pages.',
    );
    // The next request has all of it again.
    expect(outcomes(await batch('edge', [four, four]))).toEqual(['ok', 'ok']);
  });

  test('the size of answers, which is that of all together; what comes after it is not executed', async () => {
    const touched = calls.touch;
    const long = (length: number) => `{ long(length: ${length}) }`;
    const response = await fetch(
      gateway.url('edge'),
      json(queries(long(4_000), long(4_000), long(4_000), 'mutation { touch }'), from),
    );
    const text = await response.text();
    expect(text.length).toBeLessThanOrEqual(10_000);
    const body = JSON.parse(text);
    expect(outcomes({ body })).toEqual(['ok', 'ok', ...Array(2).fill('OPERATION_TOO_LARGE')]);
    expect([body[2].data, body[3].data]).toEqual([null, undefined]);
    expect(calls.touch).toBe(touched);
    // To the byte.
    const exact = 10_000 - '[{"data":{"long":""}}\n,{"data":{"long":""}}\n]'.length - 4_000;
    expect(outcomes(await batch('edge', queries(long(4_000), long(exact))))).toEqual(['ok', 'ok']);
    expect(outcomes(await batch('edge', queries(long(4_000), long(exact + 1))))).toEqual([
      'ok',
      'OPERATION_TOO_LARGE',
    ]);
  });

  test('the deadline, which is that of all together: what it leaves no time for does not begin', async () => {
    const touched = calls.touch;
    const answer = await batch(
      'edge',
      queries('{ slow(ms: 1) }', '{ slow(ms: 60000) }', 'mutation { touch }', '{ doll { id } }'),
    );
    expect(outcomes(answer)).toEqual(['ok', 'PRODUCT_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    expect(calls.touch).toBe(touched);
    expect(runtime('edge').compartment.load.inFlight).toBe(0);
  });

  test('the places: an array holds one at a time', async () => {
    const { compartment } = runtime('edge');
    const seen = new Set<number>();
    const sample = setInterval(() => seen.add(compartment.load.inFlight), 2);
    try {
      expect(outcomes(await batch('edge', times(5, { query: '{ slow(ms: 30) }' })))).toEqual(
        Array(5).fill('ok'),
      );
    } finally {
      clearInterval(sample);
    }
    expect(Math.max(...seen)).toBe(1);
  });

  test('the event loop: each operation has a round of its own', async () => {
    let round = 0;
    let next = setImmediate(function count() {
      round += 1;
      next = setImmediate(count);
    });
    const seen: number[] = [];
    explosions['round'] = () => {
      seen.push(round);
      return new BulkheadError('NOT_FOUND', 'gone');
    };
    await batch('edge', times(10, { query: '{ boom(how: "round") }' }));
    clearImmediate(next);
    expect(seen).toHaveLength(10);
    expect(new Set(seen).size).toBe(10);
  });

  test('a client that goes away: what has not begun never does', async () => {
    const { touch, slow } = calls;
    const { compartment } = runtime('edge');
    const { refused } = compartment;
    const gone = new AbortController();
    const asked = fetch(gateway.url('edge'), {
      ...json(queries('{ slow(ms: 600) }', 'mutation { touch }'), from),
      signal: gone.signal,
    });
    await eventually('the first has begun', () => calls.slow > slow);
    gone.abort();
    await expect(asked).rejects.toThrow('aborted');
    await eventually('nobody works for it', () => compartment.load.inFlight === 0);
    await sleep(50);
    expect([calls.touch, compartment.refused]).toEqual([touch, refused]);
  });

  test('a product that is away or takes no writes', async () => {
    const { compartment } = runtime('edge');
    const two = queries('mutation { touch }', '{ doll { id } }');
    compartment.obey({ mode: 'read-only', reason: 'a test' });
    expect(outcomes(await batch('edge', two))).toEqual(['PRODUCT_UNAVAILABLE', 'ok']);
    compartment.obey({ mode: 'parked', reason: 'a test' });
    const { status, headers } = await batch('edge', two);
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    compartment.obey(undefined);
  });

  test('a product that goes away meanwhile: what comes after is refused unread', async () => {
    const { compartment } = runtime('edge');
    explosions['park'] = () => {
      compartment.obey({ mode: 'parked', reason: 'a test' });
      return new BulkheadError('NOT_FOUND', 'gone');
    };
    const answer = await batch('edge', queries('{ __typename }', '{ boom(how: "park") }', '{ nothing }'));
    compartment.obey(undefined);
    expect(outcomes(answer)).toEqual(['ok', 'NOT_FOUND', 'PRODUCT_UNAVAILABLE']);
  });
});

describe('registered operations', () => {
  const known = '{__typename}';
  const register = (of: TestGateway, product: string) =>
    of
      .db(product)
      .collection<{ _id: string }>('_bulkhead.operations')
      .insertOne({ _id: hashOf(known), text: known, createdAt: new Date(), updatedAt: new Date() } as {
        _id: string;
      });
  const byHash = { extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(known) } } };
  const three = queries('{ __typename }', '{ doll { id } }', '{ a: __typename }');

  test('a safelist lets each operation of an array through, or refuses it in its place', async () => {
    const listed = await TestGateway.start({ gateway: safe, env: { NODE_ENV: 'production' } });
    try {
      await register(listed, 'listed');
      const ask = (operations: Operation[], headers = {}) =>
        send(listed.url('listed'), json(operations, headers));
      const unknown = { extensions: { persistedQuery: { version: 1, sha256Hash: hashOf('x') } } };
      const answer = await ask([...three, byHash, unknown, { ...three[1], ...byHash }, {}]);
      expect([answer.status, outcomes(answer)]).toEqual([
        200,
        ['ok', 'FORBIDDEN', 'FORBIDDEN', 'ok', 'PERSISTED_QUERY_NOT_FOUND', 'FORBIDDEN', 'BAD_REQUEST'],
      ]);
      expect(outcomes(await ask(three, as(await listed.operator())))).toEqual(['ok', 'ok', 'ok']);
      // Also where none of them is answered by Apollo, the answer is of the type that was asked for.
      const accept = 'application/graphql-response+json';
      const refused = await ask([three[1]!], { accept });
      expect([refused.status, refused.headers.get('content-type')]).toEqual([
        200,
        `${accept}; charset=utf-8`,
      ]);
      expect(outcomes(refused)).toEqual(['FORBIDDEN']);
    } finally {
      await listed.close();
    }
  });

  test('what a safelist would refuse is said of each operation of an array', async () => {
    await register(gateway, 'logged');
    const told = () => logged.filter(({ msg }) => msg === 'a safelist would refuse this operation');
    const before = told().length;
    expect(outcomes(await batch('logged', three))).toEqual(['ok', 'ok', 'ok']);
    const since = told().slice(before);
    expect(since.map(({ sha256 }) => sha256)).toEqual([
      hashOf('{ doll { id } }'),
      hashOf('{ a: __typename }'),
    ]);
    expect((await batch('logged', [byHash, byHash])).body).toEqual(
      times(2, { data: { __typename: 'Query' } }),
    );
  });

  test('an automatic persisted query is known to those after it', async () => {
    const query = '{ echo(text: "kept") }';
    const persistedQuery = { version: 1, sha256Hash: hashOf(query) };
    const byHash = { extensions: { persistedQuery } };
    expect(outcomes(await batch('edge', [byHash, { query, ...byHash }, byHash]))).toEqual([
      'PERSISTED_QUERY_NOT_FOUND',
      'ok',
      'ok',
    ]);
  });
});

test('an array that the rate could never let in is refused at start', () => {
  expect(() => edgeProduct({ limits: { operationsPerRequest: 21, requestsPerMinute: 20 } })).toThrow(
    'limits.operationsPerRequest: expected at most limits.requestsPerMinute, which is 20, got 21.',
  );
});

describe('the composed graph', () => {
  test('has one deadline in each product, for operators’ looks too', async () => {
    const answer = await batch(
      undefined,
      queries(
        '{ edge { slow(ms: 60000) } }',
        '{ ops { products { name shapes { id } } } blog { posts(first: 1) { nodes { id } } } }',
      ),
      as(await gateway.operator()),
    );
    const [first, second] = answer.body;
    expect(first).toMatchObject({ data: { edge: null }, errors: [{ path: ['edge', 'slow'] }] });
    expect(outcomes(answer)).toEqual(['PRODUCT_UNAVAILABLE', 'PRODUCT_UNAVAILABLE']);
    expect(second.data.blog.posts.nodes).toHaveLength(1);
    expect(second.data.ops.products).toMatchObject([
      { name: 'blog', shapes: [] },
      { name: 'aviation', shapes: [] },
      { name: 'edge', shapes: null },
      { name: 'logged', shapes: [] },
    ]);
  });

  test('answers as many as the strictest of its products', async () => {
    const both = { query: '{ blog { posts(first: 1) { nodes { id } } } aviation { subjects { code } } }' };
    expect(outcomes(await batch(undefined, times(3, both)))).toEqual(['ok', 'ok', 'ok']);
    const { status, body } = await batch(undefined, times(4, both));
    expect([status, body]).toEqual([
      400,
      {
        errors: [
          {
            message: 'The request has 4 operations; at most 3 are allowed.',
            extensions: { code: 'OPERATION_TOO_LARGE' },
          },
        ],
      },
    ]);
  });
});
