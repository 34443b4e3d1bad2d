import { mongo } from 'mongoose';

/** The values that a document has at a path, elements of arrays one by one. */
export function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, path));
  const [name, ...rest] = path;
  if (name === undefined) return value === undefined ? [] : [value];
  return isDocument(value) ? valuesAt(value[name], rest) : [];
}

const isDocument = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A value as something that sorts as the server does, within a kind. */
export function orderOf(value: unknown): readonly [kind: string, order: number | string] {
  if (value instanceof Date) return ['date', value.getTime()];
  if (typeof value === 'number' || typeof value === 'bigint') return ['number', Number(value)];
  if (
    value instanceof mongo.Long ||
    value instanceof mongo.Decimal128 ||
    value instanceof mongo.Double ||
    value instanceof mongo.Int32
  )
    return ['number', Number(value.toString())];
  if (value instanceof mongo.ObjectId) return ['id', value.toHexString()];
  if (typeof value === 'string') return ['string', value];
  return [typeof value, mongo.BSON.EJSON.stringify({ value })];
}

/** By kind, then by order. */
export function compareValues(one: unknown, other: unknown): number {
  const [[kind, order], [otherKind, otherOrder]] = [orderOf(one), orderOf(other)];
  if (kind !== otherKind) return kind < otherKind ? -1 : 1;
  return order < otherOrder ? -1 : order > otherOrder ? 1 : 0;
}
