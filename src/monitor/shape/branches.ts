import { isPlain } from './is-plain.js';

/** Paths by which branches are told apart: of no branch for a parent are there more. */
const MOST_PATHS = 8;

/** What a pipeline adds from a collection by a pipeline of its own. */
interface Branch {
  readonly coll: string;
  readonly pipeline: readonly unknown[];
}

/** The branch that a stage is; undefined where it is none. It runs, as the other, for every stage of every command. */
export function branchIn(stage: unknown): Branch | undefined {
  const union: unknown = isPlain(stage) ? stage['$unionWith'] : undefined;
  return isPlain(union) && typeof union['coll'] === 'string' && Array.isArray(union['pipeline'])
    ? (union as unknown as Branch)
    : undefined;
}

/** Whether a branch is one for a further parent: of the same collection, with as many stages, which match the same paths. */
export function isAlike(one: Branch | undefined, other: Branch | undefined): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    one.coll === other.coll &&
    one.pipeline.length === other.pipeline.length &&
    matchSamePaths(one.pipeline[0], other.pipeline[0])
  );
}

function matchSamePaths(one: unknown, other: unknown): boolean {
  const [match, another] = [matchIn(one), matchIn(other)];
  if (!match || !another) return match === another;
  let paths = 0;
  for (const path in match) {
    if (paths === MOST_PATHS) return true;
    if (!Object.hasOwn(another, path)) return false;
    paths += 1;
  }
  for (const _ in another) if ((paths -= 1) < 0) return false;
  return paths === 0;
}

function matchIn(stage: unknown): Record<string, unknown> | undefined {
  const match: unknown = isPlain(stage) ? stage['$match'] : undefined;
  return isPlain(match) ? match : undefined;
}
