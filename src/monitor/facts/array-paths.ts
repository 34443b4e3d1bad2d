import type { mongo } from 'mongoose';
import { ownComment } from '../comment.js';
import type { IndexFacts } from './facts.js';
import { begins, plainKey } from './plain-index.js';

const READ_MS = 5_000;

/**
 * Adds to indexes that begin with another one which of their paths lead over arrays: the server knows it, and tells it
 * with a plan. Where it cannot be asked, that is left open.
 */
export async function withArrayPaths(
  db: mongo.Db,
  product: string,
  collection: string,
  indexes: readonly IndexFacts[],
): Promise<readonly IndexFacts[]> {
  const found: IndexFacts[] = [];
  for (const index of indexes) {
    const long = plainKey(index);
    const isLonger = indexes.some((other) => {
      const short = plainKey(other);
      return long && short && short.length < long.length && begins(long, short);
    });
    const arrayPaths = isLonger ? await arrayPathsOf(db, product, collection, index.name) : undefined;
    found.push({ ...index, ...(arrayPaths && { arrayPaths }) });
  }
  return found;
}

async function arrayPathsOf(
  db: mongo.Db,
  product: string,
  collection: string,
  hint: string,
): Promise<readonly string[] | undefined> {
  const comment = ownComment(product);
  try {
    const plan = await db.command({
      explain: { find: collection, filter: {}, hint, comment },
      verbosity: 'queryPlanner',
      comment,
      maxTimeMS: READ_MS,
    });
    return multikeyIn(plan);
  } catch {
    // Nothing is said then of what it would stand in for.
    return undefined;
  }
}

/** The paths over arrays of every index scan in a plan, of one server or of many. */
function multikeyIn(plan: unknown): string[] | undefined {
  if (typeof plan !== 'object' || plan === null) return undefined;
  const own = (plan as { multiKeyPaths?: Readonly<Record<string, readonly unknown[]>> }).multiKeyPaths;
  if (own) return Object.keys(own).filter((path) => own[path]!.length > 0);
  const inner = Object.values(plan).flatMap((one) => {
    const found = multikeyIn(one);
    return found ? [found] : [];
  });
  return inner.length > 0 ? inner.flat() : undefined;
}
