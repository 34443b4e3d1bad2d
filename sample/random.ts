/** Chance that repeats itself: the same seed gives the same numbers on every machine, at every run. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** A stream of its own for the `n`-th thing of a kind, so that any one of them is known without the others. */
  constructor(kind: string, n = 0) {
    const low = n >>> 0;
    const high = Math.floor(n / 0x1_0000_0000);
    this.#a = mix(hashText(kind) ^ Math.imul(low, 0x9e3779b1));
    this.#b = mix(this.#a + 0x6d2b79f5 + high);
    this.#c = mix(this.#b ^ low);
    this.next();
    this.next();
  }

  /** From 0, included, to 1, excluded (the generator is sfc32). */
  next(): number {
    const sum = (this.#a + this.#b + this.#d++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  }

  /** A whole number, both ends included, in steps of `step` from the lower end. */
  int(from: number, to: number, step = 1): number {
    return from + step * Math.floor(this.next() * (Math.floor((to - from) / step) + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.next() * list.length)];
    if (picked === undefined)
      throw new RangeError('expected a list with at least one entry, got an empty one');
    return picked;
  }

  /** The list in another order; the list given stays as it is. */
  shuffle<T>(list: readonly T[]): T[] {
    const keyed = list.map((value) => ({ value, key: this.next() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
  }

  /** Normally distributed, mean 0 and deviation 1 (Box and Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }
}

/** A 32-bit number from a text (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
