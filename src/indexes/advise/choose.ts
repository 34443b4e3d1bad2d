import { costliest } from './cost.js';

/** What one need costs per call, in units of work. */
export interface Costs {
  readonly calls: number;
  /** With the indexes that are there. */
  readonly base: number;
  /** With one candidate, by its key; those that do not help may be missing. */
  readonly by: ReadonlyMap<string, number>;
  /** The branches of each `$or`, of which one is enough: each needs an index of its own, or the one of another. */
  readonly ways?: readonly (readonly Costs[])[];
  /** The same need in other cases that fit what was observed. */
  readonly rivals?: readonly Costs[];
}

/** A candidate with what it costs whether or not it is used. */
export interface Candidate {
  readonly id: string;
  readonly price: number;
  readonly paths: number;
}

/** What a need costs per call with a set of candidates. */
export function costWith({ base, by, ways = [], rivals = [] }: Costs, chosen: Iterable<string>): number {
  const ids = [...chosen];
  const usual = Math.min(
    base,
    ...ids.flatMap((id) => by.get(id) ?? []),
    ...ways.map((branches) => branches.reduce((sum, branch) => sum + costWith(branch, ids), 0)),
  );
  return Math.min(
    base,
    costliest([usual, ...rivals.map((rival) => costWith(rival, ids))], (cost) => cost),
  );
}

/** What everything costs with a set of candidates: their prices, and every call. */
export const totalOf = (
  needs: readonly Costs[],
  candidates: ReadonlyMap<string, Candidate>,
  chosen: Iterable<string>,
): number => {
  const ids = [...chosen];
  return (
    ids.reduce((sum, id) => sum + candidates.get(id)!.price, 0) +
    needs.reduce((sum, need) => sum + need.calls * costWith(need, ids), 0)
  );
};

/** Of sets that cost the same, the one with fewer paths is taken: each path is reckoned as this much of the price. */
const PATH_SHARE = 0.02;
/** Steps of the search; each of them lowers the total, so that it ends by itself long before. */
const MOST_STEPS = 200;

/**
 * The set of candidates with the smallest total: indexes that serve several needs win over one for each, and one that
 * does not pay its price is left out. Starts with nothing and adds, takes away and swaps one index at a time (or one
 * for each branch of an `$or`, or for each case) for as long as that gains.
 */
export function chooseIndexes(needs: readonly Costs[], all: readonly Candidate[]): string[] {
  const candidates = new Map(
    all.map((one) => [one.id, { ...one, price: one.price * (1 + PATH_SHARE * one.paths) }]),
  );
  const bundles = needs.flatMap((need) => [
    ...(need.ways ?? []).map(bundleOf),
    bundleOf([need, ...(need.rivals ?? [])]),
  ]);
  let chosen: string[] = [];
  let total = totalOf(needs, candidates, chosen);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const best = movesFrom(chosen, [...candidates.keys()], bundles)
      .map((set) => ({ set, total: totalOf(needs, candidates, set) }))
      .reduce((one, other) => (other.total < one.total ? other : one), { set: chosen, total });
    if (best.total >= total) break;
    ({ set: chosen, total } = best);
  }
  return chosen;
}

/** The best candidate for each branch, or case. */
function bundleOf(branches: readonly Costs[]): string[] {
  return branches.flatMap((branch) => {
    const [best] = [...branch.by].sort(([, one], [, other]) => one - other);
    return best && best[1] < branch.base ? [best[0]] : [];
  });
}

function movesFrom(chosen: readonly string[], ids: readonly string[], bundles: readonly string[][]) {
  const without = chosen.map((one) => chosen.filter((other) => other !== one));
  const others = ids.filter((id) => !chosen.includes(id));
  return [
    ...without,
    ...others.map((id) => [...chosen, id]),
    ...without.flatMap((rest) => others.map((id) => [...rest, id])),
    ...bundles.map((bundle) => [...new Set([...chosen, ...bundle])]),
  ];
}
