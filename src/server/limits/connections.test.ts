import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { boundConnections } from './connections.js';

test('the address with the most connections loses its oldest', async () => {
  const server = createServer((_request, response) => void response.end());
  boundConnections(server, 4);
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const all: Socket[] = [];
  const theirs: Socket[] = [];
  const open = async (localAddress: string) => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {});
    all.push(socket);
    theirs.push(...(await accepted));
  };
  try {
    await open('127.0.0.2');
    for (let i = 0; i < 6; i += 1) await open('127.0.0.1');
    await open('127.0.0.3');
    const expected = [false, true, true, true, true, false, false, false];
    await eventually('they are gone', () => all.filter(({ destroyed }) => destroyed).length >= 4);
    expect(all.map(({ destroyed }) => destroyed)).toEqual(expected);
    // Whoever goes makes room.
    all[0]!.destroy();
    await eventually('it is gone', () => theirs[0]!.closed);
    await open('127.0.0.4');
    expect(all.map(({ destroyed }) => destroyed)).toEqual([true, ...expected.slice(1), false]);
  } finally {
    for (const socket of all) socket.destroy();
    server.close();
  }
});
