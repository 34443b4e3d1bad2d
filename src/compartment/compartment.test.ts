import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_LIMITS } from '../product/product.js';
import { Compartment } from './compartment.js';

const never = new AbortController().signal;
const compartment = (limits = {}) => new Compartment('shop', { ...DEFAULT_LIMITS, ...limits });
const unavailable = { code: 'PRODUCT_UNAVAILABLE', status: 503 };

describe('a compartment’s state', () => {
  it('is undecided until it was ready or parked once', () => {
    const one = compartment();
    expect([one.state, one.reason, one.decided]).toEqual(['open', 'connecting', false]);
    one.set('parked', 'no');
    expect(one.decided).toBe(true);
    one.set('open', 'away');
    expect(one.decided).toBe(true);
  });

  it('is the gravest of what its watchers say', () => {
    const one = compartment();
    one.set('ready');
    one.set('open', 'half of the commands fail', 'breaker');
    expect([one.state, one.reason]).toEqual(['open', 'half of the commands fail']);
    // The database is back, which says nothing about the breaker.
    one.set('ready');
    expect(one.state).toBe('open');
    one.set('parked', 'refused');
    one.set('ready', '', 'breaker');
    expect([one.state, one.reason]).toEqual(['parked', 'refused']);
    one.set('ready');
    expect([one.state, one.reason]).toEqual(['ready', '']);
  });

  it('is told once per change', () => {
    const one = compartment();
    const told: string[] = [];
    one.onChange((state, reason) => told.push(`${state} ${reason}`));
    for (const reason of ['a', 'a', 'b', 'b']) one.set('parked', reason);
    one.set('ready');
    one.set('ready', '', 'breaker');
    expect(told).toEqual(['parked a', 'parked b', 'ready ']);
  });
});

describe('entering a compartment', () => {
  it('is refused while it is not ready, with a time to come again', async () => {
    const one = compartment();
    await expect(one.enter(never)).rejects.toMatchObject({ ...unavailable, retryAfterS: 1 });
    one.set('parked', 'a reason for operators only');
    const refused = one.enter(never);
    await expect(refused).rejects.toMatchObject({ ...unavailable, retryAfterS: 5 });
    await expect(refused).rejects.not.toThrow('a reason');
  });

  it('is refused at once when places and queue are full, and counted', async () => {
    const one = compartment({ inFlight: 1, queue: 1 });
    one.set('ready');
    const leave = await one.enter(never);
    const waiting = one.enter(never);
    await expect(one.enter(never)).rejects.toMatchObject({ ...unavailable, message: /It is full/ });
    expect(one.load).toEqual({ inFlight: 1, waiting: 1 });
    leave();
    (await waiting)();
    expect(one.load).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('is refused to one whose product went away while it waited', async () => {
    const one = compartment({ inFlight: 1 });
    one.set('ready');
    const leave = await one.enter(never);
    const waiting = one.enter(never);
    one.set('open', 'away');
    leave();
    await expect(waiting).rejects.toMatchObject(unavailable);
    expect(one.load).toEqual({ inFlight: 0, waiting: 0 });
  });
});

describe('operations that write', () => {
  it('get three quarters of the places, and those that read find one', async () => {
    const one = compartment({ inFlight: 4, queue: 1 });
    one.set('ready');
    const writes = await Promise.all([1, 2, 3].map(() => one.enter(never, 'writes')));
    const fourth = one.enter(never, 'writes');
    await expect(one.enter(never, 'writes')).rejects.toMatchObject({ ...unavailable, message: /It is full/ });
    expect(one.load).toEqual({ inFlight: 3, waiting: 1 });
    const leave = await one.enter(never);
    leave();
    writes[0]!();
    await expect(fourth).resolves.toBeTypeOf('function');
    for (const done of [...writes.slice(1), await fourth]) done();
    expect(one.load).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('give back what they have when the product goes away, and when their client does', async () => {
    const one = compartment({ inFlight: 2, queue: 2 });
    one.set('ready');
    const leave = await one.enter(never, 'writes');
    const waiting = one.enter(never, 'writes');
    one.set('open');
    await expect(waiting).rejects.toMatchObject(unavailable);
    one.set('ready');
    const gone = new AbortController();
    const givenUp = one.enter(gone.signal, 'writes');
    gone.abort(new Error('gone'));
    await expect(givenUp).rejects.toThrow('gone');
    leave();
    expect(one.load).toEqual({ inFlight: 0, waiting: 0 });
    (await one.enter(never, 'writes'))();
  });
});

describe('the queue of a slow product', () => {
  afterEach(() => void vi.useRealTimers());

  it('takes no more than are answered in a quarter of the deadline, and never fewer than there are connections', async () => {
    vi.useFakeTimers();
    const one = compartment({ deadlineMs: 4_000, poolSize: 2, inFlight: 4, queue: 100 });
    one.set('ready');
    const inside = await Promise.all(Array.from({ length: 4 }, () => one.enter(never)));
    // One every 125 ms: eight in a second.
    for (let n = 0; n <= 20; n += 1) {
      const next = one.enter(never);
      vi.advanceTimersByTime(125);
      inside.shift()!();
      inside.push(await next);
    }
    const waiting = Array.from({ length: 4 }, () => one.enter(never));
    expect(one.turnAway()).toMatchObject(unavailable);
    await expect(one.enter(never)).rejects.toMatchObject({ ...unavailable, message: /It is full/ });
    expect(one.load).toEqual({ inFlight: 4, waiting: 4 });

    // Ten times slower: still as many as connections.
    for (let n = 0; n < 200; n += 1) {
      vi.advanceTimersByTime(1_250);
      inside.shift()?.();
      if (waiting.length > 0) inside.push(await waiting.shift()!);
      while (one.load.inFlight < 2) inside.push(await one.enter(never));
    }
    expect(one.load).toEqual({ inFlight: 2, waiting: 0 });
    expect(one.turnAway()).toMatchObject(unavailable);
    inside.shift()!();
    expect(one.turnAway()).toBeUndefined();
  });

  /** Eight a second, of so many operations under way. */
  const slow = async (clientOf: (n: number) => string) => {
    vi.useFakeTimers();
    const one = compartment({ deadlineMs: 4_000, poolSize: 2, inFlight: 20, queue: 100 });
    one.set('ready');
    const inside = await Promise.all(
      Array.from({ length: 8 }, (_, n) => one.enter(never, 'reads', clientOf(n))),
    );
    for (let n = 0; n <= 24; n += 1) {
      vi.advanceTimersByTime(125);
      inside.shift()!();
      inside.push(await one.enter(never, 'reads', clientOf(n)));
    }
    return { one, inside };
  };

  it('takes on those who have less than half of what another has, and refuses that one', async () => {
    const { one, inside } = await slow(() => 'greedy');
    expect(one.turnAway('greedy')).toMatchObject(unavailable);
    for (let n = 0; n < 4; n += 1) {
      expect(one.turnAway('other')).toBeUndefined();
      inside.push(await one.enter(never, n % 2 === 0 ? 'reads' : 'writes', 'other'));
    }
    await expect(one.enter(never, 'reads', 'other')).rejects.toMatchObject(unavailable);
    expect(one.turnAway('third')).toBeUndefined();
    for (const leave of inside) leave();
    expect(one.load).toEqual({ inFlight: 0, waiting: 0 });
    expect(one.turnAway('greedy')).toBeUndefined();
  });

  it('takes on nobody beyond it where everybody has as much', async () => {
    const { one, inside } = await slow((n) => `client ${n % 8}`);
    expect(one.turnAway('another')).toMatchObject(unavailable);
    // Those who have given up have nothing any more.
    vi.advanceTimersByTime(125);
    inside.shift()!();
    for (let n = 0; n < 5; n += 1)
      await expect(one.enter(AbortSignal.abort(new Error('gone')), 'reads', 'gone')).rejects.toThrow('gone');
    inside.push(await one.enter(never, 'reads', 'client 8'));
    expect(one.turnAway('another')).toMatchObject(unavailable);
  });

  it('does not count those who wait for something else than the product', async () => {
    const { one, inside } = await slow(() => 'client');
    expect(one.turnAway('client')).toMatchObject(unavailable);
    const waking: (() => void)[] = [];
    const waits = inside.map(() => one.aside(() => new Promise<void>((resolve) => waking.push(resolve))));
    expect(one.turnAway('client')).toBeUndefined();
    for (const wake of waking) wake();
    await Promise.all(waits);
    expect(one.turnAway('client')).toMatchObject(unavailable);
  });

  it('does not learn its pace from them', async () => {
    vi.useFakeTimers();
    const one = compartment({ deadlineMs: 4_000, poolSize: 2, inFlight: 20, queue: 100 });
    one.set('ready');
    const begin = async () => {
      const leave = await one.enter(never);
      let wake = () => {};
      const asleep = one.aside(() => new Promise<void>((resolve) => (wake = resolve)));
      return async () => {
        wake();
        await asleep;
        leave();
      };
    };
    const inside = await Promise.all(Array.from({ length: 8 }, begin));
    for (let n = 0; n <= 24; n += 1) {
      vi.advanceTimersByTime(1_000);
      await inside.shift()!();
      inside.push(await begin());
    }
    expect(one.load.inFlight).toBe(8);
    expect(one.turnAway()).toBeUndefined();
    const leaves = await Promise.all(Array.from({ length: 12 }, () => one.enter(never)));
    expect(one.load).toEqual({ inFlight: 20, waiting: 0 });
    for (const leave of leaves) leave();
    for (const end of inside) await end();
    expect(one.load.inFlight).toBe(0);
  });
});
