import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../src/graph/operation-hash.js';
import { defineGateway } from '../../src/product/gateway.js';
import { Batches, type Operation, outcomes, queries, times } from '../support/batches.js';
import { calls, edgeProduct } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const safe = defineGateway({
  products: { listed: edgeProduct({ operations: 'safelist', limits: { operationsPerRequest: 10 } }) },
});

let batches: Batches;
let gateway: TestGateway;
beforeAll(async () => {
  batches = await Batches.start();
  ({ gateway } = batches);
});
afterAll(() => gateway.close());
beforeEach(() => batches.renewClient());

const batch: Batches['send'] = (...request) => batches.send(...request);
const as = (token: string) => ({ authorization: `Bearer ${token}` });
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
      for (const name of names) await gateway.ask('blog', text(name), { headers: batches.from });
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
    await eventually('it is logged', () => batches.logged.some(({ reqId }) => reqId === requestId));
    expect(batches.logged.filter(({ reqId }) => reqId === requestId)).toEqual([
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
    // A list that was read less than a second ago is not read again.
    await eventually('it is known', async () => outcomes(await batch('logged', [byHash]))[0] === 'ok');
    const told = () => batches.logged.filter(({ msg }) => msg === 'a safelist would refuse this operation');
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

describe('the composed graph', () => {
  test('has one deadline in each product, for operators’ looks too', async () => {
    const answer = await batch(
      undefined,
      queries(
        '{ hasty { slow(ms: 60000) } }',
        '{ ops { products { name shapes { id } } } blog { posts(first: 1) { nodes { id } } } }',
      ),
      as(await gateway.operator()),
    );
    const [first, second] = answer.body;
    expect(first).toMatchObject({ data: { hasty: null }, errors: [{ path: ['hasty', 'slow'] }] });
    expect(outcomes(answer)).toEqual(['PRODUCT_UNAVAILABLE', 'PRODUCT_UNAVAILABLE']);
    expect(second.data.blog.posts.nodes).toHaveLength(1);
    expect(second.data.ops.products).toMatchObject([
      { name: 'blog', shapes: [] },
      { name: 'aviation', shapes: [] },
      { name: 'edge', shapes: [] },
      { name: 'hasty', shapes: null },
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
