import { type Filter, joined } from '../../monitor/explain/conjunction.js';

/** What a filter asks, sorted by how an index can serve it. Paths stand in the order of the filter, each once. */
export interface Conditions {
  /** Equal to one value. */
  readonly equal: readonly string[];
  /** One of several values. */
  readonly some: readonly string[];
  /** Between bounds, or beginning with a text. */
  readonly ranges: readonly string[];
  /** Missing, which is looked up like a value. */
  readonly missing: readonly string[];
  /** Anything but some values: what stands before and behind them in an index. */
  readonly excluded: readonly string[];
  /** Tested on what an index has found: `$exists: true`, a regular expression without a beginning, … */
  readonly tested: readonly string[];
  /** For each `$or` what its branches ask, each with everything that stands beside it. */
  readonly ors: readonly (readonly Filter[])[];
}

export type { Filter };

/** A filter that no index of keys can be advised for, and why, in words without a value. */
export class Unadvisable extends Error {}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Kind = 'equal' | 'some' | 'ranges' | 'missing' | 'excluded' | 'tested';
const WEIGHT: readonly Kind[] = ['equal', 'some', 'ranges', 'missing', 'excluded', 'tested'];
const RANGES = new Set(['$gt', '$gte', '$lt', '$lte']);
const TESTED = new Set(['$not', '$size', '$mod', '$type', '$exists', '$options']);
/** Conditions into which no value can be put; they are tested on what was found, and no index is needed for that. */
const UNASKABLE = new Set([
  '$where',
  '$jsonSchema',
  '$geoWithin',
  '$geoIntersects',
  '$bitsAllSet',
  '$bitsAnySet',
  '$bitsAllClear',
  '$bitsAnyClear',
]);

/**
 * A filter as it can be asked for: without the conditions into which no value can be put, as far as they stand beside
 * others, with the comparisons of an `$expr` as conditions like any other, by which the server looks them up, and
 * {@link joined}.
 */
export function askableOf(filter: Filter): { readonly filter: Filter; readonly isWhole: boolean } {
  let isWhole = true;
  const parts: Filter[] = [];
  for (const [key, test] of Object.entries(filter)) {
    if (UNASKABLE.has(key)) isWhole = false;
    else if (key === '$expr') {
      const compared = comparisonsIn(test);
      isWhole &&= !compared.includes(undefined);
      parts.push(...compared.filter((one) => one !== undefined));
    } else if (key === '$and' && Array.isArray(test) && test.every(isRecord)) {
      const asked = test.map(askableOf);
      isWhole &&= asked.every((one) => one.isWhole);
      parts.push(...asked.map((one) => one.filter).filter((one) => Object.keys(one).length > 0));
    } else if (key.startsWith('$') || !isRecord(test)) parts.push({ [key]: test });
    else {
      const kept = Object.entries(test).filter(([operator]) => !UNASKABLE.has(operator));
      isWhole &&= kept.length === Object.keys(test).length;
      if (kept.length > 0) parts.push({ [key]: Object.fromEntries(kept) });
    }
  }
  return { filter: joined(parts), isWhole };
}

/** Reads the filter of a shape. @throws Unadvisable */
export function conditionsOf(filter: unknown): Conditions {
  if (filter === undefined) return conditionsOf({});
  if (!isRecord(filter)) throw new Unadvisable('its filter is cut off or is a value');
  const kinds = new Map<string, Kind>();
  read(filter, '', kinds);
  const of = (kind: Kind) => [...kinds].flatMap(([path, one]) => (one === kind ? [path] : []));
  return {
    equal: of('equal'),
    some: of('some'),
    ranges: of('ranges'),
    missing: of('missing'),
    excluded: of('excluded'),
    tested: of('tested'),
    ors: branchesBeside(filter),
  };
}

/** For each `$or` of a filter its branches, each with everything that stands beside it. */
function branchesBeside(filter: Filter): Filter[][] {
  const { $and = [], ...rest } = joined([filter]);
  const parts = [rest, ...($and as Filter[])];
  return parts.flatMap(({ $or, ...others }, at) => {
    if ($or === undefined) return [];
    const beside = [others, ...parts.filter((_, other) => other !== at).map(withTestedOr)];
    return [branchesOf($or).map((branch) => joined([...beside, branch]))];
  });
}

/** The server takes the branches of one `$or` for its plan: any other is tested on what they find, as a `$nor` of a `$nor` is. */
function withTestedOr({ $or, ...others }: Filter): Filter {
  if ($or === undefined) return others;
  const [first, ...more] = branchesOf($or);
  // Branches of one form are one in a shape.
  return { ...others, $nor: [{ $nor: more.length > 0 ? [first, ...more] : [first, first] }] };
}

function read(filter: Filter, under: string, kinds: Map<string, Kind>): void {
  for (const [key, test] of Object.entries(filter)) {
    if (test === '…') throw new Unadvisable('a part of it is cut off');
    if (key === '$and') for (const one of branchesOf(test)) read(one, under, kinds);
    else if (key === '$or') branchesOf(test);
    else if (key === '$nor' || key === '$comment' || key === '$expr') continue;
    else if (key.startsWith('$')) throw new Unadvisable(`it uses ${key}`);
    else readTest(under + pathIn(key), test, kinds);
  }
}

/** A path as an index can have it. @throws Unadvisable where a part of it is data or cut off. */
export function pathIn(key: string): string {
  if (key.split('.').some((segment) => segment === '*' || segment === '…'))
    throw new Unadvisable('a field has a value in its name, or is cut off');
  return key;
}

function branchesOf(value: unknown): Filter[] {
  if (Array.isArray(value) && value.every(isRecord)) return value;
  throw new Unadvisable('a part of it is cut off, or is a value');
}

function note(kinds: Map<string, Kind>, path: string, kind: Kind): void {
  const known = kinds.get(path);
  if (!known || WEIGHT.indexOf(kind) < WEIGHT.indexOf(known)) kinds.set(path, kind);
}

function readTest(path: string, test: unknown, kinds: Map<string, Kind>): void {
  if (!isRecord(test)) return note(kinds, path, 'equal');
  for (const [operator, operand] of Object.entries(test)) {
    if (operator === '$eq' || operator === '$all') note(kinds, path, 'equal');
    else if (operator === '$in')
      note(kinds, path, Array.isArray(operand) && operand.length === 1 ? 'equal' : 'some');
    else if (RANGES.has(operator)) note(kinds, path, 'ranges');
    else if (operator === '$regex') note(kinds, path, operand === '^?' ? 'ranges' : 'tested');
    else if (operator === '$ne' || operator === '$nin') note(kinds, path, 'excluded');
    else if (operator === '$exists' && operand === false) note(kinds, path, 'missing');
    else if (operator === '$elemMatch') {
      if (!isRecord(operand)) note(kinds, path, 'tested');
      else if (Object.keys(operand)[0]?.startsWith('$')) readTest(path, operand, kinds);
      // An `$or` inside an element is tested on what was found.
      else read(operand, `${path}.`, kinds);
    } else if (TESTED.has(operator)) note(kinds, path, 'tested');
    else throw new Unadvisable(operator === '…' ? 'a part of it is cut off' : `it uses ${operator}`);
  }
}

/** Comparisons by which an index is searched, and what they are from the other side. */
const FLIPPED: Readonly<Record<string, string>> = {
  $eq: '$eq',
  $gt: '$lt',
  $gte: '$lte',
  $lt: '$gt',
  $lte: '$gte',
};
const isPath = (value: unknown): value is string => typeof value === 'string' && /^\$[^$]/.test(value);
/** A constant, or a variable such as those by which a `$lookup` joins. */
const isGiven = (value: unknown): boolean =>
  typeof value === 'string' && /^(?:\?$|\$\$(?!ROOT|CURRENT))/.test(value);

/**
 * The comparisons of paths with values that an expression requires, as conditions; undefined for a part that is none:
 * that is tested on what was found.
 */
function comparisonsIn(expression: unknown): (Filter | undefined)[] {
  const [[operator, operands] = ['', undefined], ...more] = isRecord(expression)
    ? Object.entries(expression)
    : [];
  if (more.length > 0 || !Array.isArray(operands)) return [undefined];
  if (operator === '$and') return operands.flatMap(comparisonsIn);
  const [left, right] = operands as unknown[];
  const flipped = operands.length === 2 ? FLIPPED[operator] : undefined;
  if (flipped && isPath(left) && isGiven(right)) return [{ [left.slice(1)]: { [operator]: '?' } }];
  if (flipped && isPath(right) && isGiven(left)) return [{ [right.slice(1)]: { [flipped]: '?' } }];
  return [undefined];
}
