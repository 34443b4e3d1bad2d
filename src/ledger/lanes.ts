import type { TimeLimit } from './time-limit.js';

/**
 * Lets those who need the same things pass one after the other, in the order in which they came. Who needs several
 * takes its place for all of them at once, so that no two ever wait for each other.
 *
 * Inside one process this is what keeps a busy account fast: the database answers a collision at once and
 * the loser starts over. Between processes collisions still happen, and are retried; safety never rests on this.
 */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether somebody is in this lane. */
  isTaken(name: string): boolean {
    return this.#last.has(name);
  }

  /**
   * Waits for its turn and answers the function that ends it.
   *
   * @throws OutOfTime when the turn does not come in time; those behind then go on waiting for those before.
   */
  async enter(names: readonly string[], time: TimeLimit): Promise<() => void> {
    const before = names.map((name) => this.#last.get(name)).filter((one) => one !== undefined);
    let leave!: () => void;
    const left = new Promise<void>((resolve) => {
      leave = () => {
        for (const name of names) if (this.#last.get(name) === left) this.#last.delete(name);
        resolve();
      };
    });
    for (const name of names) this.#last.set(name, left);
    if (before.length === 0) return leave;
    const turn = Promise.all(before);
    try {
      await time.race(turn);
    } catch (error) {
      void turn.then(leave);
      throw error;
    }
    return leave;
  }
}
