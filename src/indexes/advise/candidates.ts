import type { IndexSpec } from '../index-spec.js';
import { type Conditions, conditionsOf } from './conditions.js';
import type { Direction, Need } from './need.js';

/** The key of an index that may be advised. */
export type Key = readonly (readonly [path: string, direction: Direction])[];

/** What is known of a path from a sample. */
export interface PathFacts {
  /** Different values among the sampled documents. */
  readonly distinct: number;
  readonly isArray: boolean;
}
export type FactsOf = (path: string) => PathFacts;

const MOST_PATHS = 6;
/** Beyond this many equal paths only their order by selectivity is tried. */
const MOST_PERMUTED = 3;

/** A key as text, by which it is known. */
export const textOfKey = (key: Key): string => JSON.stringify(Object.fromEntries(key));

/** A plain index with a key. */
export const specOf = (key: Key): IndexSpec => ({
  key,
  unique: false,
  sparse: false,
  hidden: false,
  prepareUnique: false,
  special: {},
});

/**
 * Keys that may serve a need, most of them worse than others: measuring decides. Equality comes first, then the sort,
 * then ranges; `$in` stands before the sort, where the scans of its values are merged, or after it; and a selective
 * range may be worth a sort in memory.
 */
export function candidatesOf(need: Need, facts: FactsOf): Key[] {
  const keys = new Map<string, Key>();
  const add = (key: Key) => {
    const once = key.filter(([path], at) => key.findIndex(([other]) => other === path) === at);
    // The server keeps an index on `_id` anyway; what begins with it is never better.
    if (once.length === 0 || once[0]![0] === '_id') return;
    const fitting = withoutSecondArray(once, facts).slice(0, MOST_PATHS);
    keys.set(textOfKey(fitting), fitting);
  };
  const conditions = conditionsOf(need.filter);
  const { equal, missing, tested } = conditions;
  // What hardly any document lacks is worth a place before the sort; what most lack is better tested.
  const readings =
    missing.length > 0
      ? [
          { ...conditions, equal: [...equal, ...missing] },
          { ...conditions, tested: [...missing, ...tested] },
        ]
      : [conditions];
  for (const reading of readings)
    for (const key of keysOf(reading, need, facts)) for (const part of beginnings(key)) add(part);
  for (const branch of conditions.ors.flat())
    for (const key of candidatesOf({ ...need, filter: branch }, facts)) add(key);
  return [...keys.values()];
}

function keysOf(conditions: Conditions, { sort, reads, group }: Need, facts: FactsOf): Key[] {
  const { equal, some, ranges, excluded, tested } = conditions;
  const rising = (paths: readonly string[]): Key => paths.map((path) => [path, 1]);
  const selective = (paths: readonly string[]) =>
    [...paths].sort((a, b) => facts(b).distinct - facts(a).distinct);
  const order: Key = sort.filter(([path]) => !equal.includes(path));
  const merged = rising(selective(some).filter((path) => !sort.some(([one]) => one === path)));
  const between = rising(selective(ranges));
  const after = rising(selective([...excluded, ...tested]));
  const apart = rising(selective(excluded));
  const found: Key[] = [];
  for (const first of ordersOf(selective(equal)).map(rising)) {
    found.push(
      [...first, ...merged, ...order, ...between],
      [...first, ...order, ...merged, ...between],
      [...first, ...order, ...between, ...merged],
      [...first, ...merged, ...between],
      [...first, ...between, ...merged],
      // Keys are sorted before documents are read, so that no more of them are than a page holds.
      [...first, ...merged, ...between, ...order],
      [...first, ...order, ...between, ...after],
      // Where nearly all are excluded.
      [...first, ...apart, ...between],
      // Of several ranges any may be the narrow one.
      ...between.slice(1).map((range) => [...first, range]),
    );
    // The first of each group is wherever its value begins.
    if (group && sort.length === 0) found.push([...first, [group.path, 1], ...between, ...after]);
    // With every path that is read the documents themselves need not be.
    if (reads && reads.length <= 3)
      found.push(
        [...first, ...merged, ...order, ...between, ...after, ...rising(reads)],
        [...first, ...merged, ...between, ...rising(reads)],
      );
  }
  return found;
}

function ordersOf(paths: readonly string[]): (readonly string[])[] {
  if (paths.length > MOST_PERMUTED || paths.length < 2) return [paths];
  return paths.flatMap((path, at) =>
    ordersOf(paths.filter((_, other) => other !== at)).map((rest) => [path, ...rest]),
  );
}

const beginnings = (key: Key): Key[] => key.map((_, at) => key.slice(0, at + 1));

/** The server refuses an index on two arrays of one document: paths of a second one are left out. */
function withoutSecondArray(key: Key, facts: FactsOf): Key {
  const rootOf = (path: string) => path.split('.')[0];
  const first = key.find(([path]) => facts(path).isArray);
  return key.filter(([path]) => !facts(path).isArray || rootOf(path) === rootOf(first![0]));
}
