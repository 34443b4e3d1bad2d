import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Leave, Places } from './places.js';

const never = new AbortController().signal;

describe('places', () => {
  it('go to the one that has waited longest, not to one that comes in between', async () => {
    const places = new Places(1, 1);
    const leave = await places.take(never)!;
    const order: string[] = [];
    const waiting = places.take(never)!.then((mine) => {
      order.push('waited');
      mine();
    });
    leave();
    // In the very moment the place is given back, and full: no queue slot but the one in use.
    const late = places.take(never)!.then((mine) => {
      order.push('came late');
      mine();
    });
    await Promise.all([waiting, late]);
    expect(order).toEqual(['waited', 'came late']);
    expect(places.taken).toBe(0);
  });

  it('are not kept waiting for by one that gave up', async () => {
    const places = new Places(1, 1);
    const leave = await places.take(never)!;
    const gone = new AbortController();
    const givenUp = places.take(gone.signal)!;
    expect(places.take(never)).toBeUndefined();
    gone.abort(new Error('gone'));
    await expect(givenUp).rejects.toThrow('gone');
    const next = places.take(never)!;
    leave();
    await next.then((mine) => mine());
    expect([places.taken, places.waiting]).toEqual([0, 0]);
  });

  it('are not given to one that had gone before it asked', async () => {
    const places = new Places(1, 1);
    await expect(places.take(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(places.taken).toBe(0);
  });

  // Each step of a generated run is checked.
  /* oxlint-disable vitest/no-conditional-expect */
  it('never exceed their number, serve in order, and are all free in the end, whatever happens', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ does: fc.constant('come' as const) }) },
      { weight: 2, arbitrary: fc.record({ does: fc.constant('leave' as const), which: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('give up' as const), which: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('breathe' as const) }) },
    );
    const sizes = [fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })] as const;
    await fc.assert(
      fc.asyncProperty(...sizes, fc.array(step, { maxLength: 40 }), async (inFlight, queue, steps) => {
        const places = new Places(inFlight, queue);
        const signals: { id: number; controller: AbortController }[] = [];
        const inside: Leave[] = [];
        const served: number[] = [];
        const all: Promise<void>[] = [];
        let comers = 0;
        for (const one of steps) {
          if (one.does === 'come') {
            const id = (comers += 1);
            const controller = new AbortController();
            const { taken, waiting } = places;
            const place = places.take(controller.signal);
            expect(place === undefined).toBe(taken === inFlight && waiting === queue);
            if (!place) continue;
            signals.push({ id, controller });
            const entered = (leave: Leave) => {
              served.push(id);
              inside.push(leave);
            };
            all.push(place.then(entered, () => {}));
          } else if (one.does === 'leave') {
            const [leave] = inside.splice(one.which % Math.max(1, inside.length), 1);
            leave?.();
            leave?.();
          } else if (one.does === 'give up') {
            signals[one.which % Math.max(1, signals.length)]?.controller.abort(new Error('gone'));
          } else {
            await new Promise(setImmediate);
          }
          expect(places.taken).toBeLessThanOrEqual(inFlight);
          expect(places.waiting).toBeLessThanOrEqual(queue);
          // Nobody waits beside a free place.
          expect(places.waiting === 0 || places.taken === inFlight).toBe(true);
        }
        while (places.taken > 0) {
          await new Promise(setImmediate);
          inside.splice(0).forEach((leave) => leave());
        }
        await Promise.all(all);
        expect(places.waiting).toBe(0);
        expect(served).toEqual(served.toSorted((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  });
});
