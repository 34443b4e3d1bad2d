import { type Key, textOfKey } from '../../src/indexes/advise/candidates.js';
import { costWith, totalOf } from '../../src/indexes/advise/choose.js';
import { bestSet, type Matrix } from './truth.js';

/** How good a set of indexes is, against the best. */
export interface Score {
  /** Indexes advised, and those of them that are right. */
  readonly advised: number;
  readonly right: number;
  /** Ways of looking that ten times less work was possible for, and those that got it. */
  readonly possible: number;
  readonly found: number;
  readonly total: number;
  readonly bestTotal: number;
}

/** An index is right when the best set that has it loses at most this share of what the best set gains. */
export const TOLERANCE = 0.05;
/** A gain counts as found up to this factor of the best cost, and these units. */
const GAIN_FACTOR = 1.5;
const GAIN_UNITS = 5;
const LARGE_GAIN = 10;

/** Scores what somebody advises for one collection. Every key must have been measured. */
export function scoreOf(matrix: Matrix, keys: readonly Key[]): Score {
  const { costs, candidates } = matrix;
  const ids = [...new Set(keys.map(textOfKey))];
  const known = ids.filter((id) => candidates.has(id));
  const none = totalOf(costs, candidates, []);
  const best = bestSet(matrix);
  const allowed = best.total + TOLERANCE * (none - best.total);
  const right = payingOf(matrix, known).filter((id) => bestSet(matrix, id).total <= allowed);
  const large = costs.filter((one) => one.base / Math.max(1, costWith(one, best.set)) >= LARGE_GAIN);
  const found = large.filter(
    (one) => costWith(one, known) <= GAIN_FACTOR * costWith(one, best.set) + GAIN_UNITS,
  );
  return {
    advised: ids.length,
    right: right.length,
    possible: large.length,
    found: found.length,
    total: totalOf(costs, candidates, known),
    bestTotal: best.total,
  };
}

/** What of a set is worth its price beside the rest; of two that do the same one remains. */
function payingOf({ costs, candidates }: Matrix, ids: readonly string[]): string[] {
  let left = [...ids];
  for (;;) {
    const total = totalOf(costs, candidates, left);
    const [worst] = left
      .map((id) => ({
        id,
        total: totalOf(
          costs,
          candidates,
          left.filter((one) => one !== id),
        ),
      }))
      .filter((one) => one.total <= total)
      .sort((one, other) => one.total - other.total);
    if (!worst) return left;
    left = left.filter((id) => id !== worst.id);
  }
}

/** Scores of several collections as one. */
export function together(scores: readonly Score[]): {
  precision: number;
  recall: number;
  regret: number;
  worst: number;
} {
  const sum = (of: (one: Score) => number) => scores.reduce((all, one) => all + of(one), 0);
  const regrets = scores.map(({ total, bestTotal }) => (bestTotal === 0 ? 1 : total / bestTotal));
  return {
    precision:
      sum(({ right }) => right) /
      Math.max(
        1,
        sum(({ advised }) => advised),
      ),
    recall:
      sum(({ found }) => found) /
      Math.max(
        1,
        sum(({ possible }) => possible),
      ),
    regret: regrets.reduce((all, one) => all + one, 0) / regrets.length,
    worst: Math.max(...regrets),
  };
}
