/** What a filter asks, sorted by how an index can serve it. Paths stand in the order of the filter, each once. */
export interface Conditions {
  /** Equal to one value. */
  readonly equal: readonly string[];
  /** One of several values. */
  readonly some: readonly string[];
  /** Between bounds, or beginning with a text. */
  readonly ranges: readonly string[];
  /** Tested on what an index has found: `$ne`, `$exists`, a regular expression without a beginning, … */
  readonly tested: readonly string[];
  /** What the branches of an `$or` ask, each with everything that stands beside it. */
  readonly branches: readonly Filter[];
}

/** A filter as it stands in a shape. */
export type Filter = Readonly<Record<string, unknown>>;

/** A filter that no index of keys can be advised for, and why, in words without a value. */
export class Unadvisable extends Error {}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Kind = 'equal' | 'some' | 'ranges' | 'tested';
const WEIGHT: readonly Kind[] = ['equal', 'some', 'ranges', 'tested'];
const RANGES = new Set(['$gt', '$gte', '$lt', '$lte']);
const TESTED = new Set(['$ne', '$nin', '$not', '$size', '$mod', '$type', '$exists', '$options']);

/** Reads the filter of a shape. @throws Unadvisable */
export function conditionsOf(filter: unknown): Conditions {
  if (filter === undefined) return conditionsOf({});
  if (!isRecord(filter)) throw new Unadvisable('its filter is cut off or is a value');
  const kinds = new Map<string, Kind>();
  const ors: Filter[][] = [];
  read(filter, '', kinds, ors);
  const of = (kind: Kind) => [...kinds].flatMap(([path, one]) => (one === kind ? [path] : []));
  const [or] = ors;
  return {
    equal: of('equal'),
    some: of('some'),
    ranges: of('ranges'),
    tested: of('tested'),
    branches: or && ors.length === 1 ? or.map((branch) => beside(filter, branch)) : [],
  };
}

/** Everything of a filter but its `$or`, with one branch of that. */
function beside(filter: Filter, branch: Filter): Filter {
  const { $and, ...rest } = filter;
  const parts = [rest, ...(Array.isArray($and) ? ($and as Filter[]) : [])].map(
    ({ $or: _or, ...others }) => others,
  );
  const some = [...parts, branch].filter((one) => Object.keys(one).length > 0);
  return some.length === 1 ? some[0]! : { $and: some };
}

function read(filter: Filter, under: string, kinds: Map<string, Kind>, ors: Filter[][]): void {
  for (const [key, test] of Object.entries(filter)) {
    if (test === '…') throw new Unadvisable('a part of it is cut off');
    if (key === '$and') for (const one of branchesOf(test)) read(one, under, kinds, ors);
    else if (key === '$or') ors.push(branchesOf(test));
    else if (key === '$expr') readExpression(test, kinds);
    else if (key === '$nor' || key === '$comment') continue;
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
    else if (operator === '$elemMatch') {
      if (!isRecord(operand)) note(kinds, path, 'tested');
      else if (Object.keys(operand)[0]?.startsWith('$')) readTest(path, operand, kinds);
      // An `$or` inside an element is tested on what was found.
      else read(operand, `${path}.`, kinds, []);
    } else if (TESTED.has(operator)) note(kinds, path, 'tested');
    else throw new Unadvisable(operator === '…' ? 'a part of it is cut off' : `it uses ${operator}`);
  }
}

/** Of expressions, the equality with a variable by which a `$lookup` joins. */
function readExpression(expression: unknown, kinds: Map<string, Kind>): void {
  for (const path of joinedPaths(expression)) note(kinds, path, 'equal');
}

/** The paths that an expression requires to be equal to a variable. */
export function joinedPaths(expression: unknown): string[] {
  if (!isRecord(expression)) return [];
  const { $and, $eq } = expression;
  if (Array.isArray($and)) return $and.flatMap(joinedPaths);
  if (!Array.isArray($eq) || $eq.length !== 2) return [];
  const names = $eq.filter((one): one is string => typeof one === 'string');
  const path = names.find((one) => /^\$[^$]/.test(one));
  return path && names.some((one) => one.startsWith('$$')) ? [pathIn(path.slice(1))] : [];
}
