import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { networkOf } from './rate-limits.js';

/** What clients may leave unread. */
export interface UnreadLimits {
  /** How long an answer may make no progress, and be late. */
  readonly longestMs: number;
  /** At which rate an answer is read at least, on average and beside `longestMs`. Default 10,000. */
  readonly leastBytesPerSecond?: number;
  /** Of all clients together. Default 64 MiB. */
  readonly mostBytes?: number;
}

/** An answer whose last byte has not left. */
interface Sending {
  readonly raw: ServerResponse;
  /** As it is before it is packed: that is what is kept. */
  readonly bytes: number;
  readonly client: string;
}

/**
 * Gives answers up that nobody reads: those that have made no progress for a time, those that are read too slowly, and,
 * when there are too many, the oldest ones of the client that leaves the most, counted by its address. The operation is
 * over by then, and the answer is memory for as long as the client likes: a hundred requests for the largest answer,
 * none of them read, would take gigabytes, and one byte now and then is progress.
 */
export function boundUnreadAnswers(
  app: FastifyInstance,
  { longestMs, leastBytesPerSecond = 10_000, mostBytes = 64 * 1024 * 1024 }: UnreadLimits,
): void {
  // In the order in which they began.
  const all = new Set<Sending>();
  let unread = 0;
  const forget = (answer: Sending): void => {
    if (all.delete(answer)) unread -= answer.bytes;
  };
  // Answers to requests that were sent in advance wait for their turn, and do not hear that their connection is gone.
  const forgetGone = (): void => {
    for (const answer of all) if (answer.raw.req.socket.destroyed) forget(answer);
  };
  const cut = ({ raw }: Sending): void => {
    raw.req.socket.destroy();
    forgetGone();
  };
  const makeRoom = (): void => {
    forgetGone();
    while (unread > mostBytes) cut(oldestOfMost(all));
  };

  app.addHook('onSend', async ({ ip }, { raw }, payload) => {
    if (raw.req.socket.destroyed) return;
    raw.setTimeout(longestMs, () => raw.destroy());
    if (unread > mostBytes) makeRoom();
    const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0;
    const answer = { raw, bytes, client: networkOf(ip) };
    all.add(answer);
    unread += bytes;
    const late = setTimeout(
      () => cut(answer),
      longestMs + Math.ceil((bytes / leastBytesPerSecond) * 1_000),
    ).unref();
    raw.once('close', () => {
      clearTimeout(late);
      forget(answer);
    });
  });
}

/** The oldest answer of the client that leaves the most unread. */
function oldestOfMost(all: ReadonlySet<Sending>): Sending {
  const byClient = new Map<string, { bytes: number; readonly oldest: Sending }>();
  for (const answer of all) {
    const known = byClient.get(answer.client);
    if (known) known.bytes += answer.bytes;
    else byClient.set(answer.client, { bytes: answer.bytes, oldest: answer });
  }
  return [...byClient.values()].reduce((most, one) => (one.bytes > most.bytes ? one : most)).oldest;
}
