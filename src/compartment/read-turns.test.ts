import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadTurns } from './read-turns.js';

const LONG_MS = 60_000;
const make = (atOnce: number, waitMs = LONG_MS) =>
  new ReadTurns({ atOnce, waitMs, busy: () => new Error('busy') });
const breathe = () => new Promise(setImmediate);

/** Reads that end when they are told to. */
class Reads {
  readonly began: string[] = [];
  readonly #ends = new Map<string, () => void>();

  readonly one = (name: string) => () => {
    this.began.push(name);
    return new Promise<string>((resolve) => this.#ends.set(name, () => resolve(name)));
  };

  async end(...names: string[]): Promise<void> {
    for (const name of names) {
      this.#ends.get(name)!();
      await breathe();
    }
  }
}

/** Asks for a read each, of the client that its name begins with. */
const ask = (turns: ReadTurns, reads: Reads, ...names: string[]) =>
  names.map((name) => turns.take(name[0]!, reads.one(name)));

describe('turns to read', () => {
  it('are had at once while there are connections to spare', async () => {
    const turns = make(2);
    const reads = new Reads();
    const all = ask(turns, reads, 'a1', 'a2');
    // Before anything else has run.
    expect(reads.began).toEqual(['a1', 'a2']);
    await reads.end('a1', 'a2');
    expect(await Promise.all(all)).toEqual(['a1', 'a2']);
  });

  it('go to whoever’s client has the fewest under way, then to whose last turn is the longest ago', async () => {
    const turns = make(3);
    const reads = new Reads();
    const all = ask(turns, reads, 'a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1', 'c2');
    await breathe();
    expect(reads.began).toEqual(['a1', 'a2', 'a3']);
    await reads.end('a1', 'a2', 'a3', 'b1', 'c1', 'a4');
    expect(reads.began).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4', 'b2', 'c2', 'a5']);
    await reads.end('b2', 'c2', 'a5');
    await Promise.all(all);
    expect(turns.waiting).toBe(0);
  });

  it('leave a tenth of the connections to the others, whatever one client asks for', async () => {
    const turns = make(20);
    const reads = new Reads();
    const names = Array.from({ length: 30 }, (_, i) => `a${i}`);
    const all = ask(turns, reads, ...names);
    await breathe();
    expect(reads.began).toHaveLength(18);
    all.push(...ask(turns, reads, 'b0', 'c0'));
    expect(reads.began.slice(18)).toEqual(['b0', 'c0']);
    await reads.end('b0');
    expect(reads.began).toHaveLength(20);
    await reads.end(...names, 'c0');
    await Promise.all(all);
  });

  it('are not waited for without end, nor by whoever has gone', async () => {
    const turns = make(1, 20);
    const reads = new Reads();
    const gone = new AbortController();
    const [first] = ask(turns, reads, 'a1');
    const left = turns.take('b', reads.one('b1'), gone.signal);
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await expect(turns.take('b', reads.one('b2'), gone.signal)).rejects.toThrow('gone');
    await expect(turns.take('b', reads.one('b3'))).rejects.toThrow('busy');
    expect(turns.waiting).toBe(0);
    await reads.end('a1');
    await first;
    expect(reads.began).toEqual(['a1']);
  });

  it('come back from reads that fail', async () => {
    const turns = make(1);
    await expect(turns.take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.take('a', async () => 'read')).toBe('read');
  });

  it('are new with a new primary, however many the old one holds', async () => {
    const turns = make(2);
    const reads = new Reads();
    const all = ask(turns, reads, 'a1', 'a2', 'a3', 'b1', 'b2');
    turns.renew();
    await breathe();
    expect(reads.began).toEqual(['a1', 'a2', 'a3', 'b1']);
    // What the one before gives back is not the new one's.
    await reads.end('a1', 'a2');
    expect(turns.waiting).toBe(1);
    await reads.end('a3', 'b1', 'b2');
    await Promise.all(all);
  });

  it('are never more than there are, and nobody is forgotten, whatever happens', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask'), client: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ kind: fc.constant('end'), which: fc.nat() }),
      fc.record({ kind: fc.constant('leave'), which: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { maxLength: 80 }),
        async (atOnce, steps) => {
          const turns = make(atOnce);
          const running = new Map<() => void, string>();
          const leaving: AbortController[] = [];
          const all: Promise<unknown>[] = [];
          const read = (client: string) => () =>
            new Promise<void>((resolve) => {
              const end = () => {
                running.delete(end);
                resolve();
              };
              running.set(end, client);
            });
          for (const one of steps) {
            if ('client' in one) {
              const leave = new AbortController();
              leaving.push(leave);
              all.push(turns.take(one.client, read(one.client), leave.signal).catch(() => {}));
            } else if (one.kind === 'end') [...running.keys()][one.which % running.size]?.();
            else leaving[one.which % leaving.length]?.abort(new Error('gone'));
            await breathe();
            const mostOfOne = atOnce - Math.floor(atOnce / 10);
            const held = (client: string) => [...running.values()].filter((name) => name === client).length;
            expect(running.size).toBeLessThanOrEqual(atOnce);
            for (const client of running.values()) expect(held(client)).toBeLessThanOrEqual(mostOfOne);
            // A connection is idle only where the client that would have it has its most.
            if (turns.waiting > 0 && running.size < atOnce)
              expect(Math.max(...[...running.values()].map(held))).toBe(mostOfOne);
          }
          while (running.size > 0) {
            [...running.keys()][0]!();
            await breathe();
          }
          expect(turns.waiting).toBe(0);
          await Promise.all(all);
        },
      ),
    );
  });
});
