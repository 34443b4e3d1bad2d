import type { ShapeText } from './shape.js';

/** Whether a shape names an index of a collection in its hint, by name or by key: without that index it fails. */
export const namesIndex = (
  text: ShapeText,
  collection: string,
  { name, key }: { readonly name: string; readonly key?: Readonly<Record<string, unknown>> },
): boolean =>
  text.includes(`":${JSON.stringify(collection)}`) &&
  (text.includes(`"hint":${JSON.stringify(name)}`) ||
    (key !== undefined && text.includes(`"hint":${JSON.stringify(key)}`)));
