import type { GraphQLField, GraphQLNamedType, GraphQLObjectType } from 'graphql';
import type { ClassType } from '../database/class-type.js';

/**
 * What the gateway knows about a field of a product's graph, kept in its `extensions`. Composition copies
 * extensions, so the same plan serves both endpoints.
 */
export interface FieldPlan {
  /** `Post.author`, as the product itself names it; what commands carry in their comment. */
  readonly coordinate: string;
  /** Stored paths that must be read for the field; undefined when nobody knows, which reads the whole document. */
  readonly needs: readonly string[] | undefined;
}

// The type parameters must be those of graphql's own declaration to merge with it.
/* oxlint-disable no-unused-vars, typescript/no-explicit-any */
declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs = any> {
    bulkhead?: FieldPlan;
  }
  interface GraphQLObjectTypeExtensions<_TSource = any, _TContext = any> {
    /** The stored class behind the type. */
    bulkheadClass?: ClassType;
  }
}
/* oxlint-enable no-unused-vars, typescript/no-explicit-any */

/** The plan of a field. */
export const planOf = (field: GraphQLField<unknown, unknown>): FieldPlan | undefined =>
  field.extensions.bulkhead;

/** The stored class behind a type, if there is one. */
export const classBehind = (type: GraphQLNamedType): ClassType | undefined =>
  (type as GraphQLObjectType).extensions.bulkheadClass;
