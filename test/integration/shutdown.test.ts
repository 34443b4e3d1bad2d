import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { defineGateway } from 'bulkhead';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { createGatewayServer, type GatewayServer } from '../../src/server/gateway-server.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { busy } from '../support/answers.js';
import { calls, edgeProduct } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const declared = defineGateway({
  products: { ...config.products, edge: edgeProduct({ limits: { answerBytes: 100_000_000 } }) },
});
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ gateway: declared, scale: 0.01 });
});
afterAll(() => gateway.close());

const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

/** One request of a keep-alive client. */
interface Outcome {
  readonly id: string;
  readonly status?: number | undefined;
  readonly error?: string;
  /** Whether its connection had carried another request before. */
  readonly reused: boolean;
}

function ask(address: string, agent: Agent, id: string, path: string, query: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = httpRequest(
      `${address}${path}`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json', 'x-request-id': id } },
      (response: IncomingMessage) => {
        response.resume();
        const end = (error?: string) =>
          resolve({ id, status: response.statusCode, reused: request.reusedSocket, ...(error && { error }) });
        response.once('end', () => end()).once('error', ({ message }) => end(message));
      },
    );
    request.once('error', ({ message }) => resolve({ id, error: message, reused: request.reusedSocket }));
    request.end(JSON.stringify({ query }));
  });
}

/** Clients that ask without pause over connections that they keep, until their gateway is gone. */
function load(address: string, clients: number, path: string, query: string) {
  const outcomes: Outcome[] = [];
  const run = async (client: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    for (let i = 0; ; i += 1) {
      const outcome = await ask(address, agent, `client-${client}-request-${i}`, path, query);
      outcomes.push(outcome);
      if (outcome.error) return;
    }
  };
  return { outcomes, ended: Promise.all(Array.from({ length: clients }, (_, client) => run(client))) };
}

/** What was lost: requests that the gateway has seen and nobody got an answer to, and kept connections that broke. */
function lostAmong(outcomes: readonly Outcome[], lines: readonly string[]): string[] {
  const seen = lines
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line) as { reqId: string; res: { status: number } });
  const known = new Set(seen.map(({ reqId }) => reqId));
  const answered = new Set(
    outcomes.filter(({ status, error }) => status === 200 && !error).map(({ id }) => id),
  );
  return [
    ...outcomes
      .filter(({ status, error }) => status !== 200 && !error)
      .map(({ id, status }) => `${id}: answered ${status}`),
    ...outcomes
      .filter(({ id, error, reused }) => error && (reused || known.has(id)))
      .map(({ id, error }) => `${id}: ${error}`),
    ...seen
      .filter(({ reqId, res }) => reqId.startsWith('client-') && (res.status !== 200 || !answered.has(reqId)))
      .map(({ reqId, res }) => `${reqId}: seen, ${res.status}`),
  ];
}

/** Another gateway on the same databases, with times of its own. */
async function startSecond(times: { drainMs?: number; longestCloseMs?: number } = {}) {
  const lines: string[] = [];
  const server: GatewayServer = await createGatewayServer({
    gateway: declared,
    environment: gateway.environment,
    logger: createLogger('info', { write: (line) => void lines.push(line) }),
    ...times,
  });
  await server.settled();
  return { server, lines, address: await server.listen() };
}

/** A test whose gateway waits for that ends by its own time limit. */
const NEVER_MS = 600_000;
const LONG = JSON.stringify({ query: '{ long(length: 50000000) }' });
const POSTS = '{ posts(first: 5) { nodes { title author { name } } } }';

test('under load nothing accepted is lost, whatever moment the end comes', async () => {
  for (const drainMs of [0, 150]) {
    const { server, lines, address } = await startSecond({ drainMs });
    const { outcomes, ended } = load(address, 10, '/graphql/blog', POSTS);
    while (outcomes.length < 150) await sleep(5);
    await server.close();
    await ended;
    expect(lostAmong(outcomes, lines)).toEqual([]);
  }
});

test('a request that has arrived while the process was busy is answered, not cut off as an idle connection', async () => {
  const { server, address } = await startSecond();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  const outcomes = [await ask(address, agent, 'first-request', '/graphql/blog', POSTS)];
  const closing = server.close();
  const asked = ask(address, agent, 'second-request', '/graphql/blog', POSTS);
  // It is written now, and nobody reads it until the time that idle connections are given is over.
  await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
  for (const until = performance.now() + 500; performance.now() < until;);
  outcomes.push(await asked);
  await closing;
  expect(outcomes).toEqual([
    { id: 'first-request', status: 200, reused: false },
    { id: 'second-request', status: 200, reused: true },
  ]);
});

test('readiness is refused first, while everything is still answered', async () => {
  const { server, address } = await startSecond({ drainMs: 400 });
  expect((await send(`${address}/health/ready`)).status).toBe(200);
  const closing = server.close();
  const [ready, live, answer] = await Promise.all([
    send(`${address}/health/ready`),
    send(`${address}/health/live`),
    send(`${address}/graphql/blog`, json({ query: POSTS })),
  ]);
  expect([ready.status, ready.body.status]).toEqual([503, 'stopping']);
  expect(live.status).toBe(200);
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  await closing;
  await expect(fetch(address)).rejects.toThrow('fetch failed');
});

test('a request under way is answered, and its kept connection does not hold up the end', async () => {
  const { server, address } = await startSecond({ longestCloseMs: NEVER_MS });
  const agent = new Agent({ keepAlive: true });
  agents.push(agent);
  calls.slow = 0;
  const asked = ask(address, agent, 'slow-request', '/graphql/edge', '{ slow(ms: 700) }');
  await eventually('it has begun', () => calls.slow > 0);
  await server.close();
  expect(await asked).toEqual({ id: 'slow-request', status: 200, reused: false });
});

test('an answer that is being read is read to its end, and its kept connection does not hold up the end', async () => {
  const { server, address } = await startSecond({ longestCloseMs: NEVER_MS });
  const agent = new Agent({ keepAlive: true });
  agents.push(agent);
  const request = httpRequest(`${address}/graphql/edge`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json' },
  }).end(LONG);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.headers.connection).toBe('keep-alive');
  const closing = server.close();
  await sleep(200);
  let length = 0;
  for await (const chunk of response) length += (chunk as Buffer).length;
  expect(length).toBeGreaterThan(50_000_000);
  await closing;
});

test('clients that never read, never ask or never finish asking cannot hold up the end', async () => {
  const { server, address } = await startSecond({ longestCloseMs: 500 });
  const { port } = new URL(address);
  const bodies = [
    // Asks for more than the connection's buffers hold, and reads none of it.
    `POST /graphql/edge HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${LONG.length}\r\n\r\n${LONG}`,
    '',
    'POST /graphql/edge HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"que',
  ];
  const sockets = await Promise.all(
    bodies.map(async (bytes) => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      if (bytes) socket.write(bytes);
      return socket.pause();
    }),
  );
  await sleep(200);
  const started = Date.now();
  await server.close();
  const tookMs = Date.now() - started;
  for (const socket of sockets) socket.destroy();
  expect(tookMs).toBeGreaterThanOrEqual(500);
  expect(tookMs).toBeLessThan(busy(500));
});

test.each(['a full disk', 'a reader that is gone'])(
  'a log that meets %s holds up neither answers nor the end',
  async (what) => {
    const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [main, 'start'], {
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        BULKHEAD_LOG_LEVEL: 'info',
        BLOG_MONGODB_URI: gateway.uris['blog'],
        AVIATION_MONGODB_URI: gateway.uris['aviation'],
      },
      stdio: ['ignore', what === 'a full disk' ? full : 'pipe', 'inherit', 'ipc'],
    });
    closeSync(full);
    const exited = once(child, 'exit');
    try {
      const listening = once(child, 'message') as Promise<[{ listening: string }]>;
      child.stdout?.destroy();
      const [{ listening: address }] = await Promise.race([
        listening,
        exited.then(() => Promise.reject(new Error('ended too early'))),
      ]);
      for (let i = 0; i < 300; i += 1) {
        const { status } = await send(`${address}/graphql/blog`, json({ query: '{ __typename }' }));
        expect(status).toBe(200);
      }
      expect((await send(`${address}/health/live`)).status).toBe(200);
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  },
);

test('SIGTERM to the built process in production loses no request and ends it within 30 s', async () => {
  const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
  const secret = (name: string) => `${name}-5b1e7f0c9a2d4836e1c4b7a9d0f25368`;
  const child: ChildProcess = spawn(process.execPath, [main, 'start', 'blog'], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      BULKHEAD_RATE_LIMITS: 'false',
      PORT: '0',
      BLOG_MONGODB_URI: gateway.uris['blog'],
      AVIATION_MONGODB_URI: gateway.uris['aviation'],
      BULKHEAD_JWT_SECRET: secret('operators'),
      BLOG_JWT_SECRET: secret('blog'),
      AVIATION_JWT_SECRET: secret('aviation'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const lines: string[] = [];
  try {
    const listening = new Promise<string>((resolve, reject) => {
      void exited.then(() => reject(new Error(`ended too early: ${lines.join('\n')}`)));
      createInterface(child.stdout!).on('line', (line) => {
        lines.push(line);
        const { listening: address } = JSON.parse(line) as { listening?: string };
        if (address) resolve(address);
      });
    });
    const address = await listening;
    while ((await send(`${address}/health/ready`)).status !== 200) await sleep(50);
    const { outcomes, ended } = load(address, 8, '/graphql/blog', POSTS);
    // A client that never reads, beside them.
    const idle = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => {});
    while (outcomes.length < 150) await sleep(5);
    const started = Date.now();
    child.kill('SIGTERM');
    await eventually('it is not ready', async () => (await send(`${address}/health/ready`)).status === 503);
    idle.destroy();
    await ended;
    expect(await exited).toEqual([0, null]);
    expect(Date.now() - started).toBeLessThan(busy(30_000));
    expect(lostAmong(outcomes, lines)).toEqual([]);
    expect(lines.join('')).not.toMatch(/mongodb:\/\/[^/]*@|5b1e7f0c9a2d/);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
});
