import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Of each connection, what its requests are waited with. */
const waiting = new WeakMap<Socket, Set<AbortController>>();

/**
 * Aborted when the client goes away before it was answered. Of requests that were sent in advance only the first hears
 * of it from Node, so that the others listen to the connection.
 */
export function clientSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const { socket } = response.req;
  if (socket.destroyed) {
    controller.abort();
    return controller.signal;
  }
  const own = waiting.get(socket) ?? new Set();
  if (!waiting.has(socket)) {
    waiting.set(socket, own);
    socket.once('close', () => {
      for (const one of own) one.abort();
    });
  }
  own.add(controller);
  response.once('close', () => {
    own.delete(controller);
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
