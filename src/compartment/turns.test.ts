import { setImmediate as round } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

/** Keeps the processor busy for longer than a slice. */
function work(): void {
  const end = performance.now() + 6;
  while (performance.now() < end);
}

describe('turns', () => {
  it('come at once where nobody works', async () => {
    const turns = new Turns();
    expect(turns.take('shop')).toBeUndefined();
    await round();
    await round();
    expect(turns.take('shop')).toBeUndefined();
  });

  it('go to the products one after the other, and to those of one product in order', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const one = async (product: string, n: number) => {
      await turns.take(product);
      order.push(`${product}${n}`);
      work();
    };
    const asked = [0, 1, 2].map((n) => one('a', n));
    asked.push(...[0, 1].map((n) => one('b', n)));
    await Promise.all(asked);
    expect(order).toEqual(['a0', 'a1', 'b0', 'a2', 'b1']);
  });

  it('let the event loop go round in between', async () => {
    const turns = new Turns();
    let rounds = 0;
    const over = new AbortController();
    const count = (async () => {
      for (; !over.signal.aborted; rounds += 1) await round();
    })();
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await turns.take('shop');
        work();
      }),
    );
    over.abort();
    await count;
    expect(rounds).toBeGreaterThanOrEqual(4);
  });

  it('wait for clients who connect, and not for ever', async () => {
    const turns = new Turns();
    const over = new AbortController();
    let rounds = 0;
    const flood = (async () => {
      for (; !over.signal.aborted; rounds += 1) {
        turns.arrive();
        await round();
      }
    })();
    await turns.take('shop');
    work();
    await turns.take('shop');
    over.abort();
    await flood;
    expect(rounds).toBeGreaterThan(8);
    expect(rounds).toBeLessThan(40);
  });

  it('all come, whoever asks and whenever', async () => {
    const asks = fc.array(
      fc.record({ product: fc.constantFrom('a', 'b', 'c'), after: fc.nat(3), long: fc.boolean() }),
      {
        maxLength: 30,
      },
    );
    await fc.assert(
      fc.asyncProperty(asks, async (all) => {
        const turns = new Turns();
        const served = await Promise.all(
          all.map(async ({ product, after, long }) => {
            for (let n = 0; n < after; n += 1) await round();
            await turns.take(product);
            if (long) work();
            return true;
          }),
        );
        expect(served).toHaveLength(all.length);
        // And the next to come is served at once.
        await round();
        await round();
        expect(turns.take('a')).toBeUndefined();
      }),
      { numRuns: 15 },
    );
  });
});
