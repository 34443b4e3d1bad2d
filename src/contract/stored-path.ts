import type { Schema } from 'mongoose';

/** What the check reads of a compiled Mongoose path; Mongoose's own types hide most of it. */
export interface StoredPath {
  /** `String`, `Date`, `Array`, `Embedded`, … */
  readonly instance: string;
  readonly isRequired?: boolean;
  readonly options: StoredOptions;
  /** The schema of an embedded class, also of the items of a list. */
  readonly schema?: Schema;
  /** The items of a list. */
  readonly embeddedSchemaType?: StoredPath;
}

/** The options of a path as Typegoose hands them to Mongoose. */
export interface StoredOptions {
  readonly required?: unknown;
  readonly default?: unknown;
  readonly enum?: unknown;
  readonly ref?: unknown;
  readonly get?: unknown;
}

/** The stored path of a property; undefined when nothing is stored under the name. */
export const findPath = (schema: Schema, name: string): StoredPath | undefined => schema.path(name);

/** Every stored path of a schema and of the schemas embedded in it, with dots between the levels. */
export function allPaths(schema: Schema, prefix = ''): (readonly [name: string, path: StoredPath])[] {
  return Object.entries(schema.paths as unknown as Record<string, StoredPath>).flatMap(([name, path]) => [
    [`${prefix}${name}`, path] as const,
    ...(path.schema ? allPaths(path.schema, `${prefix}${name}.`) : []),
  ]);
}

/** Whether a path is stored as a list. */
export const isStoredList = (path: StoredPath): boolean => path.instance === 'Array';

/** The items of a list, or the path itself. */
export const itemOf = (path: StoredPath): StoredPath =>
  isStoredList(path) && path.embeddedSchemaType ? itemOf(path.embeddedSchemaType) : path;

/** Whether `@prop` promises that each document has the path. A `required` function promises it of some documents only. */
export function isPromised(path: StoredPath): boolean {
  const said = path.options.required;
  const first: unknown = Array.isArray(said)
    ? said[0]
    : typeof said === 'object' && said !== null && 'isRequired' in said
      ? said.isRequired
      : said;
  return path.isRequired === true && typeof first !== 'function';
}
