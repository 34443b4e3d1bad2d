import type { mongo } from 'mongoose';
import type { Need } from './need.js';
import { type Counted, isOfAll, measure, type Question, scaled, work } from './probe.js';
import type { ScratchCopy } from './scratch-copy.js';

const EXPLAIN_MS = 20_000;

/** What a need costs, with one index or with what the server chooses; undefined where that index cannot answer it. */
export function measureFor(
  { distinct }: Need,
  copy: ScratchCopy,
  questions: readonly Question[],
  hint?: string,
): Promise<Counted | undefined> {
  return distinct === undefined
    ? measure(copy, questions, hint)
    : measureDistinct(distinct, copy, questions, hint);
}

/** A `distinct`: an index that begins with its path gives one key for each value, without a document. */
async function measureDistinct(
  key: string,
  copy: ScratchCopy,
  questions: readonly Question[],
  hint: string | undefined,
): Promise<Counted | undefined> {
  const all: Counted[] = [];
  for (const { filter } of questions) {
    const counted = await explain(key, filter, copy, hint);
    if (!counted) return undefined;
    const returned = await valuesOf(key, filter, copy);
    const at = (number: number) => (isOfAll(number, returned, copy) ? number : scaled(number, copy));
    const { documents, keys } = counted;
    all.push({ ...counted, documents: at(documents), keys: at(keys), returned });
  }
  const average = (of: (one: Counted) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return {
    documents: average(({ documents }) => documents),
    keys: average(({ keys }) => keys),
    sorted: 0,
    returned: average(({ returned }) => returned),
    indexes: [...new Set(all.flatMap(({ indexes }) => indexes))],
    isScan: all.some(({ isScan }) => isScan),
  };
}

function explain(
  key: string,
  query: mongo.Document,
  { db, name }: ScratchCopy,
  hint: string | undefined,
): Promise<Counted | undefined> {
  // The server takes no hint for `distinct` before 7.1; grouping by the path is planned alike.
  const command =
    hint === undefined
      ? { distinct: name, key, query }
      : {
          aggregate: name,
          pipeline: [{ $match: query }, { $group: { _id: `$${key}` } }],
          cursor: {},
          hint,
        };
  return work(db, command);
}

async function valuesOf(key: string, filter: mongo.Document, { db, name }: ScratchCopy): Promise<number> {
  const [found] = await db
    .collection(name)
    .aggregate<{ count: number }>(
      [{ $match: filter }, { $unwind: `$${key}` }, { $group: { _id: `$${key}` } }, { $count: 'count' }],
      { maxTimeMS: EXPLAIN_MS, allowDiskUse: true },
    )
    .toArray();
  return found?.count ?? 0;
}
