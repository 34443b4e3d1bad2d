import type { mongo } from 'mongoose';
import { readExplain, walk } from '../../monitor/explain/read-explain.js';
import { orderOf, valuesAt } from '../../monitor/explain/values.js';
import { type Filter, isRecord, Unadvisable } from './conditions.js';
import type { Work } from './cost.js';
import { fillFilter, type Filling, type ValueOrigin } from './fill.js';
import type { Need } from './need.js';
import { randomOf } from './random.js';
import type { ScratchCopy } from './scratch-copy.js';

/** A need with values, ready to be asked. */
export interface Question {
  readonly filter: mongo.Document;
  readonly sort: Need['sort'];
  readonly limit: number;
  readonly projection?: mongo.Document;
  /** A `$group` that may need one document of each group. */
  readonly group?: mongo.Document;
}

/** What was counted for one question, or for the average of several. */
export interface Counted extends Work {
  readonly returned: number;
  /** Indexes that the plan uses; none where it reads every document. */
  readonly indexes: readonly string[];
  readonly isScan: boolean;
}

/** Questions asked for one need, and fillings of which the fitting ones are taken. */
const QUESTIONS = 4;
const FILLINGS = 30;
/** Where the values of the fillings come from, in turn; those of nobody are the last resort. */
const originOf = (n: number): ValueOrigin => (n % 3 === 2 ? 'apart' : 'together');
/** Fillings that find so many times more or less than was observed say nothing about it. */
const MOST_OFF = Math.log(8);
/** Those that find so many times more or less are not like what was asked: others are looked for. */
export const OFF = Math.log(3);
/** Shares of the values that a range may hold; for what tells no more, a tenth. */
export const WIDTHS = [0.002, 0.01, 0.05, 0.1, 0.2, 0.5, 0.8];
const USUAL_WIDTH = 0.1;
/** Widths of ranges that find less than those, down to the share that was found. */
const NARROW = 4;
/** An `$in` of several values, and how many it may have beyond the usual two. */
const SEVERAL = /"\$in":\["\?","\?"\]/;
const COUNTS = [4, 8, 16, 32, 64, 128, 256, 512, 1_024];
/** Sizes that pages have: the one that an average is just below is taken for the limit, which statistics do not hold. */
const PAGES = [1, 5, 10, 20, 25, 50, 100, 200, 500, 1_000];
/** Where the size of a page is not known. */
const PAGE = 20;
/** A share of full pages from which on those that are not are taken for last ones. */
const ALWAYS_FULL = 0.98;
const MOST_RETURNED = 100_000;
const EXPLAIN_MS = 20_000;

/**
 * Questions that stand for a need. Statistics hold no value, but how many documents a call found: of random fillings
 * those are taken that find about as many. Of pages, some are full and some are not, so that the average fits.
 *
 * @throws Unadvisable
 */
export async function questionsOf(need: Need, copy: ScratchCopy): Promise<Question[]> {
  const { filter, isLimited, found } = need;
  const random = randomOf(`${need.shape} ${need.collection}`);
  const page = limitOf(need);
  const question = (filled: mongo.Document) => asQuestion(need, filled);
  if (Object.keys(filter).length === 0) return [question({})];
  const text = JSON.stringify(filter);
  const isLoose = /"\$(?:gte?|lte?|regex)"/.test(text);
  const fillingWith = (more: Partial<Filling>) => {
    const width =
      isLoose && found !== undefined ? WIDTHS[Math.floor(random() * WIDTHS.length)]! : USUAL_WIDTH;
    return fillFilter(filter, { values: copy.values, random, width, ...more });
  };
  const fillings = Array.from({ length: found === undefined ? QUESTIONS : FILLINGS }, (_, n) =>
    fillingWith({ from: originOf(n) }),
  );
  if (found === undefined) return fillings.map(question);
  const measured: { filled: mongo.Document; matched: number }[] = [];
  const add = async (filled: mongo.Document) => {
    const matched = await matches(copy, filled);
    measured.push({ filled, matched });
    return matched;
  };
  for (const filled of fillings) await add(filled);
  // Random documents have what most have: what few have is looked for.
  if (measured.every(({ matched }) => between(matched, found) > OFF)) {
    for (const document of asFrequent(filter, found, copy))
      await add(fillingWith({ width: 1, document, count: 1 }));
    if (isLoose && !isLimited)
      for (const width of narrowWidths(found, copy))
        for (let n = 0; n < QUESTIONS; n += 1) await add(fillingWith({ width }));
  }
  // How many values an `$in` had is not known: so many that as many documents are found.
  const isFew = ({ matched }: { readonly matched: number }) => matched < found;
  if (SEVERAL.test(text) && (!isLimited || measured.every(isFew)))
    for (const count of COUNTS) {
      const matched: number[] = [];
      for (let n = 0; n < QUESTIONS; n += 1) matched.push(await add(fillingWith({ count })));
      if (Math.min(...matched) > found) break;
    }
  const fullness = isLimited ? Math.min(1, found / page) : 0;
  const full = Math.round(QUESTIONS * fullness);
  // Where some pages are not full, the others are hardly more than full.
  const most = isAlwaysFull(need) ? Number.POSITIVE_INFINITY : 2 * page;
  const fits = () => {
    const near = measured.filter(({ matched }) => between(matched, found) <= MOST_OFF);
    return near.length > 0 ? near : measured.filter(({ matched }) => isChance(matched, found, copy));
  };
  // What nobody has is found by no index, so that any would do: it stands for nothing that others stand for.
  if (fits().length === 0)
    for (let n = 0; n < QUESTIONS / 2; n += 1) await add(fillingWith({ from: 'nobody' }));
  const fitting = fits();
  if (!isLimited && fitting.length === 0)
    throw new Unadvisable('no values of sampled documents find about as many as its calls did');
  const nearest = (count: number, from: typeof measured, distance: (matched: number) => number) => {
    // Stable: of those that fit equally, the first.
    const sorted = [...from].sort((one, other) => distance(one.matched) - distance(other.matched));
    // Of pages so many are full and so many are not, and if one stands for several.
    const length = isLimited ? count : Math.min(count, sorted.length);
    return Array.from({ length }, (_, n) => question(sorted[n % sorted.length]!.filled));
  };
  return [
    ...nearest(full, measured, (matched) => between(matched, Math.min(most, Math.max(matched, page)))),
    // Few that fit say more than many of which most do not.
    ...nearest(QUESTIONS - full, fitting.length > 0 ? fitting : measured, (matched) =>
      between(matched, found),
    ),
  ];
}

/** A need with values. */
export function asQuestion(need: Need, filled: mongo.Document): Question {
  const { filter, sort, reads, group } = need;
  return {
    filter: filled,
    sort,
    limit: limitOf(need),
    ...(group ? { group: group.stage } : reads && { projection: projectionOf(reads, filter) }),
  };
}

/** Whether nothing tells how many it would find without its limit. */
export const isAlwaysFull = (need: Need): boolean =>
  need.isLimited && (need.found ?? 0) >= ALWAYS_FULL * limitOf(need);

/** Widths below the usual ones, as far as a sample has values that close together. */
export function narrowWidths(found: number, { documents, sampled }: ScratchCopy): readonly number[] {
  const least = Math.max(found / documents, 1 / sampled);
  const times = (WIDTHS[0]! / least) ** (1 / NARROW);
  return times > 1 ? Array.from({ length: NARROW }, (_, n) => least * times ** n) : [];
}

/** How many times more or fewer, by its logarithm. */
export const between = (matched: number, wanted: number) =>
  Math.abs(Math.log((matched + 0.5) / (wanted + 0.5)));

/**
 * Documents whose values at the fields that are asked to be equal, or one of several, are about as frequent as was found, each of others. Of
 * a field that few values share most documents have the frequent ones: a random one is hardly ever of the rare.
 */
function asFrequent(filter: Filter, found: number, copy: ScratchCopy): readonly mongo.Document[] {
  const pathsWith = (...operators: readonly string[]) =>
    Object.entries(filter)
      .filter(
        ([path, test]) => !path.startsWith('$') && (!isRecord(test) || operators.some((one) => one in test)),
      )
      .map(([path]) => path.split('.'));
  const equal = pathsWith('$eq', '$type');
  const all = pathsWith('$eq', '$type', '$in');
  return [equal, ...(all.length > equal.length ? [all] : [])].flatMap((paths) =>
    paths.length > 0 ? asFrequentAt(paths, found, copy) : [],
  );
}

/** The same at these paths. */
export function asFrequentAt(
  paths: readonly (readonly string[])[],
  found: number,
  copy: ScratchCopy,
): readonly mongo.Document[] {
  const groups = new Map<string, { readonly document: mongo.Document; count: number }>();
  for (const document of copy.values.documents) {
    const id = JSON.stringify(paths.map((path) => valuesAt(document, path).map(orderOf)));
    const group = groups.get(id) ?? { document, count: 0 };
    groups.set(id, group);
    group.count += 1;
  }
  const distance = ({ count }: { count: number }) => between(scaled(count, copy), found);
  return [...groups.values()]
    .sort((one, other) => distance(one) - distance(other))
    .slice(0, QUESTIONS)
    .map(({ document }) => document);
}

const limitOf = ({ isLimited, found }: Need): number => (isLimited ? pageOf(found) : 0);

const pageOf = (found = PAGE): number =>
  PAGES.find((size) => size >= found) ?? Math.min(MOST_RETURNED, Math.ceil(found));

/**
 * Whether a sample may have so many where so many are found: of a large collection it knows nothing between one document
 * and hundreds, and few are more or fewer by chance.
 */
export function isChance(matched: number, found: number, copy: ScratchCopy): boolean {
  const inSample = unscaled(found, copy);
  return Math.abs(unscaled(matched, copy) - inSample) <= 2 * Math.sqrt(inSample);
}

/** Documents that a filter finds, on the scale of the whole collection. */
export async function matches(copy: ScratchCopy, filter: mongo.Document): Promise<number> {
  const { db, name } = copy;
  return scaled(await db.collection(name).countDocuments(filter, { maxTimeMS: EXPLAIN_MS }), copy);
}

/** From the copy to the collection: of a value that one document was chosen for, the others count. */
export function scaled(
  number: number,
  { documents, sampled }: Pick<ScratchCopy, 'documents' | 'sampled'>,
): number {
  if (documents <= sampled || sampled <= 1 || number <= 1) return number;
  return 1 + ((number - 1) * (documents - 1)) / (sampled - 1);
}

/** Of so many times more documents than there are values, a sample has nearly all of the values. */
const MANY = 10;
/** Whether as much is read as there are values, of which a sample has nearly all. */
export const isOfAll = (number: number, values: number, { sampled }: Pick<ScratchCopy, 'sampled'>): boolean =>
  number * MANY <= sampled && number <= 2 * values;

/** From the collection to the copy. */
function unscaled(number: number, { documents, sampled }: ScratchCopy): number {
  if (documents <= sampled || sampled <= 1 || number <= 1) return number;
  return 1 + ((number - 1) * (sampled - 1)) / (documents - 1);
}

/** Of what only counts, a path that the filter needs anyway: an index on all of those answers alone. */
function projectionOf(reads: readonly string[], filter: Filter): mongo.Document {
  const [some] = Object.keys(filter).filter((path) => !path.startsWith('$'));
  const paths = reads.length > 0 || some === undefined ? reads : [some];
  if (paths.length === 0) return { _id: 1 };
  return {
    ...(!paths.includes('_id') && { _id: 0 }),
    ...Object.fromEntries(paths.map((path) => [path, 1])),
  };
}

/** Asks a question, with one index or with what the server chooses; undefined where that index cannot answer it. */
export async function ask(
  { db, name }: Pick<ScratchCopy, 'db' | 'name'>,
  { filter, sort, limit, projection, group }: Question,
  hint?: string,
): Promise<Counted | undefined> {
  const order = sort.length > 0 && Object.fromEntries(sort);
  const pipeline = group && [{ $match: filter }, ...(order ? [{ $sort: order }] : []), group];
  const explain = pipeline
    ? { aggregate: name, pipeline, cursor: {}, ...(hint !== undefined && { hint }) }
    : {
        find: name,
        filter,
        ...(order && { sort: order }),
        ...(limit > 0 && { limit }),
        ...(projection && { projection }),
        ...(hint !== undefined && { hint }),
      };
  return work(db, explain);
}

/** Explains a command; undefined where the index that it names cannot answer it. */
export async function work(db: mongo.Db, explain: mongo.Document): Promise<Counted | undefined> {
  try {
    const answer = await db.command({ explain, verbosity: 'executionStats', maxTimeMS: EXPLAIN_MS });
    return read(answer);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === NO_QUERY_EXECUTION_PLANS || code === BAD_VALUE) return undefined;
    throw error;
  }
}
const BAD_VALUE = 2;
const NO_QUERY_EXECUTION_PLANS = 291;

function read(answer: mongo.Document): Counted {
  const { documentsExamined, keysExamined, returned, collectionScan, indexes, root } = readExplain(answer);
  const sorted = [...walk(root)]
    .filter(({ stage }) => stage === 'SORT' || stage === '$sort')
    .reduce((sum, { inputs }) => sum + (inputs[0]?.returned ?? 0), 0);
  return {
    documents: documentsExamined,
    keys: keysExamined,
    sorted,
    returned,
    indexes,
    isScan: collectionScan,
  };
}

/** The average over all questions, on the scale of the whole collection; undefined where one cannot be answered so. */
export async function measure(
  copy: ScratchCopy,
  questions: readonly Question[],
  hint?: string,
): Promise<Counted | undefined> {
  const all: Counted[] = [];
  for (const question of questions) {
    const counted = await ask(copy, question, hint);
    if (!counted) return undefined;
    const { documents, keys, sorted, returned } = counted;
    const stoppedEarly = question.limit > 0 && returned >= question.limit && sorted === 0;
    const isAll = (number: number) => stoppedEarly || (question.group && isOfAll(number, returned, copy));
    const at = (number: number) => (isAll(number) ? number : scaled(number, copy));
    all.push({ ...counted, documents: at(documents), keys: at(keys), sorted: at(sorted) });
  }
  const average = (of: (one: Counted) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return {
    documents: average(({ documents }) => documents),
    keys: average(({ keys }) => keys),
    sorted: average(({ sorted }) => sorted),
    returned: average(({ returned }) => returned),
    indexes: [...new Set(all.flatMap(({ indexes }) => indexes))],
    isScan: all.some(({ isScan }) => isScan),
  };
}
