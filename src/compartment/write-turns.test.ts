import { describe, expect, it } from 'vitest';
import { WriteTurns } from './write-turns.js';

/** Work that ends when it is told to, and how much of it has begun. */
function work() {
  const ends: (() => void)[] = [];
  return { ends, one: () => new Promise<void>((resolve) => ends.push(resolve)) };
}
const breathe = () => new Promise(setImmediate);

describe('turns to write', () => {
  it('are as many as they are, and the others wait', async () => {
    const turns = new WriteTurns(3);
    const { ends, one } = work();
    const all = Array.from({ length: 5 }, () => turns.take(one));
    await breathe();
    expect(ends).toHaveLength(3);
    for (let n = 0; n < 5; n += 1) {
      ends[n]!();
      await breathe();
      expect(ends).toHaveLength(Math.min(5, n + 4));
    }
    await Promise.all(all);
  });

  it('are new with a new primary, in the order of waiting, however many the old one holds', async () => {
    const turns = new WriteTurns(1);
    const old = work();
    const stuck = turns.take(old.one);
    const order: string[] = [];
    const waiting = ['first', 'second'].map((name) => turns.take(async () => void order.push(name)));
    await breathe();
    expect(order).toEqual([]);
    turns.renew();
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second']);
    // What the old primary answers late gives nobody a second turn.
    const { ends, one } = work();
    const next = [turns.take(one), turns.take(one)];
    old.ends[0]!();
    await stuck;
    await breathe();
    expect(ends).toHaveLength(1);
    ends[0]!();
    await breathe();
    ends[1]!();
    await Promise.all(next);
  });

  it('are not waited for by whoever has gone', async () => {
    const turns = new WriteTurns(1);
    const { ends, one } = work();
    const held = turns.take(one);
    const gone = new AbortController();
    const waiting = turns.take(one, gone.signal);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    ends[0]!();
    await held;
    expect(ends).toHaveLength(1);
  });
});
