import { type Key, textOfKey } from './candidates.js';
import { costliest, entriesWritten, unitsOf, type WriteLoad } from './cost.js';
import { measureFor } from './distinct.js';
import type { Measured } from './measured-need.js';
import type { Need } from './need.js';
import type { Counted } from './probe.js';
import type { ScratchCopy } from './scratch-copy.js';
import { buildAll, nameOf } from './try-candidates.js';

/** An index whose plan saves less than this share of the work of every need is not advised. */
const LEAST_SHARE = 0.2;
/** Units that are no difference. */
const FEW = 5;

/** What one need costs now and with the advice, by real plans on the copy, per call. */
export interface Gain {
  readonly need: Need;
  readonly before: Counted;
  readonly after: Counted;
}

/** An index that is worth having. */
export interface AdvisedIndex {
  readonly key: Key;
  readonly gains: readonly Gain[];
  /** Entries that the observed writes would have written to it. */
  readonly entriesWritten: number;
  /** Entries for each document: more than one over an array. */
  readonly entries: number;
}

/** Builds the chosen indexes together and lets the server plan: what it does not use, or what gains little, is not advised. */
export async function prove(
  chosen: readonly Key[],
  open: readonly Measured[],
  copy: ScratchCopy,
  load: WriteLoad,
): Promise<AdvisedIndex[]> {
  if (chosen.length === 0) return [];
  await buildAll(
    copy,
    chosen.map((key) => [textOfKey(key), key]),
  );
  const gains: Gain[] = [];
  for (const one of open) {
    const { need, before } = one;
    const after = await afterFor(one, copy);
    if (after && unitsOf(after) <= (1 - LEAST_SHARE) * unitsOf(before)) gains.push({ need, before, after });
  }
  const advised = chosen.map((key): AdvisedIndex => {
    const paths = key.map(([path]) => path);
    const entries = copy.entries(paths);
    return {
      key,
      gains: gains.filter(({ after }) => after.indexes.includes(nameOf(textOfKey(key)))),
      entries,
      entriesWritten: entriesWritten({ paths, entries }, load),
    };
  });
  for (const key of chosen) await copy.db.collection(copy.name).dropIndex(nameOf(textOfKey(key)));
  return advised.filter((one) => one.gains.length > 0);
}

/** What a need costs then, with the indexes of all cases; undefined where one of them costs more than before. */
async function afterFor(one: Measured, copy: ScratchCopy): Promise<Counted | undefined> {
  const all: Counted[] = [];
  for (const { need, questions, before } of [one, ...one.rivals]) {
    const after = await measureFor(need, copy, questions);
    if (!after || unitsOf(after) > (1 + LEAST_SHARE) * unitsOf(before) + FEW) return undefined;
    all.push(after);
  }
  const [usual, ...others] = all;
  return (
    usual && {
      ...costliest([usual, ...others], unitsOf),
      indexes: [...new Set(all.flatMap(({ indexes }) => indexes))],
    }
  );
}
