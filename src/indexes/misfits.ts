import type { mongo } from 'mongoose';
import { idText, SHOWN_IDS } from './duplicates.js';
import type { IndexSpec } from './index-spec.js';

/** Documents that an index cannot hold, whatever the others are. */
export interface Misfits {
  /** Some of them, as text. */
  readonly ids: readonly string[];
  readonly areAll: boolean;
}

/** Misfits for people. */
export const tellMisfits = ({ ids, areAll }: Misfits): string => `${ids.join(', ')}${areAll ? '' : ', …'}`;

/** The languages of text indexes (MongoDB's own list, of every version); the server compares them without case. */
const LANGUAGES =
  /^(?:none|da|danish|nl|dutch|en|english|fi|finnish|fr|french|de|german|hu|hungarian|it|italian|nb|norwegian|pt|portuguese|ro|romanian|ru|russian|es|spanish|sv|swedish|tr|turkish)$/i;
/** A circle with more than half the circumference as its radius, in radians: the whole earth. */
const EARTH = { $geoWithin: { $centerSphere: [[0, 0], 3.2] } };

/**
 * Looks for documents that an index's build would stop at: arrays side by side or under a hash, what is no place, a
 * language that the server does not know. What lies in arrays of documents is found by the build only.
 *
 * @throws the server's error 50 where it takes longer than `maxTimeMs`.
 */
export async function findMisfits(
  db: mongo.Db,
  collection: string,
  spec: IndexSpec,
  maxTimeMs: number,
): Promise<Misfits | undefined> {
  const tests = [...places(spec), ...hashes(spec), ...arrays(spec), ...languages(spec)];
  if (tests.length === 0) return undefined;
  const found = await db
    .collection(collection)
    .find({ $and: [spec.partialFilterExpression ?? {}, { $or: tests }] })
    .project({ _id: 1 })
    .limit(SHOWN_IDS + 1)
    .maxTimeMS(maxTimeMs)
    .toArray();
  if (found.length === 0) return undefined;
  return { ids: found.slice(0, SHOWN_IDS).map(({ _id }) => idText(_id)), areAll: found.length <= SHOWN_IDS };
}

const pathsOf = (spec: IndexSpec, ...kinds: readonly unknown[]): string[] =>
  spec.key.flatMap(([path, kind]) => (kinds.includes(kind) && !path.includes('$**') ? [path] : []));

const places = (spec: IndexSpec): mongo.Document[] =>
  pathsOf(spec, '2dsphere').map((path) => ({
    $and: [{ [path]: { $exists: true, $nin: [null, []] } }, { $nor: [{ [path]: EARTH }] }],
  }));

/** Every beginning of a path: an array may stand at each. */
const beginnings = (path: string): string[] =>
  path.split('.').map((_, at, names) => names.slice(0, at + 1).join('.'));
const isArrayAt = (paths: readonly string[]) => ({ $or: paths.map((path) => ({ $isArray: [`$${path}`] })) });

const hashes = (spec: IndexSpec): mongo.Document[] =>
  pathsOf(spec, 'hashed').map((path) => ({ $expr: isArrayAt(beginnings(path)) }));

/** Two paths over arrays of their own. */
function arrays(spec: IndexSpec): mongo.Document[] {
  const paths = pathsOf(spec, 1, -1, '2dsphere').filter((path) => path !== '_ftsx');
  return paths.flatMap((one, at) =>
    paths.slice(at + 1).flatMap((other) => {
      const common = beginnings(one).filter((path) => beginnings(other).includes(path));
      const [left, right] = [one, other].map((path) =>
        beginnings(path).filter((part) => !common.includes(part)),
      ) as [string[], string[]];
      if (left.length === 0 || right.length === 0) return [];
      // Under an array that both share, each element is looked at by itself, and a path over it looks like an array.
      const shared = common.length > 0 ? [{ $not: [isArrayAt(common)] }] : [];
      return [{ $expr: { $and: [...shared, isArrayAt(left), isArrayAt(right)] } }];
    }),
  );
}

function languages({ key, special }: IndexSpec): mongo.Document[] {
  if (!key.some(([, kind]) => kind === 'text')) return [];
  const name = (special['language_override'] as string | undefined) ?? 'language';
  const unknown = { $exists: true, $not: LANGUAGES };
  const parents = Object.keys((special['weights'] as object | undefined) ?? {}).flatMap((path) =>
    beginnings(path).slice(0, -1),
  );
  return [
    { [name]: unknown },
    ...[...new Set(parents)].flatMap((parent) => [
      { [`${parent}.${name}`]: unknown },
      { [parent]: { $elemMatch: { [name]: unknown } } },
    ]),
  ];
}
