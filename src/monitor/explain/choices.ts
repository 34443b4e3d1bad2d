import type { mongo } from 'mongoose';
import { type Condition, conjunctionOf } from './conjunction.js';
import { type Counted, isFull } from './counted.js';
import { fillFilter } from './fill.js';
import type { Bounds, Choice, Sample } from './sample.js';
import type { Shape } from '../shape/shape.js';
import { valuesAt } from './values.js';

/** Kinds of choices, the cheapest to find first; which one has fitted a shape is all that is remembered. */
const KINDS = [
  'sample',
  'null',
  'nobody',
  'several',
  'other',
  'partial',
  'end',
  'frequency',
  'frequency-end',
] as const;
export type ChoiceKind = (typeof KINDS)[number];

/** Values for a shape, and where they are from. */
export interface Candidate {
  readonly kind: ChoiceKind;
  readonly choice: Choice;
}

/** What choices are looked for with. */
export interface ChoiceTask {
  readonly db: mongo.Db;
  readonly shape: Shape;
  readonly sample: Sample;
  readonly counted: Counted;
  /** What the last choice has returned. */
  readonly returned: () => number;
  /** More documents for a sample, with the fields that the shape names. */
  readonly more: (count: number) => Promise<Sample>;
  readonly options: { readonly comment: string; readonly maxTimeMS: number };
}

/** Values in one `$in`. */
const MOST_VALUES = 200;
/** Fields that are looked at together. */
const MOST_FIELDS = 3;
/** How far from its end a range is looked for. */
const FARTHEST = 10_000;
const MOST_PARTIAL = 3;
/** What a document has beside the sample's first. */
const ANOTHER = 7;
/** Other documents that are asked about, and how far apart they lie in the sample. */
const MORE_DRAWS = 4;
const APART = 4;

/** Choices of values, the one that has fitted before first. Reads only, and each within a time limit. */
export async function* choicesFor(
  task: ChoiceTask,
  remembered: ChoiceKind = 'sample',
): AsyncGenerator<Candidate> {
  for (const kind of [remembered, ...KINDS.filter((one) => one !== remembered)])
    for (const choice of await FINDERS[kind](task).catch(nothing)) yield { kind, choice };
}

/**
 * Choices of the same kind whose values are of other documents; none where they come from no document of the sample.
 * Reads only.
 */
export async function* redrawn(task: ChoiceTask, { kind, choice }: Candidate): AsyncGenerator<Candidate> {
  if (!['sample', 'several', 'other', 'end'].includes(kind)) return;
  for (let draw = 1; draw <= MORE_DRAWS; draw += 1) {
    const from = (choice.from ?? 0) + draw * APART;
    if (kind !== 'end') yield { kind, choice: { ...choice, from } };
    else for (const end of await endsFor(task, { from }).catch(nothing)) yield { kind, choice: end };
  }
}

/** What takes too long, or cannot be asked, is passed over: another choice may fit. */
const nothing = (): readonly Choice[] => [];

const FINDERS: Readonly<Record<ChoiceKind, (task: ChoiceTask) => Promise<readonly Choice[]>>> = {
  sample: async () => [{}],
  null: async ({ shape, sample }) => {
    const lacking = equalitiesOf(shape).filter((path) => path !== '_id' && sample.lacks(path));
    return lacking.length === 0 ? [] : [{ equal: new Map(lacking.map((path) => [path, null])) }];
  },
  nobody: async ({ counted: { found = 0 } }) => (found < 1 ? [{ isNobody: true }] : []),
  several: async ({ shape, counted: { found = 0, isOpenEnded }, returned, more }) => {
    if (!isOpenEnded || !JSON.stringify(shape.parts).includes('["?","?"]') || found <= returned()) return [];
    const several = Math.min(MOST_VALUES, Math.ceil((2 * found) / Math.max(1, returned())));
    return [{ several, documents: (await more(several)).documents }];
  },
  other: async ({ shape }) =>
    equalitiesOf(shape).length > 0 ? [{ from: ANOTHER, isWhole: true }] : wholeText(shape),
  partial: async ({ db, shape, options }) => {
    const paths = equalitiesOf(shape);
    const indexes = await db.collection(shape.collection).listIndexes(options).toArray();
    return indexes
      .flatMap(({ partialFilterExpression: filter }): Choice[] => {
        const equal = paths.flatMap((path): [string, unknown][] => {
          const test = (filter as Record<string, unknown> | undefined)?.[path];
          if (test === undefined) return [];
          const isTest = Object.keys(Object(test) as object)[0]?.startsWith('$');
          if (!isTest) return [[path, test]];
          return '$eq' in Object(test) ? [[path, (test as { $eq: unknown }).$eq]] : [];
        });
        return equal.length > 0 ? [{ equal: new Map(equal) }] : [];
      })
      .slice(0, MOST_PARTIAL);
  },
  end: (task) => endsFor(task, {}),
  frequency: async (task) => asFrequent(task),
  'frequency-end': async (task) => {
    if (rangeOf(task.shape) === undefined) return [];
    const [choice] = await asFrequent(task);
    return choice ? endsFor(task, choice) : [];
  },
};

const wholeText = ({ parts }: Shape): readonly Choice[] =>
  JSON.stringify(parts).includes('"$regex"') ? [{ isWhole: true }] : [];

/** The conditions that all documents have to meet, by path. */
export function conditionsOf({ command, parts }: Shape): readonly Condition[] {
  const [first] = Array.isArray(parts['pipeline']) ? (parts['pipeline'] as { $match?: unknown }[]) : [];
  const filter =
    command === 'aggregate'
      ? first?.$match
      : (parts['filter'] ??
        parts['query'] ??
        (Object(parts['updates'] ?? parts['deletes']) as { q?: unknown }).q);
  return conjunctionOf(Object(filter) as Record<string, unknown>).filter(
    ([path]) => /^[^$*…]/.test(path) && !/[*…]|(?:^|\.)\d/.test(path),
  );
}

const equalitiesOf = (shape: Shape): readonly string[] =>
  conditionsOf(shape)
    .filter(([, test]) => test === '?' || '$eq' in Object(test))
    .map(([path]) => path);

/** The first range, and where it is open. */
function rangeOf(shape: Shape): { path: string; isLower: boolean; isUpper: boolean } | undefined {
  for (const [path, test] of conditionsOf(shape)) {
    const operators = Object.keys(Object(test) as object);
    const isLower = operators.some((one) => one === '$gt' || one === '$gte');
    const isUpper = operators.some((one) => one === '$lt' || one === '$lte');
    if (isLower || isUpper) return { path, isLower, isUpper };
  }
  return undefined;
}

/** How many documents are to be found; as many as there are where most calls have reached their limit. */
const wantedBy = (counted: Counted): number =>
  isFull(counted) ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.round(counted.found ?? 0));

/** A range that holds about as many documents as were found: the newest, the oldest, or some in between. */
async function endsFor(
  { db, shape, sample, counted, options }: ChoiceTask,
  choice: Choice,
): Promise<readonly Choice[]> {
  const range = rangeOf(shape);
  const wanted = wantedBy(counted);
  if (!range || wanted > FARTHEST) return [];
  const { path, isLower, isUpper } = range;
  const paths = equalitiesOf(shape);
  const equal = fillFilter(Object.fromEntries(paths.map((one) => [one, '?'])), sample.with(choice));
  const begin = sample.at(path).one;
  const isBetween = isLower && isUpper;
  const [found] = await db
    .collection(shape.collection)
    .find({ ...equal, [path]: isBetween ? { $gte: begin } : { $ne: null } }, options)
    .sort({ [path]: isLower && !isUpper ? -1 : 1 })
    .skip(wanted)
    .limit(1)
    .project({ _id: 0, [path]: 1 })
    .toArray();
  const [end] = valuesAt(found, path.split('.'));
  if (end === undefined || end === null) return [];
  const bounds: Bounds = isBetween ? { lower: begin, upper: end } : isLower ? { lower: end } : { upper: end };
  return [{ ...choice, bounds: new Map([[path, bounds]]) }];
}

/** Of the values that fields have together, those that about as many documents have as were found. */
async function asFrequent({ db, shape, sample, counted, options }: ChoiceTask): Promise<readonly Choice[]> {
  const paths = equalitiesOf(shape)
    .filter((path) => path !== '_id')
    .slice(0, MOST_FIELDS);
  if (paths.length === 0) return [];
  const isArray = (path: string) =>
    sample.documents.some((document) => valuesAt(document, path.split('.')).length > 1);
  const [found] = await db
    .collection(shape.collection)
    .aggregate<{ _id: Record<string, unknown> }>(
      [
        { $project: { _id: 0, ...Object.fromEntries(paths.map((path, at) => [`f${at}`, `$${path}`])) } },
        ...paths.flatMap((path, at) =>
          isArray(path) ? [{ $unwind: { path: `$f${at}`, preserveNullAndEmptyArrays: true } }] : [],
        ),
        { $group: { _id: Object.fromEntries(paths.map((_, at) => [`f${at}`, `$f${at}`])), n: { $sum: 1 } } },
        { $set: { off: { $abs: { $subtract: ['$n', wantedBy(counted)] } } } },
        { $sort: { off: 1 } },
        { $limit: 1 },
      ],
      options,
    )
    .toArray();
  if (!found) return [];
  // What a document lacks is null.
  return [{ equal: new Map(paths.map((path, at) => [path, found._id[`f${at}`] ?? null])) }];
}
