/** What one execution of a query has the server do. */
export interface Work {
  readonly documents: number;
  readonly keys: number;
  /** Documents that were sorted in memory. */
  readonly sorted: number;
}

/** Work in one figure: a document read, a key read and a document sorted in memory count one each. */
export const unitsOf = ({ documents, keys, sorted }: Work): number => documents + keys + sorted;

/**
 * What keeping an index costs in the time looked at, in scans of its collection: it is built, and it takes its place in
 * the cache. So what is asked less than ten times is never worth an index.
 */
export const KEEPING_SCANS = 10;
/** What writing one entry of an index costs, in units of work: the leaf is found, changed and written twice. */
export const ENTRY_UNITS = 3;
/** Collections with fewer documents get no advice: reading them is cheaper than thinking about it. */
export const SMALL_COLLECTION = 1_000;

/** Where one case that fits costs so many times more than the usual one, they do not agree. */
const DISAGREE = 10;

/** Of what something costs in cases that fit alike: the usual one, the first, or the worst where that is far from it. */
export function costliest<T>(cases: readonly [T, ...T[]], of: (one: T) => number): T {
  const [usual] = cases;
  const worst = cases.reduce((one, other) => (of(other) > of(one) ? other : one));
  return of(worst) >= DISAGREE * of(usual) ? worst : usual;
}

/** What a collection's writes touch in the time looked at. */
export interface WriteLoad {
  /** Documents inserted and deleted. */
  readonly whole: number;
  /** Changes of documents: the paths that they set, or undefined where that is not known. */
  readonly changes: readonly { readonly paths?: readonly string[]; readonly documents: number }[];
}

/** What an index is about, as far as its price goes. */
export interface Priced {
  readonly paths: readonly string[];
  /** Entries for each document: more than one where a path leads to an array. */
  readonly entries: number;
}

const touches = (set: string, path: string): boolean =>
  set === path || set.startsWith(`${path}.`) || path.startsWith(`${set}.`);

/** Entries that a time's writes add and take away. */
export function entriesWritten({ paths, entries }: Priced, load: WriteLoad): number {
  const changed = load.changes
    .filter(({ paths: set }) => !set || set.some((one) => paths.some((path) => touches(one, path))))
    .reduce((sum, { documents }) => sum + documents, 0);
  // A changed value is an entry less and an entry more.
  return entries * (load.whole + 2 * changed);
}

/** What an index costs in the time looked at, in units of work. */
export const priceOf = (index: Priced, documents: number, load: WriteLoad): number =>
  KEEPING_SCANS * documents * index.entries + ENTRY_UNITS * entriesWritten(index, load);
