import { isPlain } from './is-plain.js';

/** More keys than a shape has are not looked at to write a filter in one form. */
const MOST_MERGED = 100;
/** One in the other. */
const MOST_LEVELS = 12;

/**
 * The filter without an `$and` of one, whose conditions stand in it instead: `{ $and: [{ a: 5 }] }` is `{ a: 5 }`, unless
 * a key would stand in it twice.
 */
export function withoutLoneAnd(filter: Record<string, unknown>): Record<string, unknown> {
  let plain = filter;
  for (let level = 0; level < MOST_LEVELS; level += 1) {
    const { $and: all, ...others } = '$and' in plain ? plain : {};
    const only: unknown = Array.isArray(all) && all.length === 1 ? all[0] : undefined;
    if (!isPlain(only)) break;
    const keys = Object.keys(only);
    if (keys.length > MOST_MERGED || keys.some((key) => Object.hasOwn(others, key))) break;
    plain = { ...others, ...only };
  }
  return plain;
}

/**
 * Whether it is `{ $eq: … }`, which is what the value itself is. That of an expression or a document of operators is
 * equal to it, and not what it would match. Not under `$not` and `$elemMatch`, which take no value.
 */
export function isEquality(value: unknown): boolean {
  if (!isPlain(value) || !('$eq' in value)) return false;
  for (const key in value) if (key !== '$eq') return false;
  return true;
}
