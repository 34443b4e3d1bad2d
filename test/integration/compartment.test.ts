import { request } from 'node:http';
import { connect } from 'node:net';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { eventually } from '../support/eventually.js';
import { type Answer, TestGateway } from '../support/gateway.js';
import { OwnServer, slowReads } from '../support/own-server.js';

/** A deadline that nothing here comes near, however slow the machine: neither its time nor the pace it is reckoned by. */
const LIMITS = { deadlineMs: 60_000, inFlight: 2, queue: 2, poolSize: 3, waitQueueTimeoutMs: 300 };
/** Nothing is refused for the pace, with as many connections as operations, or because they are made slowly. */
const HASTY = { ...LIMITS, deadlineMs: 1_500, poolSize: 4, waitQueueTimeoutMs: 60_000 };
/** Many at work, and ten connections. */
const WIDE = { ...LIMITS, inFlight: 60, queue: 60, poolSize: 10, waitQueueTimeoutMs: 5_000 };
const blog = config.products['blog']!;
const limited = (limits: typeof LIMITS) => ({ ...blog, limits: { ...blog.limits, ...limits } });
const gateway = defineGateway({
  ...config,
  products: { ...config.products, blog: limited(LIMITS), hasty: limited(HASTY), wide: limited(WIDE) },
});

/** Of one operation in a product of three connections. */
const READS_AT_ONCE = 2;

const POSTS = '{ posts(first: 1) { nodes { title } } }';
const SUBJECTS = '{ subjects { code } }';
const BOTH = `{ blog ${POSTS} aviation ${SUBJECTS} }`;
const FULL = 'blog is not available. It is full.';

/** Fail points belong to a server, so blog has one of its own. */
let server: OwnServer;
let admin: mongo.MongoClient;
let running: TestGateway;

beforeAll(async () => {
  server = await OwnServer.start();
  admin = await new mongo.MongoClient(server.uri).connect();
  running = await TestGateway.start({
    gateway,
    scale: 0.02,
    servers: { blog: server.uri, hasty: server.uri, wide: server.uri },
    env: { BULKHEAD_TRUST_PROXY: 'loopback' },
  });
  // Connections are made when they are wanted, which a slow machine does not do within the wait for one.
  const slow = slowReads(admin, 'blog', 100);
  await slow('alwaysOn');
  const twice = `{ a: ${POSTS.slice(1, -1)} b: ${POSTS.slice(1, -1)} }`;
  await eventually('all its connections are made', async () => {
    const answers = await Promise.all([1, 2].map(() => running.ask('blog', twice)));
    return answers.every(({ body }) => body.errors === undefined);
  });
  await slow('off');
});
afterEach(() => release());
afterAll(async () => {
  try {
    await running.close();
    await admin.close();
  } finally {
    await server.remove();
  }
});

/**
 * Holds the reads of blog's posts in the database until it is called again with `off`. They do not notice when their
 * time is up or their client has gone, unless `interruptible`.
 */
const hold = (mode: 'off' | 'alwaysOn' = 'alwaysOn', shouldCheckForInterrupt = false, product = 'blog') =>
  admin.db('admin').command({
    configureFailPoint: 'waitInFindBeforeMakingBatch',
    mode,
    data: { nss: `${running.databases[product]}.posts`, shouldCheckForInterrupt },
  });
const release = () => hold('off');
const load = (product = 'blog') => running.server.runtimes.get(product)!.compartment.load;
const isEmpty = (product = 'blog') => load(product).inFlight === 0 && load(product).waiting === 0;
const faults = ({ body }: Answer) =>
  ((body.errors ?? []) as { message: string; extensions: { code: string } }[]).map(
    ({ message, extensions: { code } }) => [code, message] as const,
  );

/** What the gateway has under way on blog's server, for a product. */
async function underWay(product = 'blog'): Promise<mongo.Document[]> {
  const [...found] = await admin
    .db('admin')
    .aggregate([
      { $currentOp: { allUsers: true } },
      { $match: { appName: `bulkhead:${product}`, 'command.find': 'posts' } },
    ])
    .toArray();
  return found;
}

describe('a product’s places', () => {
  test('are taken, then its queue, and then the next is refused at once, on both ways in', async () => {
    await hold();
    const inside = [running.ask('blog', POSTS), running.ask(undefined, BOTH)];
    await eventually('both places are taken', () => load().inFlight === 2);
    const waiting = [running.ask(undefined, BOTH), running.ask('blog', POSTS)];
    await eventually('both wait', () => load().waiting === 2);
    await eventually('both read', async () => (await underWay()).length === 2);

    const { recorder } = running.server.runtimes.get('blog')!;
    const refused = vi.spyOn(recorder!, 'refused');
    const commands = await running.commandsOf(async () => {
      const own = await running.ask('blog', POSTS);
      expect([own.status, faults(own)]).toEqual([503, [['PRODUCT_UNAVAILABLE', FULL]]]);
      expect(own.headers.get('retry-after')).toBe('1');
      const composed = await running.ask(undefined, BOTH);
      expect([composed.status, faults(composed)]).toEqual([200, [['PRODUCT_UNAVAILABLE', FULL]]]);
      expect(composed.body.data.blog).toBeNull();
      expect(composed.body.data.aviation.subjects).toHaveLength(13);
    });
    expect(commands.filter(({ product }) => product === 'blog')).toEqual([]);
    expect(refused.mock.calls).toEqual([['-'], ['-']]);
    refused.mockRestore();
    expect(load()).toEqual({ inFlight: 2, waiting: 2 });
    expect(await underWay()).toHaveLength(2);

    await release();
    for (const { body } of await Promise.all([...inside, ...waiting])) expect(body.errors).toBeUndefined();
    expect(isEmpty()).toBe(true);
  });

  test('are given back when time is up, by those in the queue as well', async () => {
    await hold('alwaysOn', false, 'hasty');
    const asked = Array.from({ length: 4 }, () => running.ask('hasty', POSTS));
    await eventually('somebody is in', () => !isEmpty('hasty'));
    const late =
      /^hasty is not available\. (It did not answer within 1500 ms|The 1500 ms of its request were over)/;
    for (const answer of await Promise.all(asked))
      expect(faults(answer)).toEqual([['PRODUCT_UNAVAILABLE', expect.stringMatching(late)]]);
    expect(isEmpty('hasty')).toBe(true);
    await release();
    await eventually('it answers', async () => (await running.ask('hasty', POSTS)).body.errors === undefined);
  });

  test('go to those who wait when an operation is over', async () => {
    await hold();
    const asked = Array.from({ length: 4 }, () => running.ask('blog', POSTS));
    await eventually('two are in and two wait', () => load().inFlight === 2 && load().waiting === 2);
    await release();
    for (const { body } of await Promise.all(asked)) expect(body.data.posts.nodes).toHaveLength(1);
    expect(isEmpty()).toBe(true);
  });

  test('are one per operation, however many fields it has', async () => {
    await hold();
    const fields = (...aliases: string[]) =>
      aliases.map((alias) => `${alias}: posts(first: 1) { nodes { title } }`).join(' ');
    const asked = running.ask(
      undefined,
      `{ one: blog { ${fields('a', 'b')} } two: blog { ${fields('c')} } }`,
    );
    await eventually('its reads are under way', async () => (await underWay()).length === READS_AT_ONCE);
    expect(load()).toEqual({ inFlight: 1, waiting: 0 });
    await release();
    expect((await asked).body.errors).toBeUndefined();
    expect(isEmpty()).toBe(true);
  });

  test('are given back by an operation that fails', async () => {
    const answers = await Promise.all([
      running.ask('blog', '{ posts(first: 1, after: "nonsense") { nodes { title } } }'),
      running.ask('blog', 'mutation { signOut }'),
      running.ask('blog', 'query ($first: Int!) { posts(first: $first) { nodes { title } } }'),
    ]);
    expect(answers.map(({ body }) => body.errors?.length ?? 0)).toEqual([1, 0, 1]);
    await eventually('no place is taken', () => isEmpty());
  });

  test('are asked for in the name of the address that asks, on both ways in', async () => {
    const { compartment } = running.server.runtimes.get('blog')!;
    const [turnAway, enter] = [vi.spyOn(compartment, 'turnAway'), vi.spyOn(compartment, 'enter')];
    await running.ask('blog', POSTS);
    await running.ask(undefined, BOTH);
    expect(turnAway.mock.calls).toEqual([['127.0.0.1']]);
    const entered = [expect.any(AbortSignal), 'reads', '127.0.0.1'];
    expect(enter.mock.calls).toEqual([entered, entered]);
    for (const spy of [turnAway, enter]) spy.mockRestore();
  });

  test('are needed for looking up a session, too', async () => {
    const { token } = await running.signUp('blog');
    await hold();
    const filled = Array.from({ length: 4 }, () => running.ask('blog', POSTS));
    await eventually('blog is full', () => load().inFlight === 2 && load().waiting === 2);
    let refused!: Answer;
    const commands = await running.commandsOf(async () => {
      refused = await running.ask('blog', '{ viewer { id } }', { token });
    });
    expect(commands.filter(({ command }) => command['find'] === 'sessions')).toEqual([]);
    expect([refused.status, faults(refused).map(([code]) => code)]).toEqual([503, ['PRODUCT_UNAVAILABLE']]);
    await release();
    await Promise.all(filled);
    expect((await running.ask('blog', '{ viewer { id } }', { token })).body.data.viewer).not.toBeNull();
    expect(isEmpty()).toBe(true);
  });
});

describe('a product’s connections', () => {
  test('are bounded, the wait for one is, too, and what is left of a failed operation ends with it', async () => {
    await hold('alwaysOn', true);
    const sentAt = Date.now();
    running.commands.length = 0;
    const sent = () => running.commands.filter(({ product }) => product === 'blog').length;
    // Two documents, each seen once: compiled, they would wait for the fields that have not failed.
    const asked = ['a', 'b'].map((name) => {
      const fields = [1, 2].map((i) => `${name}${i}: posts(first: 1) { nodes { title } }`).join(' ');
      return running.ask(undefined, `{ blog { ${fields} } aviation ${SUBJECTS} }`);
    });
    // By what was sent: they are under way together for a moment only.
    await eventually('every connection is in use', () => sent() === LIMITS.poolSize);
    // The fourth read finds no connection, and its operation fails with it.
    const answer = await Promise.race(asked);
    expect(answer.body.data.blog).toBeNull();
    expect(answer.body.data.aviation.subjects).toHaveLength(13);
    expect(faults(answer).map(([code]) => code)).toEqual(['PRODUCT_UNAVAILABLE']);
    await eventually('its other read has ended', async () => (await underWay()).length === READS_AT_ONCE);
    expect(sent()).toBe(LIMITS.poolSize);
    // Not by the deadline, which lies ahead.
    expect(Date.now() - sentAt).toBeLessThan(LIMITS.deadlineMs);
    await release();
    for (const { body } of await Promise.all(asked)) expect(body.data.aviation.subjects).toHaveLength(13);
    expect(isEmpty()).toBe(true);
  });

  test('are left to the neighbours of an operation that asks for much', async () => {
    const slow = slowReads(admin, 'blog', 120);
    const field = (i: number) =>
      `p${i}: posts(first: 5) { nodes { title author { name } comments(first: 2) { nodes { id } } } }`;
    const greedy = `{ ${Array.from({ length: 10 }, (_, i) => field(i)).join(' ')} }`;
    await slow('alwaysOn');
    try {
      const asked = running.ask('blog', greedy);
      await eventually('it is at work', () => load().inFlight === 1);
      // Its reads take longer together than anybody waits for a connection.
      expect((await running.ask('blog', POSTS)).body.errors).toBeUndefined();
      expect((await asked).body.errors).toBeUndefined();
    } finally {
      await slow('off');
    }
  });
});

describe('a product’s clients', () => {
  const from = (address: string) => ({ 'x-forwarded-for': address });

  test('are told apart where a session is looked up, too', async () => {
    const { token } = await running.signUp('wide');
    const enter = vi.spyOn(running.server.runtimes.get('wide')!.compartment, 'enter');
    await running.ask('wide', POSTS, { token, headers: from('203.0.113.1') });
    await running.ask('wide', POSTS, { token, headers: from('2001:db8:1:2::3') });
    const clients = enter.mock.calls.map(([, kind, client]) => [kind, client]);
    enter.mockRestore();
    const [v4, v6] = [
      ['reads', '203.0.113.1'],
      ['reads', '2001:db8:1::/48'],
    ];
    expect(clients).toEqual([v4, v4, v6, v6]);
  });

  test('find a connection, signed in or not, however many reads another has under way and waiting', async () => {
    const { token } = await running.signUp('wide');
    await hold('alwaysOn', false, 'wide');
    const twice = `{ a: ${POSTS.slice(1, -1)} b: ${POSTS.slice(1, -1)} }`;
    const greedy = Array.from({ length: 30 }, () =>
      running.ask('wide', twice, { headers: from('198.51.100.7') }),
    );
    const most = WIDE.poolSize - 1;
    await eventually('it has all that it gets', async () => (await underWay('wide')).length === most);
    for (const [i, who] of [{}, { token }].entries()) {
      const month = `{ signUpsPerDay(month: "2026-0${i + 1}") { count } }`;
      const { body } = await running.ask('wide', month, { ...who, headers: from(`203.0.113.${i}`) });
      expect(body.errors).toBeUndefined();
    }
    expect(await underWay('wide')).toHaveLength(most);
    await release();
    expect((await Promise.all(greedy)).flatMap(faults)).toEqual([]);
    expect(isEmpty('wide')).toBe(true);
  });
});

describe('a deadline', () => {
  test('is the time limit of every command', async () => {
    const commands = await running.commandsOf(async () => {
      await running.ask('blog', '{ posts(first: 2) { nodes { title author { name } } } }');
      await running.signUp('blog');
    });
    expect(commands.map(({ name }) => name)).toEqual(['find', 'find', 'insert', 'insert']);
    for (const { command } of commands) {
      expect(command['maxTimeMS']).toBeGreaterThan(0);
      expect(command['maxTimeMS']).toBeLessThanOrEqual(LIMITS.deadlineMs);
    }
  });
});

describe('a client that goes away', () => {
  test('takes its work with it, in the gateway and in the database', async () => {
    await hold('alwaysOn', true);
    const body = JSON.stringify({ query: 'query Leaving { posts(first: 1) { nodes { title } } }' });
    const leaving = request(running.url('blog'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const ended = new Promise((resolve) => leaving.once('error', resolve));
    const sentAt = Date.now();
    leaving.end(body);
    await eventually('its read is under way', async () => (await underWay()).length === 1);
    expect((await underWay())[0]!['command'].comment).toBe('bulkhead:blog:Leaving:Query.posts');
    leaving.destroy();
    await ended;
    await eventually('its place is free', () => isEmpty());
    await eventually('its read has ended', async () => (await underWay()).length === 0);
    // Not by the deadline, which lies ahead.
    expect(Date.now() - sentAt).toBeLessThan(LIMITS.deadlineMs);
  });

  test('takes the work with it that it has sent in advance', async () => {
    await hold('alwaysOn', true);
    const { hostname, port } = new URL(running.address);
    const socket = connect(Number(port), hostname);
    const sentAt = Date.now();
    for (const first of [1, 2]) {
      const body = JSON.stringify({ query: `{ posts(first: ${first}) { nodes { title } } }` });
      socket.write(
        `POST /graphql/blog HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    }
    await eventually('both are under way', async () => (await underWay()).length === 2);
    socket.destroy();
    await eventually('their places are free', () => isEmpty());
    expect(Date.now() - sentAt).toBeLessThan(LIMITS.deadlineMs);
  });
});
