import { randomOf } from '../../src/indexes/advise/random.js';

/** Draws from one seed: the same seed, the same draws. */
export class Draw {
  readonly random: () => number;

  constructor(seed: string) {
    this.random = randomOf(seed);
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  /** A number drawn evenly by its logarithm. */
  scale(from: number, to: number): number {
    return Math.round(from * (to / from) ** this.random());
  }

  of<T>(all: readonly T[]): T {
    return all[Math.floor(this.random() * all.length)]!;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((one) => [this.random(), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one);
  }
}
