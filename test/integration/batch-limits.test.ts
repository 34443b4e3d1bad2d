import { setTimeout as sleep } from 'node:timers/promises';
import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BulkheadError } from '../../src/errors/bulkhead-error.js';
import { Batches, outcomes, queries, times } from '../support/batches.js';
import { calls, edgeProduct, explosions } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import type { Answer, TestGateway } from '../support/gateway.js';
import { json } from '../support/http.js';

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
    expect((await gateway.ask('blog', '{ __typename }', { headers: batches.from })).status).toBe(429);
  });

  test('the rate of a token, whatever the address', async () => {
    const token = await gateway.service('blog', 'blog:read');
    const next = () => {
      batches.renewClient('198.51.100');
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
      json(queries(long(4_000), long(4_000), long(4_000), 'mutation { touch }'), batches.from),
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
      'hasty',
      queries('{ slow(ms: 1) }', '{ slow(ms: 60000) }', 'mutation { touch }', '{ doll { id } }'),
    );
    expect(outcomes(answer)).toEqual(['ok', 'PRODUCT_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    expect(calls.touch).toBe(touched);
    expect(runtime('hasty').compartment.load.inFlight).toBe(0);
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
      ...json(queries('{ slow(ms: 600) }', 'mutation { touch }'), batches.from),
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

test('an array that the rate could never let in is refused at start', () => {
  const edge = edgeProduct({ limits: { operationsPerRequest: 21, requestsPerMinute: 20 } });
  expect(() => defineGateway({ products: { edge } })).toThrow(
    'edge: limits.operationsPerRequest: expected at most limits.requestsPerMinute, which is 20, got 21.',
  );
});
