import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { eventually } from '../support/eventually.js';
import { type Answer, PASSWORD, TestGateway } from '../support/gateway.js';

const blog = config.products['blog']!;
const aviation = config.products['aviation']!;
const gateway = defineGateway({
  ...config,
  products: {
    ...config.products,
    blog: { ...blog, limits: { ...blog.limits, requestsPerMinute: 20, signInsPerMinute: 3 } },
    // However slowly a machine hashes passwords, nobody is late, or turned away for the pace.
    aviation: { ...aviation, limits: { ...aviation.limits, deadlineMs: 240_000 } },
  },
});
const ASK = '{ __typename }';
const from = (address: string) => ({ 'x-forwarded-for': address });

/** Nobody of a test's network has been counted before. */
let network: string;
let networks = 0;
beforeEach(() => void (network = `198.51.${(networks += 1)}`));
let running: TestGateway;
beforeAll(async () => {
  running = await TestGateway.start({
    gateway,
    env: { BULKHEAD_RATE_LIMITS: 'true', BULKHEAD_TRUST_PROXY: 'loopback' },
  });
});
afterAll(() => running.close());

const codeOf = ({ body }: Answer): string | undefined => body.errors?.[0].extensions.code;
/** Asks until it is refused, and answers how often it was not. */
async function askUntilRefused(ask: () => Promise<Answer>): Promise<{ answered: number; refusal: Answer }> {
  for (let answered = 0; answered < 100; answered += 1) {
    const answer = await ask();
    if (codeOf(answer) === 'RATE_LIMITED') return { answered, refusal: answer };
  }
  throw new Error('never refused');
}
const signIn = (email: string, address: string, password = 'not the password') =>
  running.ask('blog', 'mutation ($input: SignInInput!) { signIn(input: $input) { viewer { id } } }', {
    variables: { input: { email, password } },
    headers: from(address),
  });

describe('requests', () => {
  test('of one address are counted, and refused with the time to wait before anything is parsed', async () => {
    const ask = () => running.ask('blog', ASK, { headers: from(`${network}.1`) });
    const { answered, refusal } = await askUntilRefused(ask);
    expect(answered).toBe(20);
    expect(refusal.status).toBe(429);
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refusal.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refusal.body).toEqual({
      errors: [
        {
          message: 'Too many requests: wait, and send fewer.',
          extensions: { code: 'RATE_LIMITED' },
        },
      ],
    });
    // Neither another client, nor another product.
    expect((await running.ask('blog', ASK, { headers: from(`${network}.2`) })).status).toBe(200);
    expect((await running.ask('aviation', ASK, { headers: from(`${network}.1`) })).status).toBe(200);
  });

  test('with a token are counted by who it belongs to, whatever the address', async () => {
    const token = await running.service('blog', 'blog:read');
    let last = 0;
    const ask = () => running.ask('blog', ASK, { token, headers: from(`${network}.${(last += 1)}`) });
    expect((await askUntilRefused(ask)).answered).toBe(20);
    expect((await running.ask('blog', ASK, { headers: from(`${network}.1`) })).status).toBe(200);
  });

  test('with wrong tokens use up their address’s share, and never a good token’s', async () => {
    const wrong = () => running.ask('blog', ASK, { token: 'bhs_blog_wrong', headers: from(`${network}.1`) });
    const { answered } = await askUntilRefused(wrong);
    expect(answered).toBe(20);
    const { token } = await running.signUp('blog');
    const good = await running.ask('blog', ASK, { token, headers: from(`${network}.1`) });
    expect(good.status).toBe(200);
  });

  test('of the composed graph that ask no product are counted apart; IPv6 by its network', async () => {
    let last = 0;
    const ask = () => running.ask('blog', ASK, { headers: from(`2001:db8::${(last += 1)}`) });
    expect((await askUntilRefused(ask)).answered).toBe(20);
    expect((await running.ask(undefined, ASK, { headers: from('2001:db8::1') })).status).toBe(200);
  });
});

describe('attempts to sign in', () => {
  test('to one account from one address are counted, right or wrong, and its owner elsewhere is not locked out', async () => {
    const email = 'owner@example.org';
    await running.ask('blog', 'mutation ($input: SignUpInput!) { signUp(input: $input) { token } }', {
      variables: { input: { name: 'Owner', email, password: PASSWORD } },
      headers: from(`${network}.9`),
    });
    const { answered, refusal } = await askUntilRefused(() =>
      signIn(` ${email.toUpperCase()}`, `${network}.1`),
    );
    expect(answered).toBe(3);
    // It was executed, as a mutation of one field.
    expect([refusal.status, refusal.body.data]).toEqual([200, { signIn: null }]);
    const seconds = refusal.body.errors[0].extensions.retryAfterSeconds;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refusal.headers.get('retry-after')).toBe(String(seconds));
    expect(codeOf(await signIn(email, `${network}.1`, PASSWORD))).toBe('RATE_LIMITED');
    expect(codeOf(await signIn(email, `${network}.9`, PASSWORD))).toBeUndefined();
  });

  test('many in one document are as many attempts', async () => {
    const field = (i: number) =>
      `s${i}: signIn(input: { email: "a@example.org", password: "guess-number-${i}" }) { token }`;
    const text = `mutation { ${Array.from({ length: 15 }, (_, i) => field(i)).join(' ')} }`;
    const { body, headers } = await running.ask('blog', text, { headers: from(`${network}.1`) });
    const codes = body.errors.map((error: { extensions: { code: string } }) => error.extensions.code);
    expect(codes.filter((code: string) => code === 'UNAUTHENTICATED')).toHaveLength(3);
    expect(codes.filter((code: string) => code === 'RATE_LIMITED')).toHaveLength(12);
    // Others were answered: each refusal has its time, the whole has none.
    const times = body.errors.map(
      (error: { extensions: { retryAfterSeconds?: number } }) => error.extensions.retryAfterSeconds,
    );
    expect(times.filter((time?: number) => time !== undefined && time > 0)).toHaveLength(12);
    expect(headers.get('retry-after')).toBeNull();
  });

  test('many at once from one address hold few places, and keep nobody else waiting', async () => {
    const { compartment } = running.server.runtimes.get('aviation')!;
    const attempt = (address: string, n: number) =>
      running.ask('aviation', 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }', {
        variables: { input: { email: `a${n % 10}@example.org`, password: 'guess' } },
        headers: from(address),
      });
    const crowd = Array.from({ length: 60 }, (_, n) => attempt(`${network}.1`, n));
    await eventually('passwords are worked on', () => compartment.load.inFlight >= 2);
    expect(codeOf(await attempt(`${network}.2`, 0))).toBe('UNAUTHENTICATED');
    // How many are too many depends on whether they arrive faster than passwords are hashed.
    for (const code of (await Promise.all(crowd)).map(codeOf))
      expect(code).toBeOneOf(['UNAUTHENTICATED', 'RATE_LIMITED']);
  });

  test('to all accounts from one address are counted together, on both ways in', async () => {
    let last = 0;
    const composed = () =>
      running.ask(undefined, 'mutation ($input: BlogSignInInput!) { blogSignIn(input: $input) { token } }', {
        variables: { input: { email: `a${(last += 1)}@example.org`, password: 'guess' } },
        headers: from(`${network}.1`),
      });
    // In one request, since those are counted together, too.
    const field = (i: number) =>
      `s${i}: signIn(input: { email: "b${i}@example.org", password: "guess" }) { token }`;
    const text = `mutation { ${Array.from({ length: 15 }, (_, i) => field(i)).join(' ')} }`;
    await running.ask('blog', text, { headers: from(`${network}.1`) });
    const { answered } = await askUntilRefused(composed);
    expect(answered).toBe(15);
  });
});

test('a session that cannot be looked up costs the other products of the composed graph nothing', async () => {
  const production = await TestGateway.start({
    gateway,
    env: { NODE_ENV: 'production', BULKHEAD_COMPOSED: 'public' },
  });
  try {
    const { token } = await production.signUp('blog');
    production.server.runtimes.get('blog')!.compartment.set('parked', 'a test', 'test');
    for (const headers of [{}, { 'bulkhead-cost': '1' }]) {
      const answer = await production.ask(
        undefined,
        '{ blog { viewer { id } } aviation { subjects { code } } }',
        {
          token,
          headers,
        },
      );
      expect([answer.status, answer.body.data]).toEqual([200, { blog: null, aviation: { subjects: [] } }]);
      expect(codeOf(answer)).toBe('PRODUCT_UNAVAILABLE');
    }
  } finally {
    await production.close();
  }
});

test('nobody is counted in development, unless it is asked for', async () => {
  const uncounted = await TestGateway.start({ gateway });
  try {
    for (let i = 0; i < 25; i += 1) expect((await uncounted.ask('blog', ASK)).status).toBe(200);
  } finally {
    await uncounted.close();
  }
});
