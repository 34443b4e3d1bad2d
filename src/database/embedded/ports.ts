import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The first of the wished ports that is free on loopback, else any free one. */
export async function chooseFreePort(wished: readonly (number | undefined)[]): Promise<number> {
  for (const port of wished) {
    if (port !== undefined && (await isSoonFree(port))) return port;
  }
  for (let attempt = 0; attempt < 20; attempt++) {
    // Below the range from which systems take the ports of outgoing connections: the port is kept for later starts.
    const port = await listenOnce(randomInt(20_000, 30_000));
    if (port !== undefined) return port;
  }
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('No free port on 127.0.0.1.');
  return port;
}

/** A server that has just ended may still be giving its port back. */
async function isSoonFree(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt++) {
    if ((await listenOnce(port)) !== undefined) return true;
    await sleep(50);
  }
  return false;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const taken = (server.address() as AddressInfo).port;
      server.close(() => resolve(taken));
    });
  });
}
