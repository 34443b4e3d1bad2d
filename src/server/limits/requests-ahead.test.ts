import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { boundRequestsAhead } from './requests-ahead.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An application that answers `/slow` when it is told to, and everything else at once. */
async function serve() {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const app = fastify({
    forceCloseConnections: true,
    http: boundRequestsAhead(),
  });
  app.server.on('request', ({ url }) => asked.push(url!));
  app.server.on('checkExpectation', ({ url }, response) => {
    asked.push(url!);
    response.writeHead(417).end();
  });
  app.get('/slow', async () => {
    await new Promise<void>((resolve) => held.push(resolve));
    return 'slow';
  });
  app.get('/fast', async () => 'fast');
  await app.listen({ port: 0, host: '127.0.0.1' });
  closing.push(() => app.close());
  return { app, asked, release: () => held.splice(0).forEach((one) => one()) };
}

/** Sends all in one piece. @returns both ends of the connection, and how many answers it has got. */
async function send(app: FastifyInstance, bytes: string) {
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1');
  socket.on('error', () => {});
  closing.push(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(bytes);
  const [theirs] = await accepted;
  return { socket, theirs, answers: () => text.split('HTTP/1.1 200').length - 1 };
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`;

test('sixteen requests sent in advance are answered, again and again', async () => {
  const { app, asked, release } = await serve();
  const { socket, answers } = await send(app, get('/slow') + get('/fast').repeat(15));
  await eventually('all have been begun', () => asked.length === 16);
  expect(answers()).toBe(0);
  release();
  await eventually('all are answered', () => answers() === 16);
  for (let round = 2; round <= 4; round += 1) {
    socket.write(get('/fast').repeat(16));
    await eventually('all are answered', () => answers() === 16 * round);
  }
  expect(socket.destroyed).toBe(false);
});

test.each([
  ['requests', get('/fast')],
  ['requests with expectations that nobody knows', get('/fast', 'expect: junk\r\n')],
  ['tunnels', 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['upgrades', get('/fast', 'connection: upgrade\r\nupgrade: websocket\r\n')],
])('the seventeenth ends the connection, and nothing behind it is begun: %s', async (_name, request) => {
  const { app, asked, release } = await serve();
  const many = get('/slow') + get('/fast').repeat(15) + request.repeat(2_300);
  const { theirs } = await send(app, many);
  await eventually('it is gone', () => theirs.destroyed);
  release();
  expect(asked).toHaveLength(16);
  // Whoever else asks is answered.
  const other = await send(app, get('/fast'));
  await eventually('it is answered', () => other.answers() === 1);
});

test('requests that come one by one behind a slow one are counted, too', async () => {
  const { app, asked } = await serve();
  const { socket, theirs } = await send(app, get('/slow'));
  for (let sent = 1; sent < 16; sent += 1) {
    socket.write(get('/fast'));
    await eventually('it has been begun', () => asked.length === sent + 1);
  }
  expect(theirs.destroyed).toBe(false);
  socket.write(get('/fast'));
  await eventually('it is gone', () => theirs.destroyed);
  expect(asked).toHaveLength(16);
});
