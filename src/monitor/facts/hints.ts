import { pathOf } from '../shape/path-of.js';
import { parseShape, shapeOf, type ShapeText } from '../shape/shape.js';

type Key = Readonly<Record<string, unknown>>;

/** Whether a shape looks into a collection, by itself or by a join. */
const reads = (text: ShapeText, collection: string): boolean =>
  text.includes(`":${JSON.stringify(collection)}`);

/** Whether a shape names an index of a collection in its hint, by name or by key: without that index it fails. */
export const namesIndex = (
  text: ShapeText,
  collection: string,
  { name, key }: { readonly name: string; readonly key?: Key },
): boolean =>
  reads(text, collection) &&
  (text.includes(`"hint":${JSON.stringify(name)}`) ||
    (key !== undefined && text.includes(`"hint":${hintOf(key)}`)));

/** A key as it stands in the hint of a shape: without kinds that are no direction, and names that are data. */
const hintOf = (hint: Key): string =>
  JSON.stringify(parseShape(shapeOf('find', { find: '', hint })!).parts['hint']);

const PLACES: ReadonlySet<unknown> = new Set(['2d', '2dsphere']);

/** Whether an index of this key is of a kind without which some queries fail: text, or places. */
export const isOfItsKind = (key: Key): boolean =>
  Object.values(key).some((kind) => kind === 'text' || PLACES.has(kind));

/** Whether a shape cannot be answered without an index of a kind, and one of this key will do: `$text`, `$near`, `$geoNear`. */
export function needsKind(text: ShapeText, collection: string, key: Key): boolean {
  if (!reads(text, collection)) return false;
  return Object.entries(key).some(([path, kind]) => {
    if (kind === 'text') return text.includes('"$text":');
    if (!PLACES.has(kind)) return false;
    // Which path a `$geoNear` is about is a value.
    return text.includes('"$geoNear":') || nearPaths(JSON.parse(text)).includes(pathOf(path));
  });
}

/** The paths of `$near` and `$nearSphere`, wherever they stand. */
function nearPaths(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([path, test]: [string, unknown]) =>
    typeof test === 'object' && test !== null && ('$near' in test || '$nearSphere' in test)
      ? [path]
      : nearPaths(test),
  );
}

/** What shapes have in their text that need an index to be there, as a regular expression of the server. */
export const NEEDS_INDEX = /"(?:hint|\$text|\$near|\$nearSphere|\$geoNear)":/;
