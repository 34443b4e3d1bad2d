import type { mongo } from 'mongoose';
import { type Key, textOfKey } from '../../src/indexes/advise/candidates.js';
import { type Candidate, type Costs, totalOf } from '../../src/indexes/advise/choose.js';
import { priceOf, unitsOf } from '../../src/indexes/advise/cost.js';
import { ask, type Question } from '../../src/indexes/advise/probe.js';
import { valuesAt } from '../../src/monitor/explain/values.js';
import type { Probe, Workload } from './workload.js';

/** What was measured of one collection of a workload: each way of looking × each index. */
export interface Matrix {
  readonly collection: string;
  readonly costs: readonly Costs[];
  readonly candidates: ReadonlyMap<string, Candidate>;
  /** Of each way of looking, its executions. */
  readonly probes: readonly (readonly Probe[])[];
}

const BATCH = 20;
/** Executions of each query with which everything is measured. */
const MEASURED = 6;
const MOST_EXHAUSTIVE = 3;

/** The ways of looking into one collection, each with its calls and executions. */
export function waysInto(workload: Workload, collection: string): { calls: number; probes: Probe[] }[] {
  return workload.queries.flatMap(({ calls, executions }) =>
    (executions[0] ?? []).flatMap((_, at) => {
      const probes = executions.map((one) => one[at]!);
      if (probes[0]!.collection !== collection) return [];
      // On average over all, though not all are measured.
      const times = probes.reduce((sum, one) => sum + (one.times ?? 1), 0) / probes.length;
      return [{ calls: calls * times, probes: probes.slice(0, MEASURED) }];
    }),
  );
}

/** Paths that filters, sorts and projections name. */
function pathsOf({ filter, sort = {}, projection = {}, group }: Probe): string[] {
  const look = (one: mongo.Document, under = ''): string[] =>
    Object.entries(one).flatMap(([key, test]) => {
      if (key === '$or' || key === '$and')
        return (test as mongo.Document[]).flatMap((branch) => look(branch));
      const inner = (test as { $elemMatch?: mongo.Document } | null)?.$elemMatch;
      return inner ? look(inner, `${under}${key}.`) : [under + key];
    });
  const read = Object.keys(projection).filter((path) => path !== '_id');
  return [...new Set([...look(filter), ...Object.keys(sort), ...read, ...(group ? [group.path] : [])])];
}

/** Every index of up to three of the paths, in every order and every direction that makes a difference. */
export function everyKey(probes: readonly Probe[]): Key[] {
  const paths = [...new Set(probes.flatMap(pathsOf))];
  const sorted = new Set(probes.flatMap(({ sort = {} }) => Object.keys(sort)));
  const keys: Key[] = [];
  const grow = (key: Key) => {
    if (key.length > 0) keys.push(key);
    if (key.length === 3) return;
    for (const path of paths) {
      if (key.some(([one]) => one === path)) continue;
      // Read from the other end an index is reversed as a whole: the first direction is free.
      const isFree = !sorted.has(path) || !key.some(([one]) => sorted.has(one));
      for (const direction of isFree ? ([1] as const) : ([1, -1] as const)) grow([...key, [path, direction]]);
    }
  };
  grow([]);
  return keys;
}

const questionOf = ({ filter, sort = {}, limit = 0, projection, group }: Probe): Question => ({
  filter,
  sort: Object.entries(sort),
  limit,
  ...(projection && { projection }),
  ...(group && { group: group.stage }),
});

async function average(
  db: mongo.Db,
  name: string,
  probes: readonly Probe[],
  hint?: string,
): Promise<number | undefined> {
  let sum = 0;
  for (const probe of probes) {
    const counted = await ask({ db, name }, questionOf(probe), hint);
    if (!counted) return undefined;
    sum += unitsOf(counted);
  }
  return sum / probes.length;
}

/**
 * For each `$or` of a filter what is asked by its branches, each in the place of all. The server looks up the branches of
 * one, and tests the others on the documents found, even where its indexes hold all of their paths.
 */
function waysOf({ $or, $and = [], ...rest }: mongo.Document): mongo.Document[][] {
  const parts = [rest, ...($or ? [{ $or }] : []), ...($and as mongo.Document[])];
  return parts.flatMap((part, at) => {
    if (!('$or' in part)) return [];
    const beside = parts
      .filter((one, other) => other !== at && Object.keys(one).length > 0)
      .map(({ $or: tested, ...others }) => (tested ? { ...others, $nor: [{ $nor: tested }] } : others));
    return [(part['$or'] as mongo.Document[]).map((branch) => ({ $and: [...beside, branch] }))];
  });
}

/** Measures every way of looking with every index, each built for real. */
export async function measureMatrix(
  db: mongo.Db,
  workload: Workload,
  collection: string,
  more: readonly Key[],
): Promise<Matrix> {
  const ways = waysInto(workload, collection);
  const documents = workload.collections[collection]!;
  const there = new Set(
    workload.existing.filter((one) => one.collection === collection).map(({ key }) => JSON.stringify(key)),
  );
  const keys = new Map(
    [...everyKey(ways.flatMap(({ probes }) => probes)), ...more]
      .map((key): [string, Key] => [textOfKey(key), key])
      .filter(([id]) => !there.has(id)),
  );
  const rows = await Promise.all(ways.map((way) => rowOf(db, collection, way)));
  const all = [...keys];
  const built = new Set<string>();
  for (let from = 0; from < all.length; from += BATCH) {
    const batch = all.slice(from, from + BATCH);
    for (const [id, key] of batch)
      try {
        await db.collection(collection).createIndex(Object.fromEntries(key), { name: id });
        built.add(id);
      } catch {
        // Two arrays in one key: no such index can be.
        continue;
      }
    for (const [id, key] of batch)
      if (built.has(id)) for (const row of rows) await row.ask(db, collection, id, key);
    for (const [id] of batch) if (built.has(id)) await db.collection(collection).dropIndex(id);
  }
  const load = collection === 'things' ? workload.load : { whole: 0, changes: [] };
  const candidates = new Map(
    all
      .filter(([id]) => built.has(id))
      .map(([id, key]): [string, Candidate] => {
        const paths = key.map(([path]) => path);
        const entries = Math.max(1, ...paths.map((path) => entriesAt(documents, path)));
        const price = priceOf({ paths, entries }, documents.length, load);
        return [id, { id, price, paths: paths.length }];
      }),
  );
  return {
    collection,
    costs: rows.map(({ costs }) => costs),
    candidates,
    probes: ways.map(({ probes }) => probes),
  };
}

function entriesAt(documents: readonly mongo.Document[], path: string): number {
  const all = documents.reduce((sum, one) => sum + Math.max(1, valuesAt(one, path.split('.')).length), 0);
  return all / documents.length;
}

interface Row {
  readonly costs: Costs;
  ask(db: mongo.Db, collection: string, id: string, key: Key): Promise<void>;
}

async function rowOf(
  db: mongo.Db,
  collection: string,
  { calls, probes }: { readonly calls: number; readonly probes: readonly Probe[] },
): Promise<Row> {
  const base = (await average(db, collection, probes))!;
  const by = new Map<string, number>();
  const mentioned = new Set(probes.flatMap(pathsOf));
  const ways = await Promise.all(
    waysOf(probes[0]!.filter).map((branches, way) =>
      Promise.all(
        branches.map((_, at) =>
          rowOf(db, collection, {
            calls,
            probes: probes.map((probe) => ({ ...probe, filter: waysOf(probe.filter)[way]![at]! })),
          }),
        ),
      ),
    ),
  );
  return {
    costs: { calls, base, by, ways: ways.map((branches) => branches.map(({ costs }) => costs)) },
    ask: async (_, name, id, key) => {
      // An index that begins with what the query does not name is read from end to end: never better than a scan.
      if (!mentioned.has(key[0]![0])) return;
      const units = await average(db, name, probes, id);
      if (units !== undefined && units < base) by.set(id, units);
      for (const branch of ways.flat()) await branch.ask(db, name, id, key);
    },
  };
}

/** The cheapest set of all: every set of up to three indexes, of those that help at all. */
export function bestSet({ costs, candidates }: Matrix, forced?: string): { set: string[]; total: number } {
  const helps = (one: Costs, id: string): boolean =>
    one.by.has(id) || Boolean(one.ways?.flat().some((branch) => helps(branch, id)));
  const ids = undominated(
    costs,
    [...candidates.values()].filter(({ id }) => costs.some((one) => helps(one, id))),
  );
  let best = { set: forced === undefined ? [] : [forced], total: Number.POSITIVE_INFINITY };
  const look = (set: string[], from: number): void => {
    const total = totalOf(costs, candidates, set);
    if (total < best.total) best = { set, total };
    if (set.length === MOST_EXHAUSTIVE) return;
    for (let at = from; at < ids.length; at += 1) if (ids[at] !== forced) look([...set, ids[at]!], at + 1);
  };
  look(best.set, 0);
  return best;
}

/** Without those than which another is nowhere dearer: the best set is the same, and found sooner. */
function undominated(costs: readonly Costs[], all: readonly Candidate[]): string[] {
  const withWays = (one: Costs): Costs[] => [one, ...(one.ways ?? []).flat().flatMap(withWays)];
  const flat = costs.flatMap(withWays);
  const rowFor = ({ id, price }: Candidate) => [price, ...flat.map(({ by, base }) => by.get(id) ?? base)];
  const rows = all.map((one) => ({ id: one.id, row: rowFor(one) }));
  return rows
    .filter(
      ({ row }, at) =>
        !rows.some(({ row: other }, otherAt) => {
          if (at === otherAt || other.some((cost, column) => cost > row[column]!)) return false;
          return otherAt < at || other.some((cost, column) => cost < row[column]!);
        }),
    )
    .map(({ id }) => id);
}

/** What everything costs when a set stands and the server plans by itself. */
export async function costForReal(
  db: mongo.Db,
  workload: Workload,
  { collection, candidates }: Matrix,
  keys: readonly Key[],
): Promise<number> {
  for (const key of keys)
    await db.collection(collection).createIndex(Object.fromEntries(key), { name: textOfKey(key) });
  let total = keys.reduce((sum, key) => sum + candidates.get(textOfKey(key))!.price, 0);
  for (const { calls, probes } of waysInto(workload, collection))
    total += calls * (await average(db, collection, probes))!;
  for (const key of keys) await db.collection(collection).dropIndex(textOfKey(key));
  return total;
}
