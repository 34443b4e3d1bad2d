/** Nodes of one shape. */
const MOST_NODES = 400;

/** What is left of the nodes that one shape may have. */
export class Budget {
  left = MOST_NODES;
  /** @returns whether there was another. */
  take(): boolean {
    return this.left-- > 0;
  }

  /** An object's keys, of a huge one no more than can be taken. */
  keysOf(value: object): string[] {
    const keys = Object.keys(value);
    return keys.length > this.left ? keys.slice(0, Math.max(0, this.left) + 1) : keys;
  }
}
