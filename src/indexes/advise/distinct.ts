import type { mongo } from 'mongoose';
import { readExplain } from '../../monitor/explain/read-explain.js';
import type { Need } from './need.js';
import { type Counted, measure, type Question, scaled } from './probe.js';
import type { ScratchCopy } from './scratch-copy.js';

const EXPLAIN_MS = 20_000;
const BAD_VALUE = 2;
const NO_QUERY_EXECUTION_PLANS = 291;
/** Of so many times more documents than there are values, a sample has nearly all of the values. */
const MANY = 10;

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
    const at = (number: number) =>
      number * MANY <= copy.sampled && number <= 2 * returned ? number : scaled(number, copy);
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

async function explain(
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
  try {
    const answer = await db.command({
      explain: command,
      verbosity: 'executionStats',
      maxTimeMS: EXPLAIN_MS,
    });
    const { documentsExamined, keysExamined, returned, collectionScan, indexes } = readExplain(answer);
    return {
      documents: documentsExamined,
      keys: keysExamined,
      sorted: 0,
      returned,
      indexes,
      isScan: collectionScan,
    };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === NO_QUERY_EXECUTION_PLANS || code === BAD_VALUE) return undefined;
    throw error;
  }
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
