import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** What all clients together may leave unread before those who have been at it longest are cut off. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024;

/**
 * Gives answers up that nobody reads: those that have made no progress for a time, and the oldest ones when there are
 * too many. The operation is over by then, and the answer is memory for as long as the client likes: a hundred requests
 * for the largest answer, none of them read, would take gigabytes.
 *
 * @param longestMs how long an answer may make no progress.
 */
export function boundUnreadAnswers(app: FastifyInstance, longestMs: number): void {
  // In the order in which they began.
  const sending = new Set<ServerResponse>();

  app.addHook('onSend', async (_request, { raw }) => {
    raw.setTimeout(longestMs, () => raw.destroy());
    let unread = 0;
    for (const one of sending) unread += one.writableLength;
    for (const oldest of sending) {
      if (unread <= MOST_UNREAD_BYTES) break;
      unread -= oldest.writableLength;
      sending.delete(oldest);
      oldest.req.socket.destroy();
    }
    sending.add(raw);
    raw.once('close', () => sending.delete(raw));
  });
}
