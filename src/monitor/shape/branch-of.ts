import { isPlain } from './is-plain.js';

/** Paths by which branches are told apart: of no branch for a parent are there more. */
const MOST_PATHS = 8;

/** By what branches for further parents are known: their collection, how many stages they have, and what they match. */
export const branchOf = (stage: unknown): string | undefined => {
  const union: unknown = isPlain(stage) ? stage['$unionWith'] : undefined;
  if (!isPlain(union) || !Array.isArray(union['pipeline']) || typeof union['coll'] !== 'string')
    return undefined;
  const [first] = union['pipeline'] as unknown[];
  const match: unknown = isPlain(first) ? first['$match'] : undefined;
  let branch = `${union['coll']} ${union['pipeline'].length}`;
  let left = MOST_PATHS;
  // It runs for every branch of every command.
  if (isPlain(match))
    for (const path in match) {
      if ((left -= 1) < 0) break;
      branch += ` ${path}`;
    }
  return branch;
};
