import { type Key } from './candidates.js';
import type { Costs } from './choose.js';
import { conditionsOf } from './conditions.js';
import { unitsOf } from './cost.js';
import { measureFor } from './distinct.js';
import type { Measured } from './measured-need.js';
import type { Need } from './need.js';
import type { ScratchCopy } from './scratch-copy.js';

/** Candidates that stand on the copy at one time; the server holds 64 indexes with those that are there. */
const BATCH = 20;

/** Builds every candidate on the copy and asks every need with it. */
export async function tryAll(
  open: readonly Measured[],
  candidates: Map<string, Key>,
  copy: ScratchCopy,
): Promise<Costs[]> {
  const tables = open.map(tableOf);
  const all = [...candidates];
  for (let from = 0; from < all.length; from += BATCH) {
    const built = await buildAll(copy, all.slice(from, from + BATCH));
    for (const [id] of all.slice(from, from + BATCH)) if (!built.includes(id)) candidates.delete(id);
    for (const id of built) for (const table of tables) await table.ask(id, candidates.get(id)!, copy);
    for (const id of built) await copy.db.collection(copy.name).dropIndex(nameOf(id));
  }
  return tables.map(({ costs }) => costs);
}

interface Table {
  readonly costs: Costs;
  ask(id: string, key: Key, copy: ScratchCopy): Promise<void>;
}

function tableOf({ need, questions, before, ways, rivals }: Measured): Table {
  const inner = ways.map((branches) => branches.map(tableOf));
  const cases = rivals.map(tableOf);
  const by = new Map<string, number>();
  const mentioned = mentionedIn(need);
  return {
    costs: {
      calls: need.calls,
      base: unitsOf(before),
      by,
      ...(inner.length > 0 && { ways: inner.map((branches) => branches.map(({ costs }) => costs)) }),
      ...(cases.length > 0 && { rivals: cases.map(({ costs }) => costs) }),
    },
    ask: async (id, key, copy) => {
      if (!mentioned.has(key[0]![0])) return;
      const counted = await measureFor(need, copy, questions, nameOf(id));
      if (counted && unitsOf(counted) < unitsOf(before)) by.set(id, unitsOf(counted));
      for (const table of [...inner.flat(), ...cases]) await table.ask(id, key, copy);
    },
  };
}

/** Paths with which an index for a need may begin. */
function mentionedIn({ filter, sort, distinct, group }: Need): Set<string> {
  const look = (one: Need['filter']): string[] => {
    const { equal, some, ranges, missing, excluded, tested, ors } = conditionsOf(one);
    return [...equal, ...some, ...ranges, ...missing, ...excluded, ...tested, ...ors.flat().flatMap(look)];
  };
  return new Set([
    ...look(filter),
    ...sort.map(([path]) => path),
    ...(distinct === undefined ? [] : [distinct]),
    ...(group ? [group.path] : []),
  ]);
}

/** The name of a candidate on the copy. */
export const nameOf = (id: string): string => `advice ${id}`;

/** Builds indexes on the copy. @returns the ids of those that the server took. */
export async function buildAll(
  copy: ScratchCopy,
  candidates: readonly (readonly [string, Key])[],
): Promise<string[]> {
  const collection = copy.db.collection(copy.name);
  const definitions = candidates.map(([id, key]) => ({ key: Object.fromEntries(key), name: nameOf(id) }));
  try {
    if (definitions.length > 0) await collection.createIndexes(definitions);
    return candidates.map(([id]) => id);
  } catch {
    // One that the documents do not allow (two arrays) takes the others along.
    const built: string[] = [];
    for (const [at, definition] of definitions.entries())
      try {
        await collection.createIndexes([definition]);
        built.push(candidates[at]![0]);
      } catch {
        continue;
      }
    return built;
  }
}
