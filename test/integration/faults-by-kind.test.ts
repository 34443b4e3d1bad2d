import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { busy, codes, timed } from '../support/answers.js';
import { eventually } from '../support/eventually.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';
import { failing, OwnServer, slowReads } from '../support/own-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const DEADLINE_MS = 1_500;
/** Few enough to be used up, enough for the gateway, the administrator and the server itself. */
const CONNECTIONS = 60;
const OUT_OF_DISK_SPACE = 14_031;
const NOT_WRITABLE_PRIMARY = 10_107;
const READS = ['find', 'aggregate'];
const WRITES = ['insert', 'update', 'delete', 'findAndModify'];

const blog = config.products['blog']!;
const limits = { ...blog.limits, deadlineMs: DEADLINE_MS };
const gateway = defineGateway({ ...config, products: { ...config.products, blog: { ...blog, limits } } });

const POSTS = '{ posts(first: 3) { nodes { title author { name } } } }';
const SUBJECTS = '{ subjects { code } }';
const BOTH = `{ blog ${POSTS} aviation ${SUBJECTS} }`;
const SIGN_UP = 'mutation ($input: SignUpInput!) { signUp(input: $input) { viewer { id } } }';

let server: OwnServer;
let proxy: TcpProxy;
let admin: mongo.MongoClient;
let running: TestGateway;
const faulty: string[] = [];

/** The server by way of the proxy: not as a member of its set, whose other name would lead around it. */
function throughProxy(uri: string): string {
  const url = new URL(uri);
  url.port = String(proxy.port);
  url.searchParams.delete('replicaSet');
  url.searchParams.set('directConnection', 'true');
  return url.href;
}

beforeAll(async () => {
  server = await OwnServer.start(['--maxConns', String(CONNECTIONS)]);
  proxy = await TcpProxy.start(server.port);
  admin = await new mongo.MongoClient(server.uri, { maxPoolSize: 2 }).connect();
  running = await TestGateway.start({
    gateway,
    scale: 0.02,
    servers: { blog: throughProxy(server.uri) },
    log: (line) => {
      if (JSON.parse(line).level >= 50) faulty.push(line);
    },
  });
});
afterAll(async () => {
  try {
    await running.close();
    await proxy.close();
    await admin.close();
  } finally {
    await server.remove();
  }
});

const compartment = () => running.server.runtimes.get('blog')!.compartment;
const signUp = () =>
  running.ask('blog', SIGN_UP, {
    variables: { input: { name: 'Late', email: `${Math.random()}@example.org`, password: PASSWORD } },
  });

/** What clients of the product read, each way in, and that nobody else's answer has anything of it. */
async function expectAnswers(reads: readonly string[], writes: readonly string[]): Promise<void> {
  const [aviation, both, read, written] = await Promise.all([
    timed(running.ask('aviation', SUBJECTS)),
    timed(running.ask(undefined, BOTH)),
    timed(running.ask('blog', POSTS)),
    timed(signUp()),
  ]);
  expect(aviation.body.errors).toBeUndefined();
  expect(both.body.data.aviation.subjects).toHaveLength(13);
  for (const [answer, allowed] of [
    [both, reads],
    [read, reads],
    [written, writes],
  ] as const) {
    // A machine that needs longer than the deadline for what works is told so.
    const late = answer.ms >= DEADLINE_MS ? LATE : [];
    expect(codes(answer).length > 0 ? codes(answer) : ['none']).toEqual([
      expect.toBeOneOf([...allowed, ...late]),
    ]);
    expect(answer.ms).toBeLessThan(busy(DEADLINE_MS));
  }
}

async function expectRecovered(): Promise<void> {
  await eventually('blog is ready', () => compartment().state === 'ready');
  await eventually('blog answers', async () => codes(await running.ask('blog', POSTS)).length === 0);
  await eventually('it takes writes', async () => codes(await signUp()).length === 0);
  await eventually('no place is taken', () => compartment().load.inFlight === 0);
}

/** Holds every connection that the server has left. */
async function takeConnections(): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let n = 0; n < CONNECTIONS; n += 1) {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    sockets.push(socket);
  }
  return sockets;
}

const UNAVAILABLE = ['PRODUCT_UNAVAILABLE'];
const LATE = ['PRODUCT_UNAVAILABLE', 'DEADLINE_EXCEEDED'];
const SERVED = ['none'];

interface Fault {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Whether the product is refused as a whole, after a moment. */
  readonly opens: boolean;
  /** Begins it, and answers how it ends. */
  readonly begin: () => Promise<() => unknown>;
}

const proxied = (manner: Parameters<TcpProxy['become']>[0]) => async () => {
  await proxy.become(manner);
  return () => proxy.become({ is: 'clear' });
};
const switched = (fail: (mode: 'off' | 'alwaysOn') => Promise<unknown>) => async () => {
  await fail('alwaysOn');
  return () => fail('off');
};

const FAULTS: Readonly<Record<string, Fault>> = {
  'is 2 s away': {
    reads: UNAVAILABLE,
    writes: UNAVAILABLE,
    opens: true,
    begin: proxied({ is: 'slow', ms: 2_000 }),
  },
  'takes 2 s for each read': {
    reads: LATE,
    writes: [...SERVED, ...LATE],
    opens: false,
    begin: () => switched(slowReads(admin, 'blog', 2_000))(),
  },
  'sends a few bytes a second': {
    reads: UNAVAILABLE,
    writes: UNAVAILABLE,
    opens: true,
    begin: proxied({ is: 'throttled', bytesPerSecond: 50 }),
  },
  'says nothing any more': {
    reads: UNAVAILABLE,
    writes: UNAVAILABLE,
    opens: true,
    begin: proxied({ is: 'frozen' }),
  },
  'refuses connections': {
    reads: UNAVAILABLE,
    writes: UNAVAILABLE,
    opens: true,
    begin: proxied({ is: 'refusing' }),
  },
  'has no connection left': {
    reads: UNAVAILABLE,
    writes: UNAVAILABLE,
    opens: true,
    begin: async () => {
      proxy.cut();
      const taken = await takeConnections();
      proxy.cut();
      return () => taken.forEach((socket) => socket.destroy());
    },
  },
  'is out of disk space': {
    reads: SERVED,
    writes: UNAVAILABLE,
    opens: false,
    begin: () => switched(failing(admin, 'blog', OUT_OF_DISK_SPACE, WRITES))(),
  },
  'is no primary, by its own word': {
    reads: UNAVAILABLE,
    writes: UNAVAILABLE,
    opens: false,
    begin: () => switched(failing(admin, 'blog', NOT_WRITABLE_PRIMARY, [...READS, ...WRITES]))(),
  },
  'has stepped down': {
    // To the driver, which is told of one server, it is good enough to read from until the circuit opens.
    reads: [...SERVED, ...UNAVAILABLE],
    writes: UNAVAILABLE,
    opens: true,
    begin: async () => {
      await admin.db('admin').command({ replSetStepDown: 60, force: true });
      // It stands for election again, asked while there is no primary.
      return () => admin.db('admin').command({ replSetFreeze: 0 }, { readPreference: 'primaryPreferred' });
    },
  },
};

describe('a database that', () => {
  test.each(Object.entries(FAULTS))('%s costs its own product, by name and in time', async (_what, fault) => {
    await expectRecovered();
    const end = await fault.begin();
    try {
      // At once, and again when everybody has noticed.
      await expectAnswers(fault.reads, fault.writes);
      if (fault.opens) await eventually('blog is open', () => compartment().state === 'open');
      else expect(compartment().state).toBe('ready');
      await expectAnswers(fault.reads, fault.writes);
    } finally {
      await end();
    }
    await expectRecovered();
  });

  test('breaks every connection costs nothing but the operations under way', async () => {
    await expectRecovered();
    const asked = Array.from({ length: 20 }, () => running.ask('blog', POSTS));
    await sleep(5);
    proxy.cut();
    for (const answer of await Promise.all(asked))
      expect(codes(answer).every((code) => code === 'PRODUCT_UNAVAILABLE')).toBe(true);
    await expectRecovered();
  });
});

test('no fault was masked', () => {
  expect(faulty).toEqual([]);
});
