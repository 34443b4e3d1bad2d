import { namesIndex } from '../../monitor/facts/hints.js';
import type { ExistingIndex } from '../existing-indexes.js';
import { hasSameKey, type IndexSpec, isPrefixOf } from '../index-spec.js';
import type { ObservedShape } from './need.js';

/** What decides whether an index may go. */
export interface DropFacts {
  readonly collection: string;
  readonly indexes: readonly ExistingIndex[];
  /** Indexes that were advised, and will be there before anything is hidden. */
  readonly advised: readonly IndexSpec[];
  /** Uses of each index on one server, and since when it counts; missing where that could not be asked. */
  readonly uses: ReadonlyMap<string, { readonly uses: number; readonly since: Date }>;
  /** Bytes of each index. */
  readonly sizes?: ReadonlyMap<string, number>;
  /** Shapes that may name an index in their hint. */
  readonly shapes: readonly Pick<ObservedShape, 'text'>[];
  /** Indexes that plans of observed shapes use. */
  readonly used: ReadonlySet<string>;
  /** Shapes whose plans are not known: they may use any index on a path that they name. */
  readonly unmeasured: readonly ObservedShape[];
  readonly isArray: (path: string) => boolean;
  readonly now: Date;
  /** How long an index must have been there, and its server up. Default 7 days. */
  readonly ageMs?: number;
}

/** An index that seems to be of no use. */
export interface DropAdvice {
  readonly collection: string;
  readonly name: string;
  readonly spec: IndexSpec;
  readonly rule: 'unused' | 'redundant';
  readonly reason: string;
  /** The advised index that does what it did, and has to be there first. */
  readonly standIn?: IndexSpec;
}

const AGE_MS = 7 * 86_400_000;
/** An index so many times as large is no replacement for one in use. */
const MUCH_LARGER = 3;

/** Indexes that may be hidden, and later dropped. What promises something, or is not known for long enough, stays. */
export function adviseDrops(facts: DropFacts): DropAdvice[] {
  const { collection, indexes, advised, uses, used } = facts;
  const going = new Map<string, DropAdvice>();
  const candidates = indexes.filter((index) => mayGo(index, facts));
  for (const { name, spec } of candidates) {
    const use = uses.get(name);
    if (use?.uses !== 0 || used.has(name) || isNamed(spec, facts)) continue;
    const reason = `no read has used it since ${use.since.toISOString().slice(0, 10)}, as far as the server asked counts`;
    going.set(name, { collection, name, spec, rule: 'unused', reason });
  }
  // After those: what nobody uses stands in for nothing.
  for (const index of candidates) {
    const { name, spec } = index;
    if (going.has(name)) continue;
    const other = indexes.find(
      (one) => one !== index && !going.has(one.name) && isPlain(one) && standsFor(one, index, facts),
    );
    const longer = other?.spec ?? advised.find((one) => replaces(one, spec, facts));
    if (!longer) continue;
    const reason = `${keyOf(longer)} ${isTwin(longer, spec) ? 'is the same' : 'begins with it'} and answers what it does`;
    going.set(name, {
      collection,
      name,
      spec,
      rule: 'redundant',
      reason,
      ...(!other && { standIn: longer }),
    });
  }
  return [...going.values()];
}

function standsFor(one: ExistingIndex, index: ExistingIndex, facts: DropFacts): boolean {
  if (!replaces(one.spec, index.spec, facts)) return false;
  if (isTwin(one.spec, index.spec)) return wins(one, index, facts);
  // A much smaller one is read faster, and takes less of the cache, for whoever uses it.
  const [long, short] = [one, index].map(({ name }) => facts.sizes?.get(name) ?? 0) as [number, number];
  const isHot = (facts.uses.get(index.name)?.uses ?? 0) > 0;
  return !(isHot && short > 0 && long > MUCH_LARGER * short);
}

/** Keys ascending and descending over all documents, in plain order. */
const isPlain = ({ spec, building }: ExistingIndex): boolean =>
  !building &&
  !spec.hidden &&
  !spec.sparse &&
  !spec.partialFilterExpression &&
  !spec.collation &&
  Object.keys(spec.special).length === 0 &&
  spec.key.every(([path, kind]) => (kind === 1 || kind === -1) && !path.includes('$**'));

function mayGo(index: ExistingIndex, { uses, shapes, collection, now, ageMs = AGE_MS }: DropFacts): boolean {
  const { spec, name } = index;
  const promises = spec.unique || spec.prepareUnique || spec.expireAfterSeconds !== undefined;
  if (promises || !isPlain(index)) return false;
  const since = uses.get(name)?.since;
  // The server counts since it started, or since the index was made: whichever is later.
  if (!since || now.getTime() - since.getTime() < ageMs) return false;
  const key = Object.fromEntries(spec.key);
  return !shapes.some(({ text }) => namesIndex(text, collection, { name, key }));
}

const isNamed = ({ key }: IndexSpec, { unmeasured }: DropFacts): boolean =>
  unmeasured.some(({ text }) => text.includes(`${JSON.stringify(key[0]![0])}:`));

const reversed = (spec: IndexSpec): IndexSpec => ({
  ...spec,
  key: spec.key.map(([path, kind]) => [path, kind === 1 ? -1 : 1]),
});

const isTwin = (one: IndexSpec, other: IndexSpec): boolean =>
  one.key.length === other.key.length && (hasSameKey(one, other) || hasSameKey(one, reversed(other)));

/** Whether a longer index, read from either end, does what a shorter one does. */
function replaces(long: IndexSpec, short: IndexSpec, { isArray }: DropFacts): boolean {
  if (!isPrefixOf(short, long) && !isPrefixOf(reversed(short), long)) return false;
  // An index over an array holds a document more than once: it is larger, and gives neither order nor answers by itself.
  return !long.key.slice(short.key.length).some(([path]) => isArray(path));
}

/** Of two that do the same, the one that promises more stays, then the one used more. */
function wins(one: ExistingIndex, other: ExistingIndex, facts: DropFacts): boolean {
  if (!mayGo(one, facts)) return true;
  const [its, mine] = [one, other].map(({ name }) => facts.uses.get(name)?.uses ?? 0) as [number, number];
  return its === mine ? one.name < other.name : its > mine;
}

const keyOf = ({ key }: IndexSpec): string =>
  `{ ${key.map(([path, kind]) => `${path}: ${kind}`).join(', ')} }`;
