import { Types } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import type { Filter, Row } from '../database/reader.js';
import { collectionOf, schemaOf } from '../database/schema.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { withoutStack } from '../errors/without-stack.js';
import { findObjectId } from './ids.js';

/** The order of a list: one stored field, with the unique `_id` as tie-breaker. */
export interface Order {
  readonly key: string;
  readonly direction: 1 | -1;
}

/** A place in a list: the value of the sort key there, and the document's id. */
export interface Position {
  readonly value: Date | number | string | Types.ObjectId | null;
  readonly id: Types.ObjectId;
}

/** A cursor is as long as its sort value; those of the longest texts are refused. */
const MOST_CHARACTERS = 2_000;
/** Of a text that begins with `["1`, which most that is no cursor is told by: reading it costs ten times as much. */
const START = Buffer.from('["1').toString('base64url');
/** The furthest a date can be from 1970, in milliseconds; beyond it a date is none, and would be stored as 1970. */
const FURTHEST_DATE = 8.64e15;

/** Which list a cursor belongs to; a cursor of another list, sort or version is refused. */
const listName = (product: string, target: ClassType, { key, direction }: Order): string =>
  `1:${product}:${collectionOf(target)}:${key}:${direction}`;

/** Made once: a list of lists has one at each of its thousand places, and says the same at all. */
const INVALID = new BulkheadError(
  'CURSOR_INVALID',
  'The cursor is malformed, or belongs to another list or sort: start again without it.',
);

/** Encodes where a document stands. Not signed: it holds nothing but the row's own sort value, and decoding is strict. */
export function encodeCursor(product: string, target: ClassType, order: Order, row: Row): string {
  const value = row[order.key] ?? null;
  const plain =
    value instanceof Date ? value.getTime() : value instanceof Types.ObjectId ? value.toHexString() : value;
  return Buffer.from(JSON.stringify([listName(product, target, order), plain, String(row['_id'])])).toString(
    'base64url',
  );
}

/** The sort value of a cursor in its stored type; only that type's scalars pass, so no operator ever reaches a filter. */
function toValue(plain: unknown, target: ClassType, key: string): Position['value'] {
  if (key === '_id') return null;
  const path = schemaOf(target).path(key);
  if (plain === null && path?.isRequired !== true) return null;
  switch (path?.instance) {
    case 'Date':
      if (typeof plain === 'number' && Number.isInteger(plain) && Math.abs(plain) <= FURTHEST_DATE)
        return new Date(plain);
      break;
    case 'Number':
      if (typeof plain === 'number') return plain;
      break;
    case 'String':
      if (typeof plain === 'string') return plain;
      break;
    case 'ObjectId': {
      const id = typeof plain === 'string' ? findObjectId(plain) : null;
      if (id) return id;
    }
  }
  throw INVALID;
}

/** The parts of a cursor; null where it has none. */
function partsOf(cursor: string): unknown {
  if (cursor.length > MOST_CHARACTERS || !cursor.startsWith(START) || !/^[\w-]+$/.test(cursor)) return null;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  try {
    return withoutStack(() => JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** @throws BulkheadError `CURSOR_INVALID` for a malformed, foreign or old cursor. */
export function decodeCursor(cursor: string, product: string, target: ClassType, order: Order): Position {
  const parts = partsOf(cursor);
  if (!Array.isArray(parts) || parts.length !== 3 || parts[0] !== listName(product, target, order))
    throw INVALID;
  const id = typeof parts[2] === 'string' ? findObjectId(parts[2]) : null;
  if (!id) throw INVALID;
  return { value: toValue(parts[1], target, order.key), id };
}

/**
 * The rows that stand after a place, or from it on. The bound on the sort key comes first and alone, so that it
 * bounds the index scan; the tie-breaker is then checked on the few rows that share the value. Missing values sort
 * as the lowest.
 */
export function rowsAfter(
  { value, id }: Position,
  { key, direction }: Order,
  { orAt = false }: { readonly orAt?: boolean } = {},
): Filter {
  const operator = `${direction === 1 ? '$gt' : '$lt'}${orAt ? 'e' : ''}`;
  const beyond = { _id: { [operator]: id } };
  if (key === '_id') return beyond;
  if (direction === 1) {
    return value === null
      ? { $or: [{ [key]: null, ...beyond }, { [key]: { $ne: null } }] }
      : { [key]: { $gte: value }, $or: [{ [key]: { $gt: value } }, beyond] };
  }
  return value === null
    ? { [key]: null, ...beyond }
    : { [key]: { $not: { $gt: value } }, $or: [{ [key]: { $ne: value } }, beyond] };
}
