import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { createGatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { busy, codes, timed } from '../support/answers.js';
import { eventually } from '../support/eventually.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';
import { OwnServer, slowReads } from '../support/own-server.js';

const DEADLINE_MS = 1_500;
const blog = config.products['blog']!;
const aviation = config.products['aviation']!;
const gateway = defineGateway({
  ...config,
  products: {
    blog: { ...blog, limits: { ...blog.limits, deadlineMs: DEADLINE_MS } },
    // The other has all the time that a slow machine takes.
    aviation: { ...aviation, limits: { ...aviation.limits, deadlineMs: 60_000 } },
  },
});

const POSTS = '{ posts(first: 3) { nodes { title author { name } } } }';
const SUBJECTS = '{ subjects { code } }';
const BOTH = `{ blog ${POSTS} aviation ${SUBJECTS} }`;
const SIGN_UP = 'mutation ($input: SignUpInput!) { signUp(input: $input) { token } }';
const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }';
const VIEWER = '{ viewer { id } }';

let server: OwnServer;
let running: TestGateway;
let token: string;
const logged: { product: string; state: string; reason: string }[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  server = await OwnServer.start();
  running = await TestGateway.start({
    gateway,
    scale: 0.02,
    servers: { blog: server.uri },
    env: { BULKHEAD_LOG_LEVEL: 'info' },
    log: (line) => {
      const { product, state, reason, level } = JSON.parse(line);
      if (state) logged.push({ product, state, reason });
      if (level >= 50) unhandled.push(line);
    },
  });
  await eventually('blog answers', async () => (await running.ask('blog', POSTS)).body.errors === undefined);
  ({ token } = await running.signUp('blog'));
});
// One that fails leaves the next a server that answers.
afterEach(() => server.thaw());
afterAll(async () => {
  try {
    await running.close();
  } finally {
    await server.remove();
    process.off('unhandledRejection', onUnhandled);
  }
});

const compartment = () => running.server.runtimes.get('blog')!.compartment;
/** Every way into the product answers that it is unavailable, in time; the other one answers. */
async function expectUnavailable(): Promise<void> {
  const email = `${Math.random()}@example.org`;
  const input = { email, password: PASSWORD };
  const [aviation, both, ...others] = await Promise.all([
    timed(running.ask('aviation', SUBJECTS)),
    timed(running.ask(undefined, BOTH)),
    timed(running.ask('blog', POSTS)),
    timed(running.ask('blog', SIGN_UP, { variables: { input: { ...input, name: 'Late' } } })),
    timed(running.ask('blog', SIGN_IN, { variables: { input } })),
    timed(running.ask('blog', VIEWER, { token })),
  ]);
  expect(aviation.body.data.subjects).toHaveLength(13);
  expect(both.body.data.aviation.subjects).toHaveLength(13);
  expect(both.body.data.blog).toBeNull();
  expect(codes(both)).toEqual(['PRODUCT_UNAVAILABLE']);
  for (const answer of others) {
    expect(codes(answer)).toEqual(['PRODUCT_UNAVAILABLE']);
    expect([200, 503]).toContain(answer.status);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  for (const { ms } of [both, ...others]) expect(ms).toBeLessThan(busy(DEADLINE_MS));
}

async function expectRefusedAtOnce(state: string): Promise<void> {
  const refused = await running.ask('blog', POSTS);
  expect([refused.status, codes(refused)]).toEqual([503, ['PRODUCT_UNAVAILABLE']]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.body.data).toBeUndefined();
  const health = await fetch(`${running.address}/health/ready`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ products: { blog: { state }, aviation: { state: 'ready' } } });
}

async function expectRecovered(): Promise<void> {
  await eventually('blog is ready again', () => compartment().state === 'ready');
  await eventually('it answers', async () => {
    const { body } = await running.ask('blog', POSTS);
    return body.errors === undefined && body.data.posts.nodes.length === 3;
  });
  await eventually(
    'it knows its sessions',
    async () => (await running.ask('blog', VIEWER, { token })).body.data?.viewer?.id !== undefined,
  );
  expect(compartment().load).toEqual({ inFlight: 0, waiting: 0 });
}

const statesSince = (start: number) =>
  logged
    .slice(start)
    .filter(({ product }) => product === 'blog')
    .map(({ state }) => state);
/** A slow machine may need several attempts, each of which ends. */
const expectOneOutage = (start: number) =>
  expect(statesSince(start).join(' ')).toMatch(/^open( ready open)* ready$/);

describe('the circuit breaker', () => {
  const isOpen = () => compartment().state === 'open';

  test.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
    ['frozen', () => server.freeze(), () => server.thaw()],
    ['killed', () => server.kill(), () => server.restart()],
  ])(
    'opens for a database that is %s, refuses at once, and closes when it is back',
    async (_what, fail, mend) => {
      await expectRecovered();
      await fail();
      await eventually('it is open', isOpen);
      // At once: nothing is asked that would have to be waited for.
      const commands = await running.commandsOf(async () => {
        const refused = await running.ask('blog', POSTS);
        expect([refused.status, codes(refused)]).toEqual([503, ['PRODUCT_UNAVAILABLE']]);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      });
      expect(commands).toEqual([]);
      await mend();
      await eventually('it is closed', () => compartment().state === 'ready');
      await expectRecovered();
    },
  );

  test('stays closed however slow the product’s own commands are', async () => {
    const admin = await new mongo.MongoClient(server.uri).connect();
    const slow = slowReads(admin, 'blog', DEADLINE_MS + 500);
    const start = logged.length;
    await slow('alwaysOn');
    try {
      const asked = Array.from({ length: 30 }, () => running.ask('blog', POSTS));
      for (const answer of await Promise.all(asked)) expect(codes(answer)).toEqual(['PRODUCT_UNAVAILABLE']);
    } finally {
      await slow('off');
      await admin.close();
    }
    expect(statesSince(start)).toEqual([]);
    await expectRecovered();
  });
});

describe('a frozen database', () => {
  test('costs its product the deadline, the other nothing, and is back by itself', async () => {
    const start = logged.length;
    // In the middle of many requests; those to the other are fewer than would ever be too many for it.
    const under = Array.from({ length: 60 }, (_, i) =>
      sleep(i).then(() => timed(running.ask(i % 5 === 0 ? undefined : 'blog', i % 5 === 0 ? BOTH : POSTS))),
    );
    await sleep(30);
    server.freeze();
    await expectUnavailable();
    for (const answer of await Promise.all(under)) {
      if (answer.body.errors) expect(new Set(codes(answer))).toEqual(new Set(['PRODUCT_UNAVAILABLE']));
      if (answer.body.data?.aviation !== undefined)
        expect(answer.body.data.aviation.subjects).toHaveLength(13);
      expect(answer.ms).toBeLessThan(busy(DEADLINE_MS));
    }
    await eventually('blog is open', () => compartment().state === 'open');
    await expectRefusedAtOnce('open');
    await eventually('no place is taken', () => compartment().load.inFlight === 0);
    server.thaw();
    await expectRecovered();
    expectOneOutage(start);
  });
});

describe('a killed database', () => {
  test('costs its product nothing but itself, and is back by itself', async () => {
    const start = logged.length;
    await server.kill();
    await expectUnavailable();
    await eventually('blog is open', () => compartment().state === 'open');
    await expectRefusedAtOnce('open');

    // A gateway that starts meanwhile.
    const log: string[] = [];
    const second = await createGatewayServer({
      gateway,
      environment: running.environment,
      logger: createLogger('info', { write: (line: string) => void log.push(line) }),
    });
    await second.settled();
    const early = second.runtimes.get('blog')!.compartment;
    expect([early.state, early.reason]).toEqual(['parked', 'its database cannot be reached']);
    const answer = await second.app.inject({ url: '/health/ready' });
    expect([answer.statusCode, answer.json().products.blog.state]).toEqual([200, 'parked']);

    await server.restart();
    await expectRecovered();
    expectOneOutage(start);
    await eventually('blog is ready in the second gateway', () => early.state === 'ready');
    await second.close();
    // Closing is no change of a product's state.
    const ofBlog = log.map((line) => JSON.parse(line)).filter(({ product }) => product === 'blog');
    expect(ofBlog.map(({ state, why }) => state ?? why)).toEqual([
      expect.stringContaining('ECONNREFUSED'),
      'parked',
      'ready',
    ]);
  });
});

test('no fault was left unhandled, and each had a name: nothing was masked', () => {
  expect(unhandled).toEqual([]);
});
