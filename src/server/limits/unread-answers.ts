import type { FastifyInstance } from 'fastify';
import { FairBound } from './fair-bound.js';
import { siteOf } from './rate-limits.js';

/** What an answer keeps beside its bytes for as long as it waits: its request, its headers, its timers. Measured: 4 KB. */
const ANSWER_BYTES = 8 * 1024;

/** What clients may leave unread. */
export interface UnreadLimits {
  /** How long an answer may make no progress, and be late. */
  readonly longestMs: number;
  /** At which rate an answer is read at least, on average and beside `longestMs`. Default 10,000. */
  readonly leastBytesPerSecond?: number;
  /** Of all clients together. Default 64 MiB. */
  readonly mostBytes?: number;
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
  const unread = new FairBound(mostBytes);
  app.addHook('onSend', async ({ ip }, { raw }, payload) => {
    // Gone where the request was ended by its own body, as by one that cannot be unpacked.
    const socket = raw.req.socket ?? raw.socket;
    if (!socket || socket.destroyed) return;
    raw.setTimeout(longestMs, () => raw.destroy());
    // As it is before it is packed: that is what is kept.
    const amount = typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0;
    const kept = { amount: ANSWER_BYTES + amount, client: siteOf(ip), socket };
    unread.add(kept);
    const late = setTimeout(
      () => {
        unread.forget(kept);
        socket.destroy();
      },
      longestMs + Math.ceil((amount / leastBytesPerSecond) * 1_000),
    ).unref();
    raw.once('close', () => {
      clearTimeout(late);
      unread.forget(kept);
    });
  });
}
