import type { IndexFacts } from './facts.js';

/** A key of plain directions, in order. */
export type PlainKey = readonly (readonly [path: string, direction: unknown])[];

/** The key of an index that holds all documents in plain order, which is what another may stand in for; else undefined. */
export function plainKey(index: IndexFacts): PlainKey | undefined {
  const { key, isPartial, isSparse, hasCollation, isHidden } = index;
  if (isPartial || isSparse || hasCollation || isHidden) return undefined;
  const entries = Object.entries(key);
  const isPlain = entries.every(
    ([path, direction]) => (direction === 1 || direction === -1) && !path.includes('$**'),
  );
  return isPlain ? entries : undefined;
}

/** Whether a key begins with another. Read from its other end, an index is sorted the other way round. */
export const begins = (long: PlainKey, short: PlainKey): boolean =>
  [1, -1].some((sign) =>
    short.every(
      ([path, direction], at) => long[at]?.[0] === path && long[at][1] === Number(direction) * sign,
    ),
  );
