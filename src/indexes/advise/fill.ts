import { mongo } from 'mongoose';
import { type Filter, isRecord, Unadvisable } from './conditions.js';
import { escaped } from '../../monitor/shape/regex.js';
import { compareValues, orderOf, valuesAt } from '../../monitor/explain/values.js';

/** Sampled documents as a source of values. */
export class Values {
  readonly documents: readonly mongo.Document[];
  readonly #sorted = new Map<string, readonly unknown[]>();
  readonly #frequent = new Map<string, readonly unknown[]>();

  constructor(documents: readonly mongo.Document[]) {
    this.documents = documents;
  }

  /** All values at a path, in order. */
  sorted(path: string): readonly unknown[] {
    let found = this.#sorted.get(path);
    if (!found) {
      found = this.documents
        .flatMap((document) => valuesAt(document, path.split('.')))
        .filter((value) => value !== null)
        .sort(compareValues);
      this.#sorted.set(path, found);
    }
    return found;
  }

  /** Different values at a path, those that most documents have first. */
  frequent(path: string): readonly unknown[] {
    let found = this.#frequent.get(path);
    if (!found) {
      const counts = new Map<string, { readonly value: unknown; count: number }>();
      for (const value of this.sorted(path)) {
        const one = counts.get(keyOf(value)) ?? { value, count: 0 };
        counts.set(keyOf(value), one);
        one.count += 1;
      }
      found = [...counts.values()].sort((one, other) => other.count - one.count).map(({ value }) => value);
      this.#frequent.set(path, found);
    }
    return found;
  }
}

/**
 * `together`: all values of one filter are those of one document, so that it finds at least that; `apart`: each path's are
 * of another one, as when users combine what they like; `nobody`: of none, as for the next of a queue that is empty.
 */
export type ValueOrigin = 'together' | 'apart' | 'nobody';

/** The one condition that few documents meet, and what it is filled with in the place of what others are. */
export interface Rare extends Pick<Filling, 'document' | 'width' | 'excluded'> {
  readonly path: string;
}

/** What a shape's `"?"` are filled with. */
export interface Filling {
  readonly values: Values;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** The share of all values that a range holds; with 0 it holds none. */
  readonly width: number;
  /** Which documents the values are taken from. Default `together`. */
  readonly from?: ValueOrigin;
  /** The one that values `together` are of. Default: any. */
  readonly document?: mongo.Document;
  readonly rare?: Rare;
  /** Of `$ne` and `$nin`: so many of the most frequent values. Default: any, or what no document has. */
  readonly excluded?: number;
  /** Values of an `$in`, as far as documents have so many; 1 stands beside one that no document has. Default 2. */
  readonly count?: number;
}

/** Stands for a value that no document has. */
const NOBODY = new mongo.ObjectId('000000000000000000000000');
const LOWER = new Set(['$gt', '$gte']);

/**
 * A filter with values of random documents in place of `"?"`; bounds lie around such a value.
 *
 * @throws Unadvisable
 */
export function fillFilter(filter: Filter, filling: Filling): mongo.Document {
  const document = filling.from === 'nobody' ? {} : (filling.document ?? anyOf(filling));
  return fill(filter, '', document, filling);
}

const anyOf = ({ values: { documents }, random }: Filling): mongo.Document =>
  documents[Math.floor(random() * documents.length)] ?? {};

function fill(filter: Filter, under: string, document: mongo.Document, filling: Filling): mongo.Document {
  const filled: mongo.Document = {};
  for (const [key, test] of Object.entries(filter)) {
    if (key === '$and') filled[key] = (test as Filter[]).map((one) => fill(one, under, document, filling));
    else if (key === '$or' || key === '$nor') {
      const forms = test as Filter[];
      // Branches of one form are one in a shape; each asks for something else.
      const branches = key === '$or' && forms.length === 1 ? [forms[0]!, forms[0]!] : forms;
      filled[key] = branches.map((one) => fillFilter(one, filling));
    } else if (key === '$expr' || key === '$comment') continue;
    else if (key.startsWith('$')) throw new Unadvisable(`it uses ${key}`);
    else {
      const isApart = filling.from === 'apart' && under === '';
      filled[key] = fillTest(test, under + key, isApart ? anyOf(filling) : document, filling);
    }
  }
  return filled;
}

function one(document: mongo.Document, path: string, { random }: Filling): unknown {
  const found = valuesAt(document, path.split('.'));
  return found.length > 0 ? found[Math.floor(random() * found.length)] : null;
}

function fillTest(test: unknown, path: string, document: mongo.Document, filling: Filling): unknown {
  const { rare, ...others } = filling;
  // Another value beside a rare one is hardly rare.
  if (rare?.path === path) {
    const { path: _, ...own } = rare;
    return fillTest(test, path, rare.document ?? document, { ...others, ...own, count: 1 });
  }
  const value = one(document, path, filling);
  if (!isRecord(test)) return value;
  const isLower = Object.keys(test).some((operator) => LOWER.has(operator));
  const isUpper = '$lt' in test || '$lte' in test;
  const filled: mongo.Document = {};
  for (const [operator, operand] of Object.entries(test)) {
    if (operator === '$options') continue;
    filled[operator] = fillOperator(
      operator,
      operand,
      { path, value, isBetween: isLower && isUpper },
      document,
      filling,
    );
  }
  return filled;
}

interface At {
  readonly path: string;
  readonly value: unknown;
  /** Bounds on both sides. */
  readonly isBetween: boolean;
}

function fillOperator(
  operator: string,
  operand: unknown,
  { path, value, isBetween }: At,
  document: mongo.Document,
  filling: Filling,
): unknown {
  switch (operator) {
    case '$eq':
      return value;
    case '$ne':
      if (filling.excluded) return filling.values.frequent(path)[0] ?? NOBODY;
      // What is left out may be frequent, or nothing at all.
      return filling.random() < 0.5 ? value : NOBODY;
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return bound(path, value, LOWER.has(operator), isBetween, filling);
    case '$in':
      return Array.isArray(operand) && operand.length > 1
        ? several(path, value, filling)
        : some(path, value, 1, filling);
    case '$nin':
    case '$all':
      if (operator === '$nin' && filling.excluded)
        return filling.values.frequent(path).slice(0, filling.excluded);
      if (operator === '$nin' && filling.random() < 0.5) return [NOBODY];
      return some(path, value, Array.isArray(operand) ? operand.length : 1, filling);
    case '$exists':
      return operand === true || operand === 'true';
    case '$regex':
      return pieceOf(path, value, operand === '^?', filling);
    case '$not':
      return isRecord(operand) ? fillTest(operand, path, document, filling) : { $eq: value };
    case '$elemMatch':
      return elementOf(operand, path, document, filling);
    case '$size':
      return sizeAt(document, path.split('.')) ?? 1;
    case '$type':
      return typeOf(value);
    case '$mod':
      return [2, 0];
    default:
      throw new Unadvisable(`it uses ${operator}`);
  }
}

/** What is asked of one element is filled from one element. */
function elementOf(operand: unknown, path: string, document: mongo.Document, filling: Filling): unknown {
  if (!isRecord(operand)) return { $exists: true };
  const elements = valuesAt(document, path.split('.'));
  const element = elements[Math.floor(filling.random() * elements.length)];
  if (Object.keys(operand)[0]?.startsWith('$')) return fillTest(operand, path, document, filling);
  const nested = path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), element);
  return fill(operand, `${path}.`, isRecord(nested) ? nested : {}, filling);
}

function sizeAt(value: unknown, [name, ...rest]: readonly string[]): number | undefined {
  if (name === undefined) return Array.isArray(value) ? value.length : undefined;
  return isRecord(value) ? sizeAt(value[name], rest) : undefined;
}

/** The type of a value, as `$type` calls it. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return 'date';
  if (Array.isArray(value)) return 'array';
  const { _bsontype } = value as { _bsontype?: string };
  if (_bsontype !== undefined) return TYPES[_bsontype] ?? 'object';
  const plain = typeof value;
  return plain === 'boolean' ? 'bool' : plain === 'bigint' ? 'long' : plain;
}

/** Of values that are no plain ones. */
const TYPES: Readonly<Record<string, string>> = {
  ObjectId: 'objectId',
  Binary: 'binData',
  UUID: 'binData',
  Decimal128: 'number',
  Double: 'number',
  Int32: 'number',
  Long: 'number',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
  Code: 'javascript',
};

/** A bound such that the range holds the wished share of the values: around the document's own, or up to an end. */
function bound(
  path: string,
  value: unknown,
  isLower: boolean,
  isBetween: boolean,
  filling: Filling,
): unknown {
  const sorted = filling.values.sorted(path);
  if (sorted.length === 0) return NOBODY;
  const { width } = filling;
  if (width === 0) return NOBODY;
  const start = isBetween
    ? Math.min(1 - width, Math.max(0, placeOf(value, sorted) / sorted.length - width / 2))
    : isLower
      ? 1 - width
      : 0;
  const share = isLower ? start : start + width;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.floor(share * sorted.length)))];
}

function placeOf(value: unknown, sorted: readonly unknown[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareValues(sorted[middle], value) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Several values: the document's own and others as documents have them, different ones where there are. */
function some(path: string, value: unknown, count: number, { values, random }: Filling): unknown[] {
  const sorted = values.sorted(path);
  const found = new Map([[keyOf(value), value]]);
  for (let tries = 0; found.size < count && tries < 50 + 4 * count && sorted.length > 0; tries += 1) {
    const other = sorted[Math.floor(random() * sorted.length)];
    found.set(keyOf(other), other);
  }
  return [...found.values()];
}

/** The values of an `$in`: never one alone, which the server would plan as an equality. */
function several(path: string, value: unknown, filling: Filling): unknown[] {
  const { from, count = 2 } = filling;
  const found = some(path, value, from === 'nobody' ? 1 : count, filling);
  return found.length > 1 ? found : [...found, NOBODY];
}

const keyOf = (value: unknown): string => orderOf(value).join(' ');

/** A piece of a text, or its beginning: the shorter the wider the range is to be. */
function pieceOf(path: string, value: unknown, isBeginning: boolean, { values, width }: Filling): string {
  const text = typeof value === 'string' ? value : values.sorted(path)[0];
  if (typeof text !== 'string' || text === '') return isBeginning ? '^a' : 'a';
  const length = Math.max(1, Math.min(text.length, Math.round(1 - Math.log2(width))));
  const piece = escaped(isBeginning ? text.slice(0, length) : text.slice(1, 1 + length) || text);
  return isBeginning ? `^${piece}` : piece;
}
