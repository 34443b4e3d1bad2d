import { isPrefixOf } from '../../src/indexes/index-spec.js';
import { type FactsOf, type Key, specOf, textOfKey } from '../../src/indexes/advise/candidates.js';
import { costWith } from '../../src/indexes/advise/choose.js';
import { conditionsOf } from '../../src/indexes/advise/conditions.js';
import type { Need } from '../../src/indexes/advise/need.js';
import type { Matrix } from './truth.js';

/** What the re-implemented rules know. */
export interface Known {
  readonly needs: readonly Need[];
  readonly facts: FactsOf;
  readonly documents: number;
  readonly existing: readonly Key[];
  /** For rules that ask the planner: what each index would cost. */
  readonly matrix: Matrix;
}

const rising = (paths: readonly string[]): Key => paths.map((path) => [path, 1]);
const once = (key: Key): Key => key.filter(([path], at) => key.findIndex(([one]) => one === path) === at);

function withoutBeginnings(keys: readonly Key[]): Key[] {
  const all = [...new Map(keys.filter((key) => key.length > 0).map((key) => [textOfKey(key), key])).values()];
  return all.filter(
    (key) => !all.some((other) => other.length > key.length && isPrefixOf(specOf(key), specOf(other))),
  );
}

const isThere = (key: Key, { existing }: Known): boolean =>
  existing.some((one) => isPrefixOf(specOf(key), specOf(one)));

/**
 * Atlas Performance Advisor as documented: a query that reads more than 500 documents beyond those returned gets one
 * index of all its fields: equality, arrays and `$in`, ranges, others, the sort last; ties by cardinality; suggestions
 * that begin another are left out.
 */
export function atlas(known: Known): Key[] {
  const { facts, documents } = known;
  const byCardinality = (paths: readonly string[]) =>
    [...paths].sort((one, other) => facts(other).distinct - facts(one).distinct);
  const keys = known.needs.flatMap(({ filter, sort, found = 0, collection }) => {
    if (collection !== known.matrix.collection || documents - found <= 500) return [];
    const { equal, some, ranges, missing, excluded, tested, ors } = conditionsOf(filter);
    const branches = ors.length === 1 ? ors[0]! : [];
    if (branches.length > 0)
      return branches.map((branch) => rising(byCardinality(conditionsOf(branch).equal)));
    const arrays = equal.filter((path) => facts(path).isArray);
    const plain = equal.filter((path) => !facts(path).isArray);
    return [
      once([
        ...rising(byCardinality(plain)),
        ...rising(byCardinality([...arrays, ...some])),
        ...rising(byCardinality(ranges)),
        ...rising(byCardinality([...missing, ...excluded, ...tested])),
        ...sort,
      ]),
    ];
  });
  return withoutBeginnings(keys).filter((key) => !isThere(key, known));
}

/**
 * PgHero's suggester: tables of 500 rows and more; conditions joined by AND only; columns by estimated rows left (one
 * in as many as it has values; a tenth for a range), until fewer than 50 are left, two columns are there, or a range was
 * taken; a last column that leaves more than 30 % of the rows is dropped. Its 20 ms are left out: on this data no
 * query takes so long.
 */
export function pgHero(known: Known): Key[] {
  const { facts, documents } = known;
  if (documents < 500) return [];
  const keys = known.needs.flatMap(({ filter, sort, calls, collection }) => {
    if (collection !== known.matrix.collection || calls < 100) return [];
    const { equal, some, ranges, ors } = conditionsOf(filter);
    if (ors.length > 0) return [];
    const shareOf = (path: string) => 1 / Math.max(1, facts(path).distinct);
    const where = [
      ...[...equal, ...some].map((path) => ({ path, share: shareOf(path), isRange: false })),
      ...ranges.map((path) => ({ path, share: 0.1, isRange: true })),
    ].sort((one, other) => one.share - other.share);
    if (where.length === 0) return sort.length > 0 ? [sort.slice(0, 1)] : [];
    const taken: typeof where = [];
    let rows = documents;
    for (const one of where) {
      taken.push(one);
      rows *= one.share;
      if (rows < 50 || taken.length === 2 || one.isRange) break;
    }
    if (taken.length > 0 && taken.at(-1)!.share > 0.3) taken.pop();
    return taken.length > 0 ? [rising(taken.map(({ path }) => path))] : [];
  });
  return withoutBeginnings(keys).filter((key) => !isThere(key, known));
}

const LEAST_COST = 100;
const SAVES = 0.5;

/**
 * dexter: every single column, then every pair, tried against the planner (here: the measured costs); an index must
 * save half of a query's cost of at least 100, and a pair half again of what the single column left; beginnings of
 * others are left out at the end. Rates of writes are not looked at.
 */
export function dexter({ matrix }: Known): Key[] {
  const { costs, candidates } = matrix;
  const keyOf = (id: string): Key => Object.entries(JSON.parse(id) as Record<string, 1 | -1>);
  const ids = [...candidates.keys()];
  const isRising = (id: string) => keyOf(id).every(([, direction]) => direction === 1);
  const withPaths = (count: number) => ids.filter((id) => isRising(id) && keyOf(id).length === count);
  const cheapest = (need: (typeof costs)[number], all: readonly string[]) =>
    all
      .map((id) => ({ id, cost: costWith(need, [id]) }))
      .reduce((one, other) => (other.cost < one.cost ? other : one), {
        id: '',
        cost: Number.POSITIVE_INFINITY,
      });
  const chosen = costs.flatMap((need) => {
    if (need.base < LEAST_COST) return [];
    // All are there at once when the planner is asked: an `$or` may use several.
    const all = costWith(need, withPaths(1));
    const single = cheapest(need, withPaths(1));
    const way = (need.ways ?? []).find(
      (branches) => branches.reduce((sum, one) => sum + cheapest(one, withPaths(1)).cost, 0) <= all,
    );
    if (way && all < single.cost && all <= SAVES * need.base)
      return way.map((branch) => cheapest(branch, withPaths(1)).id);
    const isGood = single.cost <= SAVES * need.base;
    const left = isGood ? single.cost : need.base;
    const pair = left > LEAST_COST ? cheapest(need, withPaths(2)) : undefined;
    if (pair && pair.cost <= SAVES * left) return [pair.id];
    return isGood ? [single.id] : [];
  });
  return withoutBeginnings([...new Set(chosen)].map(keyOf));
}
