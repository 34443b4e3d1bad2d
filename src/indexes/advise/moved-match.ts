import { type Filter, isRecord } from './conditions.js';

/** Whether a path means behind some stages what it means in the collection. */
export type Kept = (path: string) => boolean;

/** What still means the same behind one more stage. A field that is only named is in the answer, or left out of it. */
export function keptBehind(name: string, body: unknown, kept: Kept = () => true): Kept {
  const made = madeBy(name, body);
  return (path) => kept(path) && !made.some((one) => overlap(one, path));
}

/** The paths to which a stage gives another value. */
function madeBy(name: string, body: unknown): readonly string[] {
  if (name === '$unwind') {
    const path = isRecord(body) ? body['path'] : body;
    return typeof path === 'string' ? [path.slice(1)] : [];
  }
  if (!isRecord(body)) return [];
  if (name === '$lookup' || name === '$graphLookup')
    return typeof body['as'] === 'string' ? [body['as']] : [];
  if (name === '$project') return Object.keys(body).filter((path) => body[path] !== '?' && body[path] !== 0);
  return name === '$addFields' || name === '$set' ? Object.keys(body) : [];
}

const overlap = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);

/** The conditions of a `$match` that the server moves in front of the stages before it. */
export function movable(filter: Filter, kept: Kept): Filter {
  return Object.fromEntries(
    Object.entries(filter).flatMap(([key, test]): [string, unknown][] => {
      if (key === '$and' && Array.isArray(test)) {
        const parts = test.map((one) => (isRecord(one) ? movable(one, kept) : {})).filter(isSome);
        return parts.length > 0 ? [[key, parts]] : [];
      }
      return (key.startsWith('$') ? pathsIn(test) : [key]).every(kept) ? [[key, test]] : [];
    }),
  );
}

const isSome = (filter: Filter): boolean => Object.keys(filter).length > 0;

/** The paths that branches, or an expression, are about. */
function pathsIn(value: unknown): string[] {
  if (typeof value === 'string')
    return value.startsWith('$') && !value.startsWith('$$') ? [value.slice(1)] : [];
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key.startsWith('$') ? pathsIn(inner) : [key]));
}
