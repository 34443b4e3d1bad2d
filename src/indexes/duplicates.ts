import { mongo } from 'mongoose';
import { count } from './count.js';
import { keyStages } from './index-keys.js';
import type { IndexSpec } from './index-spec.js';

/** Documents that a unique index would refuse. */
export interface Duplicates {
  /** Documents that share their key with another. */
  readonly documents: number;
  /** Keys that several documents have. */
  readonly keys: number;
  /** Some of them, as text. */
  readonly ids: readonly string[];
}

/** As many are named as help to find what they have in common. */
export const SHOWN_IDS = 10;
const LONGEST_ID = 200;

/** An id as text: one that is a document, a date or bytes as JSON; cut where it is long. */
export function idText(id: unknown): string {
  const text =
    typeof id === 'string' || id instanceof mongo.ObjectId || id instanceof mongo.UUID
      ? id.toString()
      : mongo.BSON.EJSON.stringify(id);
  return text.length > LONGEST_ID ? `${text.slice(0, LONGEST_ID)}…` : text;
}

/** Duplicates for people. */
export const tellDuplicates = ({ documents, keys, ids }: Duplicates): string =>
  `${count(documents, 'document')} share ${count(keys, 'key')} that must be unique: ` +
  `${ids.join(', ')}${documents > ids.length ? ', …' : ''}`;

/** Kinds whose key is not the value itself. */
const isPlain = ([, kind]: IndexSpec['key'][number]): boolean => kind === 1 || kind === -1;

const toThemselves = (fields: object) =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, `$${name}`]));

/**
 * Looks for documents that a unique index would refuse, in the index's own terms: its keys ({@link keyStages}), in which
 * missing is null, by its collation and partial filter. What cannot be told for certain is left to the build, which stops by itself.
 *
 * @throws the server's error 50 where it takes longer than `maxTimeMs`.
 */
export async function findDuplicates(
  db: mongo.Db,
  collection: string,
  spec: IndexSpec,
  maxTimeMs: number,
): Promise<Duplicates | undefined> {
  if (!spec.key.every(isPlain)) return undefined;
  const paths = spec.key.map(([path]) => path);
  const keys = keyStages(paths);
  if (!keys) return undefined;
  const { stages, fields } = keys;
  const key = Object.fromEntries(fields.map((field, i) => [`k${i}`, { $ifNull: [`$${field}`, null] }]));
  const some = (input: unknown) => ({ $firstN: { n: SHOWN_IDS, input } });
  const pipeline: mongo.Document[] = [
    ...(spec.partialFilterExpression ? [{ $match: spec.partialFilterExpression }] : []),
    ...stages,
    // A sparse index leaves out keys without any of its paths.
    ...(spec.sparse ? [{ $match: { $or: fields.map((field) => ({ [field]: { $exists: true } })) } }] : []),
    { $project: key },
    // Elements of one document that have one key are one entry.
    ...(paths.some((path) => path.includes('.'))
      ? [
          { $group: { _id: { of: '$_id', ...toThemselves(key) } } },
          { $replaceWith: '$_id' },
          { $set: { _id: '$of' } },
        ]
      : []),
    {
      $group: {
        _id: toThemselves(key),
        documents: { $sum: 1 },
        // A few of them: where the path is missing everywhere, this is the whole collection.
        ids: some('$_id'),
      },
    },
    { $match: { documents: { $gt: 1 } } },
    {
      $group: {
        _id: null,
        keys: { $sum: 1 },
        documents: { $sum: '$documents' },
        ids: some('$ids'),
      },
    },
  ];
  const [found] = await db
    .collection(collection)
    .aggregate<{ keys: number; documents: number; ids: unknown[][] }>(pipeline, {
      allowDiskUse: true,
      maxTimeMS: maxTimeMs,
      // The simple one has to be asked for: the collection may have another by default.
      collation: (spec.collation ?? { locale: 'simple' }) as mongo.CollationOptions,
    })
    .toArray();
  if (!found) return undefined;
  return { ...found, ids: found.ids.flat().slice(0, SHOWN_IDS).map(idText) };
}
