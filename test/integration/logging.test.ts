import { randomBytes } from 'node:crypto';
import { defineGateway, StartError } from 'bulkhead';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { readEnvironment } from '../../src/config/environment.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { edgeProduct, explosions } from '../support/edge-product.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const lines: string[] = [];
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({ products: { ...config.products, edge: edgeProduct() } }),
    env: { BULKHEAD_LOG_LEVEL: 'trace' },
    log: (line) => lines.push(line),
  });
});
afterAll(() => gateway.close());

const part = () => randomBytes(12).toString('hex');
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** What must be found nowhere: each has a part that no other text has. */
const canaries = {
  password: `Pa55!${part()}`,
  // Words as a person writes them: no pattern could find these.
  name: `canary${part()}`,
  jwt: `${base64url({ alg: 'HS256' })}.${base64url({ sub: part(), aud: 'bulkhead:blog' })}.${part()}`,
  session: `bhs_blog_${part()}`,
  uri: `mongodb://canary:${part()}@db-${part()}.example:27017/blog?password=${part()}`,
};
/** A connection string is recognised by its credentials; its host may be told. */
const needles = [
  canaries.password,
  canaries.name,
  ...canaries.jwt.split('.').slice(1),
  canaries.session.slice('bhs_blog_'.length),
  new URL(canaries.uri).password,
  new URL(canaries.uri).searchParams.get('password')!,
];
const hits = (text: string) => needles.filter((needle) => text.includes(needle));

describe('a secret that is sent', () => {
  const everywhere = async (canary: string) => {
    const blog = gateway.url('blog');
    const ask = (body: unknown, headers = {}) => send(blog, json(body, headers));
    const quoted = JSON.stringify(canary);
    const word = canary.replace(/\W/g, '_');
    await Promise.all([
      // Headers.
      ask({ query: '{ __typename }' }, { authorization: `Bearer ${canary}` }),
      ask({ query: '{ __typename }' }, { authorization: canary }),
      ask({ query: '{ __typename }' }, { cookie: `session=${canary}`, 'x-api-key': canary }),
      ask({ query: '{ __typename }' }, { 'content-type': `application/json; charset=${word}` }),
      send(gateway.url(undefined), json({ query: '{ __typename }' }, { authorization: `Bearer ${canary}` })),
      // Paths and query strings.
      send(`${gateway.address}/${encodeURIComponent(canary)}`),
      send(`${gateway.address}/health/live?token=${encodeURIComponent(canary)}`),
      send(`${blog}?query={__typename}&token=${encodeURIComponent(canary)}`),
      send(`${blog}/%zz${word}`),
      // Bodies that are none, and documents that are none.
      ask(`{"query": ${quoted}, ${canary}`),
      ask({ query: canary }),
      ask({ query: `{ ${word} }` }),
      ask({ query: `query ${word} { ${word}: __typename }`, operationName: `${canary}x` }),
      ask({ query: `query ${word} { post(id: ${quoted}) { id } }` }),
      ask({ query: 'query ($s: PostSort) { posts(sort: $s) { nodes { id } } }', variables: { s: canary } }),
      ask({ query: 'query ($a: String) { posts(after: $a) { nodes { id } } }', variables: { a: canary } }),
      ask({ query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: canary } } }),
      // Sign-ins that fail, a sign-up that fails, and one that does not.
      ask({
        query: SIGN_IN,
        variables: { input: { email: 'nobody@example.org', password: canary.slice(0, 60) } },
      }),
      ask({ query: SIGN_IN, variables: { input: { email: canary, password: PASSWORD } } }),
      ask({ query: SIGN_UP, variables: { input: { name: canary, email: canary, password: canary } } }),
      ask({
        query: SIGN_UP,
        variables: { input: { name: word.slice(0, 60), email: `${part()}@example.org`, password: PASSWORD } },
      }),
      // Inside an operation that fails for a reason of ours.
      send(
        gateway.url('edge'),
        json({ query: `query ${word} { ${word}: boom(how: "error") }`, variables: { [word]: canary } }),
      ),
    ]);
  };
  const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }';
  const SIGN_UP = 'mutation ($input: SignUpInput!) { signUp(input: $input) { token } }';

  test.each(Object.entries(canaries))(
    '%s is in no line of the log, and in nobody else’s answer',
    async (_kind, canary) => {
      lines.length = 0;
      await everywhere(canary);
      expect(lines.length).toBeGreaterThan(20);
      expect(lines.some((line) => line.includes('unexpected error'))).toBe(true);
      expect(hits(lines.join(''))).toEqual([]);

      const others = await Promise.all([
        send(`${gateway.address}/health/live`),
        send(`${gateway.address}/health/ready`),
        gateway.ask('blog', '{ __typename viewer { id } posts(first: 1) { nodes { id } } }'),
        gateway.ask('edge', '{ boom(how: "error") }'),
        send(gateway.url('blog'), { headers: { accept: 'text/html' } }),
      ]);
      for (const { headers, body } of others) expect(hits(JSON.stringify([...headers, body]))).toEqual([]);
    },
  );

  test.each(['jwt', 'session', 'uri'] as const)(
    '%s in an error of ours is cut out of the line, and the line is there',
    async (kind) => {
      explosions[kind] = () =>
        Object.assign(
          new Error(`could not use ${canaries[kind]} here`, {
            cause: { note: [canaries[kind]], token: part() },
          }),
          {
            code: canaries[kind],
          },
        );
      lines.length = 0;
      await gateway.ask('edge', `{ boom(how: "${kind}") }`);
      const { err } = JSON.parse(lines.find((line) => line.includes('unexpected error'))!);
      expect(err.message).toMatch(/^could not use (\[.*\]|mongodb:\/\/[\w.-]+:27017\/blog) here$/);
      expect(err.cause.token).toBe('[redacted]');
      expect(hits(lines.join(''))).toEqual([]);
    },
  );
});

describe('a secret in the environment', () => {
  test('is in no line of the log and not in /health when the server refuses it', async () => {
    const seen: string[] = [];
    const real = new URL(gateway.uris['edge']!);
    const password = part();
    real.password = password;
    const refused = await TestGateway.start({
      gateway: defineGateway({ products: { edge: edgeProduct() } }),
      env: { EDGE_MONGODB_URI: real.href, BULKHEAD_LOG_LEVEL: 'trace' },
      log: (line) => seen.push(line),
    });
    try {
      const ready = await send(`${refused.address}/health/ready`);
      expect(ready.body).toEqual({
        status: 'not ready',
        eventLoopDelayMs: expect.any(Number),
        products: { edge: { state: 'parked' } },
      });
      const answer = await refused.ask('edge', '{ __typename }');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answer.body.errors[0].extensions.code).toBe('PRODUCT_UNAVAILABLE');
      expect(seen.some((line) => line.includes('parked'))).toBe(true);
      expect(JSON.stringify([seen, ready.body, answer.body])).not.toContain(password);
    } finally {
      await refused.close();
    }
  });

  test('is not in the error that stops the start, nor in its line', () => {
    const secret = part();
    const env = {
      BLOG_MONGODB_URI: `mongodb:/blog:${secret}@host`,
      AVIATION_MONGODB_URI: `http://u:${secret}@host`,
      MONGODB_URI: `${secret} mongodb`,
      BLOG_JWT_PUBLIC_KEY: secret,
      BULKHEAD_JWKS_URL: `ftp://${secret}`,
      BULKHEAD_TRUST_PROXY: secret,
      BULKHEAD_LOG_LEVEL: secret,
      PORT: secret,
      HOST: secret,
    };
    let thrown: unknown;
    try {
      readEnvironment({ products: ['blog', 'aviation'], env, cwd: '/nonexistent' });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(StartError);
    expect((thrown as StartError).problems.length).toBeGreaterThanOrEqual(8);
    const seen: string[] = [];
    createLogger('info', { write: (line) => void seen.push(line) }).error({ err: thrown }, String(thrown));
    expect(seen.join('') + (thrown as StartError).message).not.toContain(secret);
    expect(JSON.parse(seen[0]!).err.type).toBe('StartError');
  });
});

describe('the request’s id', () => {
  const ask = async (id?: string) => {
    lines.length = 0;
    const { headers } = await gateway.ask(
      'edge',
      '{ __typename }',
      id === undefined ? {} : { headers: { 'x-request-id': id } },
    );
    const line = JSON.parse(lines.find((one) => one.includes('"msg":"request"'))!);
    const answered = headers.get('x-request-id');
    expect(line).toMatchObject({
      reqId: answered,
      req: { method: 'POST', path: '/graphql/edge' },
      res: { status: 200 },
      ms: expect.any(Number),
    });
    return answered;
  };

  test('is the caller’s where it is well-formed', async () => {
    for (const id of ['order-17.part:2', 'a'.repeat(128), '01890a5d-ac96-774b-bcce-b302099a8057'])
      expect(await ask(id)).toBe(id);
  });

  test('is a new one where it is not', async () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const malformed = [
      'short',
      'a'.repeat(129),
      'with a space',
      '<script>alert(1)</script>',
      'naïve-naïve',
      '"quoted"',
      canaries.jwt,
      canaries.session,
    ];
    expect(await ask()).toMatch(uuid);
    for (const id of malformed) expect(await ask(id)).toMatch(uuid);
  });
});
