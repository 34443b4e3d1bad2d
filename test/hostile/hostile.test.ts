import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { closedProduct, edgeProduct } from '../support/edge-product.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';
import { type Attack, outcomeOf, type Prey } from './attack.js';
import { batchAttacks } from './batches.js';
import { credentialAttacks } from './credentials.js';
import { flood, floodAttacks, slowAttacks } from './floods.js';
import { lookUpRandomHashes, persistedQuery } from './hashes.js';
import { injectionAttacks } from './injection.js';
import { inputAttacks } from './inputs.js';
import { resourceAttacks } from './resources.js';
import { transportAttacks } from './transport.js';

const attacks: readonly Attack[] = [
  ...resourceAttacks,
  ...inputAttacks,
  ...batchAttacks,
  ...transportAttacks,
  ...injectionAttacks,
  ...credentialAttacks,
  ...slowAttacks,
  ...floodAttacks,
];
/** What belongs to nobody who attacks: a stack, the words of the driver or of a library, a suggestion, a password's hash. */
const LEAKS =
  /node_modules|\.[jt]s:\d|\\n\s+at |call stack|FST_|Mongo[A-Z]|E11000|Did you mean|\$argon2|ECONN|BSON/;

let prey: Prey;
const logged: string[] = [];
beforeAll(async () => {
  const gateway = await TestGateway.start({
    gateway: defineGateway({
      products: {
        ...config.products,
        edge: edgeProduct(),
        closed: closedProduct(),
        batched: edgeProduct({ limits: { operationsPerRequest: 10, cost: 10 } }),
      },
    }),
    scale: 0.01,
    env: { NODE_ENV: 'production', BULKHEAD_RATE_LIMITS: 'false', BULKHEAD_LOG_LEVEL: 'info' },
    log: (line) => logged.push(line),
  });
  prey = {
    gateway,
    hasty: await TestGateway.start({
      gateway: defineGateway({ products: { edge: edgeProduct() } }),
      env: { NODE_ENV: 'production' },
      requestTimeoutMs: 500,
    }),
    blogUser: (await gateway.signUp('blog')).token,
    aviationUser: (await gateway.signUp('aviation')).token,
    operator: await gateway.operator(),
  };
});
afterAll(() => Promise.all([prey.gateway.close(), prey.hasty.close()]));

const byText = (one: string | undefined, other: string | undefined) => (one! < other! ? -1 : 1);
const groups = [...new Set(attacks.map((attack) => attack.group))];
describe.each(groups)('%s', (group) => {
  const own = attacks.filter((attack) => attack.group === group);
  test.each(own.map((attack) => [attack.name, attack] as const))('%s', async (_name, attack) => {
    const answer = await attack.send(prey);
    expect(outcomeOf(answer)).toBe(attack.expected);
    expect(JSON.stringify(answer.body)).not.toMatch(LEAKS);
  });
});

test.each([true, false])('of 100 MB, announced: %s, the gateway reads a limit’s worth', async (announced) => {
  const { app } = prey.gateway.server;
  const sockets: Socket[] = [];
  const note = (socket: Socket) => sockets.push(socket);
  app.server.on('connection', note);
  try {
    expect((await flood(prey.gateway.address, announced)).status).toBe(413);
  } finally {
    app.server.off('connection', note);
  }
  const read = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  expect(read).toBeLessThan((1024 + 128) * 1024);
});

test('while requests trickle in, others are answered', async () => {
  const [slow] = slowAttacks;
  const slowly = slow!.send(prey);
  expect((await prey.hasty.ask('edge', '{ __typename }')).status).toBe(200);
  expect((await slowly).status).toBe(408);
});

test('bodies that do not end are kept up to 64 MiB together', async () => {
  const { hostname, port } = new URL(prey.gateway.address);
  const LENGTH = 1_000_000;
  const clients = Array.from({ length: 80 }, () => {
    // Whoever does not read hears of no end, where all that he has sent was read.
    const socket = connect(Number(port), hostname)
      .resume()
      .on('error', () => {});
    socket.write(
      `POST /graphql/edge HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${LENGTH}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(LENGTH - 1, ' '));
    return socket;
  });
  const left = () => clients.filter(({ destroyed }) => !destroyed).length;
  try {
    await eventually('as many are left as there is room for', () => left() <= 68);
    expect((await prey.gateway.ask('edge', '{ __typename }')).status).toBe(200);
    expect(left()).toBeGreaterThanOrEqual(66);
  } finally {
    for (const socket of clients) socket.destroy();
  }
});

test.each(['/graphql/edge', '/nothing'])(
  'a client that goes away in the middle of a chunk for %s does no harm',
  async (path) => {
    const { hostname, port } = new URL(prey.gateway.address);
    for (const type of ['application/json', 'text/plain']) {
      const accepted = once(prey.gateway.server.app.server, 'connection') as Promise<[Socket]>;
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{`,
      );
      const [theirs] = await accepted;
      await eventually('it is read', () => theirs.bytesRead > 100);
      socket.resetAndDestroy();
      await eventually('it is gone', () => theirs.destroyed);
    }
    expect((await prey.gateway.ask('edge', '{ __typename }')).status).toBe(200);
  },
);

test('requests sent in advance end their connection past sixteen, and are not begun', async () => {
  const { server, address } = prey.gateway;
  const { hostname, port } = new URL(address);
  const SLOW = JSON.stringify({ query: '{ slow(ms: 5000) }' });
  const before = logged.length;
  let begun = 0;
  const count = () => (begun += 1);
  server.app.server.on('request', count);
  const clients = Array.from({ length: 20 }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.write(
      `POST /graphql/edge HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${SLOW.length}\r\n\r\n${SLOW}` +
        'GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(2_300),
    );
    return socket.resume();
  });
  try {
    await eventually('all of them are gone', () => clients.every(({ destroyed }) => destroyed));
  } finally {
    server.app.server.off('request', count);
  }
  expect(begun).toBe(clients.length * 16);
  expect((await prey.gateway.ask('edge', '{ __typename }')).status).toBe(200);
  expect(logged.length - before).toBeLessThanOrEqual(clients.length * 16 + 1);
});

describe('answers that nobody reads', () => {
  const LONG = JSON.stringify({ query: '{ long(length: 8000000) }' });
  /** Asks for a long answer and reads nothing of it. @returns the gateway's end of the connection. */
  async function askAndLeave({ server, address }: TestGateway): Promise<Socket> {
    const { hostname, port } = new URL(address);
    const accepted = once(server.app.server, 'connection') as Promise<[Socket]>;
    const socket = connect(Number(port), hostname).pause();
    socket.on('error', () => {});
    socket.write(
      `POST /graphql/edge HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${LONG.length}\r\n\r\n${LONG}`,
    );
    const [theirs] = await accepted;
    theirs.once('close', () => socket.destroy());
    await eventually('it is answered', () => theirs.writableLength > 0 || theirs.destroyed);
    return theirs;
  }

  test('are given up when they get no further', async () => {
    const theirs = await askAndLeave(prey.hasty);
    await eventually('it is given up', () => theirs.destroyed);
    expect((await prey.hasty.ask('edge', '{ __typename }')).status).toBe(200);
  });

  test('are given up when there are too many, the oldest first', async () => {
    const theirs: Socket[] = [];
    for (let i = 0; i < 12; i += 1) theirs.push(await askAndLeave(prey.gateway));
    expect(theirs.map(({ destroyed }) => destroyed)).toEqual([
      ...Array<boolean>(3).fill(true),
      ...Array<boolean>(9).fill(false),
    ]);
    for (const socket of theirs) socket.destroy();
    expect((await prey.gateway.ask('edge', '{ __typename }')).status).toBe(200);
  });
});

test('a thousand hashes that nobody registered push out none that is', async () => {
  const registered = {
    query: '{ echo(text: "kept") }',
    extensions: persistedQuery('{ echo(text: "kept") }'),
  };
  const url = prey.gateway.url('edge');
  expect((await send(url, json(registered))).status).toBe(200);
  const misses = await lookUpRandomHashes(prey.gateway, 1_000);
  expect(misses).toEqual(new Map([['200 PERSISTED_QUERY_NOT_FOUND', 1_000]]));
  const { body } = await send(url, json({ extensions: registered.extensions }));
  expect(body.data).toEqual({ echo: 'kept' });
});

test('there are at least three hundred, none twice', () => {
  expect(attacks.length).toBeGreaterThanOrEqual(300);
  expect(new Set(attacks.map(({ group, name }) => `${group}: ${name}`)).size).toBe(attacks.length);
});

test('after all of them the gateway serves, and nothing was masked', async () => {
  expect((await prey.gateway.ask('blog', '{ posts(first: 1) { nodes { id } } }')).status).toBe(200);
  expect(logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  expect(logged.length).toBeGreaterThan(attacks.length);
  // oxlint-disable-next-line no-control-regex
  expect(logged.filter((line) => /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/.test(line))).toEqual([]);
});

test('docs/security.md promises what is answered, and nothing else', () => {
  const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  const promised = [...page.matchAll(/^\| ([^|]+) \| ([^|]*`\d{3} [^|]+) \| (\d+) \|$/gm)].map(
    ([, group, answers, count]) => [
      group,
      [...answers!.matchAll(/`(\d{3} [^`]+)`/g)].map(([, answer]) => answer).sort(byText),
      Number(count),
    ],
  );
  const kept = groups.map((group) => {
    const own = attacks.filter((attack) => attack.group === group);
    return [group, [...new Set(own.map(({ expected }) => expected))].sort(byText), own.length];
  });
  expect(promised).toEqual(kept);
});
