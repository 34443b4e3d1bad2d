import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { boundUnreadAnswers, type UnreadLimits } from './unread-answers.js';

const MB = 1_000_000;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An application that answers as many bytes as it is asked for, and believes clients their address. */
async function serve(limits: UnreadLimits): Promise<FastifyInstance> {
  const app = fastify({ trustProxy: true, forceCloseConnections: true });
  boundUnreadAnswers(app, limits);
  app.get<{ Params: { bytes: string } }>('/:bytes', async ({ params: { bytes } }, reply) =>
    reply.send('x'.repeat(Number(bytes))),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  closing.push(() => app.close());
  return app;
}

/** Asks, `behind` times for a byte in the end, and reads nothing. @returns both ends of the connection. */
async function ask(app: FastifyInstance, bytes: number, { from = '192.0.2.1', times = 1, behind = 0 } = {}) {
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1').pause();
  socket.on('error', () => {});
  closing.push(() => socket.destroy());
  const get = (path: number) =>
    `GET /${path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: ${from}\r\n\r\n`;
  socket.write(get(bytes).repeat(times) + get(1).repeat(behind));
  const [theirs] = await accepted;
  await eventually('it is answered', () => theirs.bytesWritten > 0 || theirs.destroyed);
  return { socket, theirs };
}

/** Reads at a rate until there is no more. @returns how much it was. */
async function read(socket: Socket, bytesPerSecond: number, most = Infinity): Promise<number> {
  const startedAt = performance.now();
  let count = 0;
  try {
    for await (const chunk of socket) {
      count += (chunk as Buffer).length;
      if (count >= most) break;
      const early = (count / bytesPerSecond) * 1_000 - (performance.now() - startedAt);
      if (early > 10) await sleep(early);
    }
  } catch {
    // Cut off.
  }
  return count;
}

describe('an answer that is read', () => {
  const limits = { longestMs: 1_000, leastBytesPerSecond: 20 * MB };

  test('too slowly is given up, though it gets on', async () => {
    const { socket, theirs } = await ask(await serve(limits), 20 * MB);
    // Two seconds are given, and it would take five.
    expect(await read(socket, 4 * MB)).toBeLessThan(20 * MB);
    expect(theirs.destroyed).toBe(true);
  });

  test('slowly, but faster than the least rate, arrives whole', async () => {
    // Eleven seconds are given, and it takes a half: a machine may be busy meanwhile.
    const { socket } = await ask(await serve({ ...limits, leastBytesPerSecond: 2 * MB }), 20 * MB);
    expect(await read(socket, 40 * MB, 20 * MB)).toBeGreaterThanOrEqual(20 * MB);
  });
});

describe('answers that nobody reads', () => {
  const limits = { longestMs: 60_000, mostBytes: 41 * MB };
  const destroyed = (all: readonly { theirs: Socket }[]) => all.map(({ theirs }) => theirs.destroyed);

  test('are taken from the client that leaves the most, the oldest first', async () => {
    const app = await serve(limits);
    const others = [
      await ask(app, 10 * MB, { from: '192.0.2.2' }),
      await ask(app, 10 * MB, { from: '192.0.2.3' }),
    ];
    const greedy = [];
    for (let i = 0; i < 6; i += 1) greedy.push(await ask(app, 10 * MB));
    // One network of IPv6 is one client.
    for (let i = 0; i < 2; i += 1) greedy.push(await ask(app, 10 * MB, { from: `2001:db8::${i}` }));
    others.push(await ask(app, 10 * MB, { from: '192.0.2.4' }));
    expect(destroyed(others)).toEqual([false, false, false]);
    expect(destroyed(greedy)).toEqual([true, true, true, true, true, false, true, false]);
  });

  test('weigh something when they are a byte long and wait behind another', async () => {
    const app = await serve(limits);
    const { theirs } = await ask(app, 40 * MB, { behind: 100 });
    expect(theirs.destroyed).toBe(false);
    const other = await ask(app, 40 * MB, { from: '192.0.2.2', behind: 200 });
    await eventually('both are given up', () => theirs.destroyed && other.theirs.destroyed);
  });

  test('of requests sent in advance are forgotten with their connection', async () => {
    const app = await serve(limits);
    const { socket, theirs } = await ask(app, 10 * MB, { times: 5 });
    socket.destroy();
    await eventually('it is gone', () => theirs.destroyed);
    const others = [];
    for (let i = 0; i < 3; i += 1) others.push(await ask(app, 10 * MB, { from: '192.0.2.2' }));
    others.push(await ask(app, 10 * MB, { from: '192.0.2.3' }));
    expect(destroyed(others)).toEqual(Array<boolean>(4).fill(false));
  });
});
