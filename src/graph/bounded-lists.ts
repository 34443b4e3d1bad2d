import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  isObjectType,
} from 'graphql';
import { BulkheadError } from '../errors/bulkhead-error.js';

/** What a list is reckoned at that takes no page size and does not say how long it gets. */
const PLAIN_LIST = 10;

/** Whether a field answers a list of objects whose length no page size bounds. */
const isPlainList = ({ type, args }: GraphQLField<unknown, unknown>): boolean =>
  isListType(getNullableType(type)) &&
  isCompositeType(getNamedType(type)) &&
  !args.some(({ name }) => name === 'first');

/** The most objects that a field says it answers: TypeGraphQL's `complexity`, as a number. */
const declaredBound = ({ extensions }: GraphQLField<unknown, unknown>): number | undefined => {
  const bound = (extensions as { readonly complexity?: unknown }).complexity;
  return typeof bound === 'number' ? bound : undefined;
};

/** How many objects a field without a page size is reckoned to answer. */
export const reckonedLength = (field: GraphQLField<unknown, unknown>): number =>
  isListType(getNullableType(field.type)) ? (declaredBound(field) ?? PLAIN_LIST) : 1;

/**
 * Holds lists without a page size to what was reckoned: to the length that they declare, and all of them in one
 * operation, declared or not, to as many objects as an operation may ask for. What stands in its document already is bounded
 * by it and not counted. A list that is longer is `OPERATION_TOO_LARGE`.
 *
 * @param most objects of all these lists of one operation.
 */
export function boundLists(schema: GraphQLSchema, most: number): void {
  const counted = new WeakMap<object, number>();
  const check = (value: unknown, field: GraphQLField<unknown, unknown>, context: object | undefined) => {
    if (!Array.isArray(value)) return value;
    const bound = declaredBound(field) ?? most;
    const all = value.length + ((context && counted.get(context)) ?? 0);
    if (context) counted.set(context, all);
    if (value.length > bound)
      throw new BulkheadError(
        'OPERATION_TOO_LARGE',
        `The list has ${value.length} objects; at most ${bound} are answered.`,
      );
    if (all > most)
      throw new BulkheadError(
        'OPERATION_TOO_LARGE',
        `The lists without a page size have more than ${most} objects together: ask for fewer of them.`,
      );
    return value;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      if (!resolve || !isPlainList(field)) continue;
      field.resolve = (source, args, context: object | undefined, info) => {
        const value: unknown = resolve(source, args, context, info);
        return value instanceof Promise
          ? value.then((list: unknown) => check(list, field, context))
          : check(value, field, context);
      };
    }
  }
}
