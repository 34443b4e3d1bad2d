import type { WriteTurn } from '../database/write-turn.js';
import { Places } from './places.js';

/** Tells a waiting write to ask again. */
const RENEWED = new Error('The turns are new.');
const NEVER = new AbortController().signal;

/**
 * Lets so many writes at once reach one primary, and the others wait for their turn: as many as its pool has
 * connections, less those that reads are to find free.
 */
export class WriteTurns {
  #places: Places;

  constructor(readonly atOnce: number) {
    this.#places = new Places(atOnce, Number.POSITIVE_INFINITY);
  }

  /**
   * Another server is the primary, with connections of its own: whoever waits gets a turn there, whatever is still
   * under way on the one before, which may be frozen.
   */
  renew(): void {
    const before = this.#places;
    this.#places = new Places(this.atOnce, Number.POSITIVE_INFINITY);
    before.dismiss(() => RENEWED);
  }

  readonly take: WriteTurn = async (work, signal = NEVER) => {
    const leave = await this.#enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };

  async #enter(signal: AbortSignal): Promise<() => void> {
    for (;;) {
      try {
        return await this.#places.take(signal)!;
      } catch (error) {
        if (error !== RENEWED) throw error;
      }
    }
  }
}
