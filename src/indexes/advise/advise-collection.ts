import type { mongo } from 'mongoose';
import { type ExistingIndex, tellView } from '../existing-indexes.js';
import { candidatesOf, type Key, textOfKey } from './candidates.js';
import { type Candidate, chooseIndexes, costWith } from './choose.js';
import { Unadvisable } from './conditions.js';
import { priceOf, SMALL_COLLECTION, unitsOf, type WriteLoad } from './cost.js';
import { isServed, type Measured, measureNeed } from './measured-need.js';
import { type Need, shapesOf, type Unread } from './need.js';
import { isSameCollation } from '../index-spec.js';
import { type AdvisedIndex, prove } from './prove.js';
import { type CopyBudget, copyCollection, type ScratchCopy } from './scratch-copy.js';
import { tryAll } from './try-candidates.js';

/** What is known about a collection before anything is tried. */
export interface CollectionTask {
  readonly source: mongo.Collection;
  readonly documents: number;
  /** It gets no advice. */
  readonly isTimeSeries?: boolean;
  /** So does it. */
  readonly isView?: boolean;
  readonly needs: readonly Need[];
  readonly load: WriteLoad;
  /** Indexes that are there, or that a class declares already. */
  readonly indexes: readonly ExistingIndex[];
  readonly budget?: CopyBudget;
  readonly comment?: string;
}

/** What was measured of a collection, and what follows from it. */
export interface CollectionAdvice {
  readonly collection: string;
  readonly documents: number;
  /** Documents in the scratch copy; 0 where none was made. */
  readonly sampled: number;
  readonly indexes: readonly AdvisedIndex[];
  /** Needs that read much and get nothing, and why. */
  readonly left: readonly (Unread & { readonly calls: number })[];
  /** Indexes that plans of observed needs use, by name. */
  readonly used: ReadonlySet<string>;
  /** Shapes whose plans are known. */
  readonly measured: ReadonlySet<string>;
  readonly isArray: (path: string) => boolean;
}

const MOST_NEEDS = 60;
const MOST_CANDIDATES = 150;

/** Finds the indexes worth having for one collection: proposes many, measures each on a copy, keeps the fewest. */
export async function adviseCollection(task: CollectionTask, scratch: mongo.Db): Promise<CollectionAdvice> {
  const { source, documents, needs, load } = task;
  const collection = source.collectionName;
  const nothing = {
    collection,
    documents,
    sampled: 0,
    indexes: [],
    used: new Set<string>(),
    measured: new Set<string>(),
  };
  const why = task.isTimeSeries
    ? `${collection} is a time series: what an index over its buckets saves and costs is not reckoned`
    : task.isView
      ? tellView(collection)
      : documents < SMALL_COLLECTION
        ? `${collection} has fewer than ${SMALL_COLLECTION} documents`
        : undefined;
  if (why !== undefined)
    return { ...nothing, left: needs.flatMap((need) => leave(need, why)), isArray: () => false };
  const copy = await copyCollection(source, scratch, task);
  const left: (Unread & { calls: number })[] = [];
  const measured: Measured[] = [];
  for (const need of byWeight(needs)) {
    if (measured.length >= MOST_NEEDS) {
      left.push(
        ...leave(need, `the ${MOST_NEEDS} most frequent ways of looking into ${collection} were measured`),
      );
      continue;
    }
    try {
      measured.push(await measureNeed(need, copy));
    } catch (error) {
      if (!(error instanceof Unadvisable)) throw error;
      left.push(...leave(need, error.message));
    }
  }
  const open = measured.filter((one) => !isServed(one) && !one.need.isHinted);
  const candidates = propose(open, task, copy);
  const costs = await tryAll(open, candidates, copy);
  const priced = new Map(
    [...candidates].map(([id, key]): [string, Candidate] => {
      const paths = key.map(([path]) => path);
      const price = priceOf({ paths, entries: copy.entries(paths) }, documents, load);
      return [id, { id, price, paths: paths.length }];
    }),
  );
  const chosen = chooseIndexes(costs, [...priced.values()]).map((id) => candidates.get(id)!);
  const proved = await prove(chosen, open, copy, load);
  const bestFor = (one: Measured) => {
    const own = costs[open.indexOf(one)];
    return own && costWith(own, candidates.keys());
  };
  left.push(...measured.flatMap((one) => reasonToLeave(one, proved, bestFor(one))));
  return {
    collection,
    documents,
    sampled: copy.sampled,
    indexes: proved,
    left,
    used: new Set(
      measured.flatMap(({ before, ways, rivals }) =>
        [before, ...[...ways.flat(), ...rivals].map((one) => one.before)].flatMap(({ indexes }) => indexes),
      ),
    ),
    measured: new Set(
      measured.flatMap(({ need }) => (need.isPart ? [] : shapesOf(need).map(({ shape }) => shape))),
    ),
    isArray: (path) => copy.facts(path).isArray,
  };
}

const leave = (need: Need, why: string) =>
  shapesOf(need).map(({ shape, collection, calls }) => ({ shape, collection, why, calls }));

const byWeight = (needs: readonly Need[]): Need[] => [...needs].sort((one, other) => other.calls - one.calls);

/** Keys worth a try, those of the heaviest needs first; without what is there already. */
function propose(
  open: readonly Measured[],
  { indexes }: CollectionTask,
  copy: ScratchCopy,
): Map<string, Key> {
  const there = new Set(
    indexes
      .filter(({ spec }) => !spec.hidden && isPlainSpec(spec, copy))
      .map(({ spec }) => JSON.stringify(Object.fromEntries(spec.key))),
  );
  const found = new Map<string, Key>();
  const weight = ({ need, before }: Measured) => need.calls * unitsOf(before);
  for (const { need } of [...open].sort((one, other) => weight(other) - weight(one)))
    for (const key of candidatesOf(need, copy.facts)) {
      const id = textOfKey(key);
      if (found.size < MOST_CANDIDATES && !there.has(id)) found.set(id, key);
    }
  return found;
}

const isPlainSpec = (
  { sparse, partialFilterExpression, collation }: ExistingIndex['spec'],
  copy: ScratchCopy,
): boolean => !sparse && !partialFilterExpression && isSameCollation(collation, copy.collation);

/** What a need that goes on reading every document is told. */
function reasonToLeave(
  { need, before }: Measured,
  proved: readonly AdvisedIndex[],
  best: number = unitsOf(before),
): (Unread & { calls: number })[] {
  if (!before.isScan || proved.some(({ gains }) => gains.some((gain) => gain.need === need))) return [];
  if (need.isHinted) return leave(need, 'it names an index itself');
  const times = need.calls === 1 ? 'once' : `${Math.round(need.calls)} times`;
  const why =
    best > unitsOf(before) / 2
      ? need.found === undefined && Object.keys(need.filter).length > 0
        ? 'with values of sampled documents no index reads much less than all (how many its calls found was not counted: for rare values one may)'
        : 'no index reads much less than all documents'
      : `${need.alike ? 'all that look so were' : 'it was'} asked ${times}: an index would cost more than it saves`;
  return leave(need, why);
}
