import type { Viewer } from './viewer.js';

/** A filter on stored documents, as the database takes it; of a class, it names no field that the class lacks. */
export type RowFilter<T extends object = Record<string, unknown>> = { readonly [K in keyof T]?: unknown } & {
  readonly $or?: readonly RowFilter<T>[];
  readonly $and?: readonly RowFilter<T>[];
};

/** Which rows of a class a viewer may see: every one, none, or those that match a filter. */
export type RowRule<T extends object = Record<string, unknown>> = (
  viewer: Viewer,
) => 'all' | 'none' | RowFilter<T>;

const rules = new WeakMap<object, RowRule>();

/**
 * Declares who sees which rows of a class. Every read through the graph applies it: lists, edges, cursors,
 * references, counts and aggregations. A class without the decorator is seen by nobody but administrators.
 *
 * @example @Rows<Post>((viewer) => viewer.may('admin') ? 'all' : { status: 'PUBLISHED' })
 */
export function Rows<T extends object>(
  rule: RowRule<T>,
): (target: abstract new (...args: never[]) => T) => void {
  return (target) => void rules.set(target, rule);
}

const administratorsOnly: RowRule = (viewer) => (viewer.may('admin') ? 'all' : 'none');

/** The rule of a class. */
export const rowRuleOf = (target: object): RowRule => rules.get(target) ?? administratorsOnly;
