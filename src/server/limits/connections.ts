import type { Server } from 'node:http';
import { FairBound } from './fair-bound.js';
import { siteOf } from './rate-limits.js';

/**
 * Bounds open connections: one that does nothing costs its client nothing, and the gateway memory and a descriptor.
 * Past the bound the address with the most, as the socket has it, loses its oldest, whatever it does.
 *
 * @param most default 10,000.
 */
export function boundConnections(server: Server, most = 10_000): void {
  const open = new FairBound(most - 1);
  server.on('connection', (socket) => {
    open.add({ amount: 1, client: siteOf(socket.remoteAddress ?? ''), socket });
  });
}
