import { defineGateway } from 'bulkhead';
import { GraphQLError } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors/catalogue.js';
import { edgeProduct, explosions } from '../support/edge-product.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const SECRET = 'mongodb://edge:s3cr3t-in-an-error@db.internal:27017/edge';
const throwing = (error: Error, property: string): Error =>
  Object.defineProperty(error, property, {
    get() {
      throw new Error(SECRET);
    },
  });
Object.assign(explosions, {
  error: () => new Error(`no route to ${SECRET}`),
  text: () => SECRET,
  nothing: () => null,
  undefined: () => undefined,
  object: () => ({ uri: SECRET }),
  cycle: () => {
    const error = new Error(SECRET);
    error.cause = error;
    return error;
  },
  causes: () => new Error('outer', { cause: new AggregateError([new Error(SECRET)], SECRET) }),
  message: () => throwing(new Error('hidden'), 'message'),
  extensions: () => throwing(new Error('hidden'), 'extensions'),
  // What a client library of some other service might throw.
  foreignCode: () => Object.assign(new Error(SECRET), { extensions: { code: 'NOT_FOUND' } }),
  unknownCode: () => new GraphQLError(SECRET, { extensions: { code: 'SOMETHING_ELSE' } }),
  status: () =>
    new GraphQLError(SECRET, {
      extensions: { http: { status: 418, headers: new Map([['bad name', 'a\nb']]) } },
    }),
  frozen: () => Object.freeze(new Error(SECRET)),
});

const lines: string[] = [];
let gateways: Record<'development' | 'production', TestGateway>;
beforeAll(async () => {
  const start = (env: Record<string, string>) =>
    TestGateway.start({
      gateway: defineGateway({ products: { edge: edgeProduct() }, composed: 'public' }),
      env,
      log: (line) => lines.push(line),
    });
  const [development, production] = await Promise.all([start({}), start({ NODE_ENV: 'production' })]);
  gateways = { development, production };
});
afterAll(() => Promise.all(Object.values(gateways).map((gateway) => gateway.close())));

describe.each(['development', 'production'] as const)('in %s', (mode) => {
  test.each(Object.keys(explosions))(
    'an unexpected error (%s) is masked, and logged under the id of its request',
    async (how) => {
      // Twice as they come, then compiled; at both endpoints.
      for (const [product, query] of [
        ['edge', `query Explode { edgy: boom(how: "${how}") }`],
        [undefined, `query Explode { edge { edgy: boom(how: "${how}") } }`],
      ] as const) {
        for (const time of [1, 2, 3]) {
          lines.length = 0;
          const id = `${mode}-${how}-${time}`;
          const { status, headers, body } = await gateways[mode].ask(product, query, {
            headers: { 'x-request-id': id },
          });
          expect(status).toBe(200);
          expect(headers.get('x-request-id')).toBe(id);
          expect(body.errors).toHaveLength(1);
          expect(body.errors[0].message).toBe(
            'Something went wrong on our side. The request id names it in the log.',
          );
          expect(body.errors[0].extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
          expect(JSON.stringify(body)).not.toMatch(/s3cr3t|mongodb|internal:27017|hidden|stack/);

          const logged = lines
            .map((line) => JSON.parse(line))
            .filter((line) => line.msg === 'unexpected error');
          expect(logged).toHaveLength(1);
          expect(logged[0]).toMatchObject({
            level: 50,
            reqId: id,
            operation: 'query',
            queryHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          });
          expect(logged[0]).toHaveProperty('err');
          expect(lines.join('')).not.toMatch(/s3cr3t/);
          // The client's own words stay out.
          expect(lines.join('')).not.toMatch(/Explode|edgy/);
        }
      }
    },
  );

  test('the log has the whole error: its stack, and its causes', async () => {
    lines.length = 0;
    await gateways[mode].ask('edge', '{ boom(how: "causes") }');
    const { err, field } = JSON.parse(lines.find((line) => line.includes('unexpected error'))!);
    expect(field).toBe('boom');
    expect(err.message).toBe('outer');
    expect(err.stack).toContain('errors.test.ts');
    expect(err.cause.message).toBe('mongodb://db.internal:27017/edge');
    expect(err.cause.errors[0].message).toBe('mongodb://db.internal:27017/edge');
  });

  test('an error of the catalogue is shown and not logged', async () => {
    lines.length = 0;
    const { status, body } = await gateways[mode].ask('edge', 'mutation { touch(refuse: true) }');
    expect(status).toBe(200);
    expect(body.data).toEqual({ touch: null });
    expect(body.errors[0]).toMatchObject({
      message: 'Taken: name.',
      path: ['touch'],
      extensions: { code: 'ALREADY_EXISTS' },
    });
    expect(lines).toEqual([]);
  });

  const cases: [what: string, body: Record<string, unknown>, code: ErrorCode][] = [
    ['a syntax error', { query: '{ echo(' }, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a literal of the wrong type', { query: '{ slow(ms: "x") }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', { query: 'query ($t: String!) { echo(text: $t) }' }, 'BAD_USER_INPUT'],
    [
      'a variable of the wrong type',
      { query: 'query ($ms: Int!) { slow(ms: $ms) }', variables: { ms: 1.5 } },
      'BAD_USER_INPUT',
    ],
    [
      'more wrong values than are counted',
      { query: 'query ($n: [[Int!]!]!) { sum(numbers: $n) }', variables: { n: [Array(200).fill('x')] } },
      'BAD_USER_INPUT',
    ],
    [
      'a document that is too deep',
      { query: `{ doll ${'{ inner '.repeat(12)} { id } ${'}'.repeat(12)} }` },
      'OPERATION_TOO_LARGE',
    ],
  ];
  test.each(cases)('%s: its code, and a status for each kind of client', async (_what, request, code) => {
    lines.length = 0;
    for (const [accept, status] of [
      ['application/graphql-response+json', 400],
      ['application/json', 200],
      ['*/*', 200],
    ] as const) {
      const answer = await send(gateways[mode].url('edge'), json(request, { accept }));
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain(accept === '*/*' ? 'application/json' : accept);
      expect(answer.body).not.toHaveProperty('data');
      expect(
        new Set(answer.body.errors.map((error: { extensions: { code: string } }) => error.extensions.code)),
      ).toEqual(new Set([code]));
    }
    expect(lines).toEqual([]);
  });
});
