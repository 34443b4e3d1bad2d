import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import compress from '@fastify/compress';
import { fastify, type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { boundArrivingBodies } from './arriving-bodies.js';

const MOST = 1_000_000;
const LENGTH = 100_000;
let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = fastify({ bodyLimit: LENGTH, forceCloseConnections: true });
  boundArrivingBodies(app, MOST);
  await app.register(compress);
  app.post('/', async ({ body }) => body);
  await app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = app.server.address() as { port: number });
});
afterAll(() => app.close());

/** Sends the beginning of a request. */
async function begin(headers: string, body: string | Buffer, localAddress = '127.0.0.1'): Promise<Socket> {
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => {});
  const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\n\r\n`;
  socket.write(head);
  socket.write(body);
  const [theirs] = await accepted;
  const sent = Buffer.byteLength(head) + Buffer.byteLength(body);
  await eventually('it is read', () => theirs.bytesRead === sent || theirs.destroyed);
  return socket;
}

const ANNOUNCED = `content-length: ${LENGTH}`;
const CHUNKED = 'transfer-encoding: chunked';
const packed = gzipSync(Buffer.alloc(LENGTH, ' '));
test.each([
  ['announced', ANNOUNCED, Buffer.alloc(LENGTH - 1, ' ')],
  ['announced, and not sent', ANNOUNCED, ''],
  ['in chunks', CHUNKED, `${(LENGTH - 1).toString(16)}\r\n${' '.repeat(LENGTH - 1)}\r\n`],
  ['in chunks of one byte', CHUNKED, '1\r\n \r\n'.repeat(775)],
  ['packed', `content-encoding: gzip\r\ncontent-length: ${packed.length}`, packed.subarray(0, -8)],
  [
    'packed, in chunks',
    `content-encoding: gzip\r\n${CHUNKED}`,
    Buffer.concat([Buffer.from('61\r\n'), packed.subarray(0, 97)]),
  ],
])('bodies that do not end are bounded together: %s', async (_name, headers, body) => {
  const others = await begin(ANNOUNCED, '', '127.0.0.2');
  const all: Socket[] = [];
  try {
    for (let i = 0; i < 20; i += 1) all.push(await begin(headers, body));
    await eventually('the first are gone', () => all.filter(({ destroyed }) => destroyed).length >= 10);
    // The oldest of the address with the most.
    const destroyed = all.map((socket) => socket.destroyed);
    expect(destroyed).toEqual(destroyed.toSorted((one, other) => Number(other) - Number(one)));
    expect(destroyed.filter(Boolean).length).toBeLessThanOrEqual(12);
    expect(others.destroyed).toBe(false);
  } finally {
    for (const socket of [...all, others]) socket.destroy();
  }
});

test.each([
  ['content-length: 2', '{}'],
  [CHUNKED, '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'],
])('what has arrived is kept no longer: %s', async (headers, body) => {
  const slow = await begin(ANNOUNCED, '', '127.0.0.2');
  const socket = await begin(headers, body);
  try {
    // Twelve times the bound, one after the other.
    const large = JSON.stringify('x'.repeat(LENGTH - 2));
    for (let i = 0; i < 120; i += 1) {
      const answered = app.inject({
        method: 'POST',
        url: '/',
        payload: large,
        headers: { 'content-type': 'application/json' },
      });
      expect((await answered).statusCode).toBe(200);
    }
    expect([slow.destroyed, socket.destroyed]).toEqual([false, false]);
  } finally {
    for (const one of [slow, socket]) one.destroy();
  }
});
