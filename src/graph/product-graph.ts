import { type GraphQLField, type GraphQLObjectType, type GraphQLSchema, isObjectType } from 'graphql';
import type { AuthChecker } from 'type-graphql';
import type { Power } from '../auth/viewer.js';
import type { ClassType } from '../database/class-type.js';
import { translateDriverError } from '../database/driver-errors.js';
import { ofProduct } from '../errors/of-product.js';
import { attachStorage } from './attach.js';
import { boundLists } from './bounded-lists.js';
import { contextIn, type ProductContext } from './context.js';
import { isListOfObjects, piecesIn } from './pieces.js';
import { buildIsolatedSchema, type IsolatedSchema } from './type-graphql.js';

/** What a product's graph is built from: its own classes and those of its capabilities. */
export interface ProductGraphOptions {
  readonly classes: readonly ClassType[];
  readonly resolvers: readonly ClassType[];
  readonly authChecker: AuthChecker<ProductContext, Power>;
  /** Of lists without a page size, in one operation. Default: no limit. */
  readonly mostObjects?: number;
}

/**
 * Builds the flat schema of one product: isolated, aware of its stored classes, each root field within the
 * operation's deadline.
 */
export function buildProductGraph({
  classes,
  resolvers,
  authChecker,
  mostObjects = Infinity,
}: ProductGraphOptions): IsolatedSchema {
  const isolated = buildIsolatedSchema({ classes, resolvers, authChecker });
  attachStorage(isolated, classes, resolvers);
  guardRootFields(isolated.schema);
  guardOtherFields(isolated.schema);
  // Around the others: a resolver's context is one of its own, and an operation's is one for all lists.
  boundLists(isolated.schema, mostObjects);
  // Not bounded by it, so after it.
  completeListsInPieces(isolated.schema);
  return isolated;
}

const roots = (schema: GraphQLSchema) => [schema.getQueryType(), schema.getMutationType()];

/** A root field answers by the deadline, whatever its resolver waits for, and with an error of the catalogue. */
function guardRootFields(schema: GraphQLSchema): void {
  for (const root of roots(schema)) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      const { resolve } = field;
      if (!resolve) continue;
      field.resolve = async (source, args, context: ProductContext, info) => {
        try {
          // Nobody waits for it any more: a write must not begin.
          context.deadline.signal.throwIfAborted();
          const value = await context.deadline.race(
            Promise.resolve(resolve(source, args, contextIn(context, info), info)),
          );
          return Array.isArray(value) ? (piecesIn(context)?.inTurn(value) ?? value) : value;
        } catch (error) {
          throw ofProduct(readable(translateDriverError(error)), context.product);
        }
      };
    }
  }
}

/** Below the root a resolver runs as it is: what it throws is looked at, and what it answers is completed in pieces. */
function guardOtherFields(schema: GraphQLSchema): void {
  for (const field of fieldsBelow(schema)) {
    const { resolve } = field;
    if (!resolve) continue;
    const isList = isListOfObjects(field);
    // Whether it has to work or to wait, and does not only hand something over.
    let isWork = false;
    field.resolve = (source, args, context, info) => {
      try {
        const pieces = piecesIn(context);
        const value =
          pieces && isWork
            ? pieces.call(() => resolve(source, args, context, info))
            : resolve(source, args, context, info);
        if (value instanceof Promise) {
          isWork = true;
          return pieces ? pieces.awaited(value, fail) : value.catch((error: unknown) => fail(error));
        }
        return pieces && isList && value ? pieces.inTurn(value) : value;
      } catch (error) {
        return fail(error, context?.product);
      }
    };
  }
}

/** Lists that stand in what was answered before: a page's rows, and what is stored as a part of a document. */
function completeListsInPieces(schema: GraphQLSchema): void {
  for (const field of fieldsBelow(schema)) {
    const { name } = field;
    if (field.resolve || !isListOfObjects(field)) continue;
    field.resolve = (source, _args, context) => {
      const list = (source as Readonly<Record<string, unknown>>)[name];
      return (list && piecesIn(context)?.inTurn(list)) ?? list;
    };
  }
}

const fieldsBelow = (schema: GraphQLSchema): GraphQLField<unknown, ProductContext>[] =>
  Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__') && !roots(schema).includes(type))
    .flatMap((type) => Object.values((type as GraphQLObjectType<unknown, ProductContext>).getFields()));

function fail(error: unknown, product?: string): never {
  throw product === undefined ? readable(error) : ofProduct(readable(error), product);
}

/** An error that can be read: compiled execution would lose the whole operation over one whose properties throw. */
function readable(error: unknown): unknown {
  try {
    const { message, extensions } = error as { message?: unknown; extensions?: unknown };
    if (typeof message === 'string' && { ...(extensions as object | undefined) }) return error;
  } catch {
    // What is thrown in its place says all that can be said.
  }
  return new Error('A resolver threw something that is no readable error.');
}
