import { mongo } from 'mongoose';

/** How one path is indexed: ascending, descending, or a kind of its own such as `2dsphere`, `hashed`, `text`. */
export type IndexKind = 1 | -1 | string;

/**
 * What an index means, whoever wrote it down: a class, `listIndexes`, or a plan. Two that mean the same have the same
 * {@link meaningOf}; names and versions are no part of it.
 */
export interface IndexSpec {
  /** In order. A text index stands as the server keeps it: `_fts`, `_ftsx`, and its paths under `weights`. */
  readonly key: readonly (readonly [path: string, kind: IndexKind])[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly hidden: boolean;
  /** Refuses new duplicates without being unique yet: the step before `unique` in the conversion of an index. */
  readonly prepareUnique: boolean;
  readonly expireAfterSeconds?: number;
  readonly partialFilterExpression?: mongo.Document;
  /** Every setting, as the server fills them in; missing for the simple one. */
  readonly collation?: mongo.Document;
  /** What only text, 2d and wildcard indexes have, where it is not the default. */
  readonly special: Readonly<Record<string, unknown>>;
}

/** The options an index can have, as MongoDB calls them. Anything else is the driver's or Mongoose's own. */
export const INDEX_OPTIONS = [
  'unique',
  'sparse',
  'hidden',
  'prepareUnique',
  'expireAfterSeconds',
  'partialFilterExpression',
  'collation',
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'wildcardProjection',
  'storageEngine',
] as const;

const DEFAULTS: Readonly<Record<string, unknown>> = {
  default_language: 'english',
  language_override: 'language',
  bits: 26,
  min: -180,
  max: 180,
};
const SPECIAL = [...Object.keys(DEFAULTS), 'weights', 'wildcardProjection'];

/** Reads an index as a class declares it or as the server reports it; a collation must be complete already. */
export function toIndexSpec(raw: mongo.Document): IndexSpec {
  const { key, weights } = textForm(raw['key'] as Record<string, unknown>, raw['weights'] as mongo.Document);
  const collation = raw['collation'] as mongo.Document | undefined;
  const { version: _version, ...settings } = collation ?? {};
  const expiry = raw['expireAfterSeconds'] as unknown;
  const special = SPECIAL.flatMap((name): [string, unknown][] => {
    const value = name === 'weights' ? weights : raw[name];
    return value === undefined || value === DEFAULTS[name] ? [] : [[name, sorted(value)]];
  });
  return {
    key,
    unique: raw['unique'] === true,
    sparse: raw['sparse'] === true,
    hidden: raw['hidden'] === true,
    prepareUnique: raw['prepareUnique'] === true,
    // The server keeps whole seconds.
    ...(expiry !== undefined && { expireAfterSeconds: Math.trunc(Number(expiry)) }),
    ...(raw['partialFilterExpression'] && { partialFilterExpression: raw['partialFilterExpression'] }),
    ...(collation && settings['locale'] !== 'simple' && { collation: settings }),
    special: Object.fromEntries(special),
  };
}

/** A declared text key in the form in which the server keeps it. */
function textForm(key: Readonly<Record<string, unknown>>, weights: mongo.Document | undefined) {
  const entries = Object.entries(key).map(([path, kind]): [string, IndexKind] => [
    path,
    // Any number above or below zero is a direction.
    typeof kind === 'number' ? (kind < 0 ? -1 : 1) : typeof kind === 'string' ? kind : 1,
  ]);
  const paths = entries.flatMap(([path, kind]) => (kind === 'text' && path !== '_fts' ? [path] : []));
  if (paths.length === 0) return { key: entries, weights };
  const first = entries.findIndex(([, kind]) => kind === 'text');
  const rest = entries.filter(([, kind]) => kind !== 'text');
  rest.splice(first, 0, ['_fts', 'text'], ['_ftsx', 1]);
  return {
    key: rest,
    weights: { ...Object.fromEntries(paths.map((path) => [path, 1])), ...weights },
  };
}

/** The whole meaning of an index as one line of text; equal exactly for equal indexes. */
export function meaningOf(spec: IndexSpec): string {
  const { key, partialFilterExpression, collation, special, ...rest } = spec;
  const { prepareUnique: _step, ...options } = rest;
  return text({
    key,
    ...Object.fromEntries(Object.entries(sorted(options) as object).filter(([, value]) => value !== false)),
    ...(partialFilterExpression && { partial: sameFilter(partialFilterExpression) }),
    ...(collation && { collation: sorted(collation) }),
    ...(Object.keys(special).length > 0 && { special }),
  });
}

/**
 * What no two indexes of a collection may share (MongoDB 5.0 and later): key, collation, partial filter, sparse, unique.
 * The server refuses a second index with the same one (`IndexOptionsConflict`), whatever its name or expiry.
 */
export const signatureOf = (spec: IndexSpec): string =>
  meaningOf({
    ...withoutExpiry(spec),
    hidden: false,
    special: spec.special['wildcardProjection']
      ? { wildcardProjection: spec.special['wildcardProjection'] }
      : {},
  });

/**
 * An index in what decides which queries it can serve: all of {@link signatureOf} but whether it is unique. Two with the
 * same form are one index to whoever searches.
 */
export const formOf = (spec: IndexSpec): string => signatureOf({ ...spec, unique: false });

/** The options in which two indexes of one key differ, by name. */
export function differencesOf(one: IndexSpec, other: IndexSpec): string[] {
  const plain = (spec: IndexSpec): Record<string, unknown> => ({
    unique: spec.unique,
    sparse: spec.sparse,
    hidden: spec.hidden,
    expireAfterSeconds: spec.expireAfterSeconds,
    partialFilterExpression: spec.partialFilterExpression && sameFilter(spec.partialFilterExpression),
    collation: spec.collation && sorted(spec.collation),
    ...Object.fromEntries(SPECIAL.map((name) => [name, spec.special[name]])),
  });
  const [left, right] = [plain(one), plain(other)];
  const names = Object.keys(left).filter((name) => text(left[name]) !== text(right[name]));
  return text(one.key) === text(other.key) ? names : ['key', ...names];
}

/** Whether two indexes have the same paths in the same order and directions. */
export const hasSameKey = (one: IndexSpec, other: IndexSpec): boolean => text(one.key) === text(other.key);

/** Whether two collations sort alike, both with every setting; missing is the simple one. */
export const isSameCollation = (one: object | undefined, other: object | undefined): boolean =>
  text(collationOf(one)) === text(collationOf(other));

function collationOf(collation: object | undefined): unknown {
  const { version: _version, ...settings } = (collation ?? {}) as mongo.Document;
  return settings['locale'] === 'simple' ? {} : sorted(settings);
}

/**
 * Whether every read that the first index serves by its key is served by the second, too: its key is the beginning of
 * the other's. Options are not looked at.
 */
export const isPrefixOf = (short: IndexSpec, long: IndexSpec): boolean =>
  short.key.length <= long.key.length &&
  short.key.every(([path, kind], i) => long.key[i]![0] === path && long.key[i]![1] === kind);

/** The server's own name for a key. */
export const defaultName = (key: Readonly<Record<string, unknown>>): string =>
  Object.entries(key).flat().join('_');

/** The key as JSON, for messages. */
export const keyText = (spec: IndexSpec): string => JSON.stringify(Object.fromEntries(spec.key));

const withoutExpiry = ({ expireAfterSeconds: _expiry, ...rest }: IndexSpec): IndexSpec => rest;

/** Numbers of every BSON type are one, and keys keep their order. */
const text = (value: unknown): string =>
  value === undefined ? '' : mongo.BSON.EJSON.stringify(value, { relaxed: true });

const isPlain = (value: unknown): value is mongo.Document =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const sorted = (value: unknown): unknown =>
  isPlain(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    : value;

/** A filter in one form: conditions and operators in order of their names; `{ a: { $eq: 1 } }` is `{ a: 1 }`. */
function sameFilter(filter: mongo.Document): unknown {
  return sorted(
    Object.fromEntries(
      Object.entries(filter).map(([path, condition]: [string, unknown]) => {
        if (Array.isArray(condition) && path.startsWith('$'))
          return [path, condition.map((one) => text(sameFilter(one as mongo.Document))).sort()];
        if (!isPlain(condition) || !Object.keys(condition).some((name) => name.startsWith('$')))
          return [path, condition];
        return [path, Object.keys(condition).join() === '$eq' ? condition['$eq'] : sorted(condition)];
      }),
    ),
  );
}
