import { setTimeout as sleep } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline } from './deadline.js';

const unavailable = { code: 'PRODUCT_UNAVAILABLE', retryAfterS: 1 };
const forever = () => new Promise<never>(() => {});

describe('a deadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends work that takes longer, and names the product and the limit', async () => {
    const deadline = new Deadline('shop', 100);
    const message = 'shop is not available. It did not answer within 100 ms.';
    const work = deadline.race(forever()).catch((error: unknown) => error);
    vi.advanceTimersByTime(99);
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.remainingMs).toBe(1);
    vi.advanceTimersByTime(1);
    await expect(work).resolves.toMatchObject({ ...unavailable, message });
    // To the server, 0 would mean no limit.
    expect(deadline.remainingMs).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(deadline.remainingMs).toBe(1);
  });

  it('may have begun before it, and may be over', async () => {
    const late = new Deadline('shop', 100, undefined, Date.now() - 60);
    expect(late.remainingMs).toBe(40);
    vi.advanceTimersByTime(40);
    expect(late.signal.aborted).toBe(true);
    const over = new Deadline('shop', 100, undefined, Date.now() - 100);
    const message = 'shop is not available. The 100 ms of its request were over before it began.';
    await expect(over.race(forever())).rejects.toMatchObject({ ...unavailable, message });
    over.close();
    late.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves work alone that is done in time', async () => {
    const deadline = new Deadline('shop', 100);
    await expect(deadline.race(Promise.resolve(7))).resolves.toBe(7);
    await expect(deadline.race(Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });

  it('keeps no timer and no listener when it is closed', async () => {
    const client = new AbortController();
    const deadline = new Deadline('shop', 100, client.signal);
    await deadline.race(Promise.resolve());
    expect(getEventListeners(deadline.signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(1);
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(1);
    deadline.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(0);
  });

  it('is listened to by many commands at once without a warning', async () => {
    vi.useRealTimers();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const deadline = new Deadline('shop', 1_000);
    await Promise.all(Array.from({ length: 50 }, () => deadline.race(sleep(1))));
    await sleep(1);
    process.off('warning', onWarning);
    deadline.close();
    expect(warnings).toEqual([]);
  });

  it('tells work that nobody waits for any more', async () => {
    const deadline = new Deadline('shop', 100);
    const left = deadline.race(forever());
    deadline.close();
    await expect(left).rejects.toMatchObject({ code: 'PRODUCT_UNAVAILABLE' });
  });
});

describe('a deadline of a client that goes away', () => {
  it('ends with it', async () => {
    const client = new AbortController();
    const deadline = new Deadline('shop', 60_000, client.signal);
    const work = deadline.race(forever());
    client.abort();
    await expect(work).rejects.toMatchObject({ ...unavailable, message: /The client has gone/ });
    deadline.close();
  });

  it('has ended before it began when the client had gone', async () => {
    const deadline = new Deadline('shop', 60_000, AbortSignal.abort());
    // What fails afterwards is nobody's unhandled rejection.
    const late = sleep(1).then(() => Promise.reject(new Error('late')));
    await expect(deadline.race(late)).rejects.toMatchObject({ message: /The client has gone/ });
    await sleep(5);
    deadline.close();
  });
});
