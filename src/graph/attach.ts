import {
  defaultFieldResolver,
  getNullableType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { Types } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import type { Row } from '../database/reader.js';
import { modelNameOf, schemaOf } from '../database/schema.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { ProductContext } from './context.js';
import { Entity } from './entity.js';
import type { FieldPlan } from './field-plan.js';
import { wantedFields } from './projection.js';
import { coordinateOf } from './read-scope.js';
import { requirementsOf } from './requires.js';
import { declaredFields, handResolvedFields, type IsolatedSchema } from './type-graphql.js';

type Resolve = GraphQLFieldResolver<Row, ProductContext>;

/** The stored class that a path refers to, by the name it is registered under; undefined when it is no reference. */
export function referenceTarget(
  owner: ClassType,
  path: string,
  classes: readonly ClassType[],
): ClassType | undefined {
  const stored = schemaOf(owner).path(path) as unknown as StoredPath | undefined;
  const ref = (stored?.instance === 'Array' ? stored.embeddedSchemaType : stored)?.options?.ref;
  const name = typeof ref === 'function' ? modelNameOf((ref as () => ClassType)()) : ref;
  return name === undefined ? undefined : classes.find((one) => modelNameOf(one) === name);
}

interface StoredPath {
  readonly instance: string;
  readonly options?: { readonly ref?: unknown };
  readonly embeddedSchemaType?: { readonly options?: { readonly ref?: unknown } };
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise;
const isId = (value: unknown): value is Types.ObjectId => value instanceof Types.ObjectId;

const getterOf = (target: ClassType, property: string): (() => unknown) | undefined => {
  for (
    let one: object | null = target.prototype as object;
    one;
    one = Object.getPrototypeOf(one) as object | null
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(one, property);
    if (descriptor) return descriptor.get;
  }
  return undefined;
};

/**
 * Follows a reference through the operation's loaders, after whatever resolved the field before: guards still run.
 *
 * A missing document is null with `REFERENCE_MISSING`; in a list of non-null items it is left out. A value that is
 * no id (a document that was embedded or already loaded) is answered as it is.
 */
function following(field: GraphQLField<Row, ProductContext>, target: ClassType, before: Resolve): Resolve {
  const listed = getNullableType(field.type);
  const isList = isListType(listed);
  const dropsMissing = isList && isNonNullType(listed.ofType);
  const missing = () =>
    new BulkheadError('REFERENCE_MISSING', `${field.name} points to a document that is gone or not visible.`);

  const follow = async (
    value: unknown,
    context: ProductContext,
    info: Parameters<Resolve>[3],
  ): Promise<unknown> => {
    const fields = wantedFields(info);
    const coordinate = coordinateOf(info);
    const load = (one: unknown) => (isId(one) ? context.loaders.load(target, one, fields, coordinate) : one);
    if (!isList) {
      const found = await load(value);
      if (found === null) throw missing();
      return found;
    }
    const found = await Promise.all((value as unknown[]).map(load));
    return dropsMissing ? found.filter((one) => one !== null) : found;
  };
  return (source, args, context, info) => {
    const value = before(source, args, context, info);
    const next = (known: unknown) =>
      known === undefined || known === null ? (dropsMissing ? [] : null) : follow(known, context, info);
    return isPromise(value) ? value.then(next) : next(value);
  };
}

/**
 * Teaches a product's schema about its stored classes: which stored fields each field needs, references that follow
 * themselves, getters that work on lean documents, `id` from `_id`. TypeGraphQL's wrappers are taken off fields
 * that only hand over a stored value.
 */
export function attachStorage(
  { schema, classOf }: IsolatedSchema,
  classes: readonly ClassType[],
  resolvers: readonly ClassType[],
): void {
  const byHand = handResolvedFields(resolvers);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    const target = classOf.get(type.name);
    if (target) attachType(type, target, classes, byHand);
    else for (const field of Object.values(type.getFields())) plan(field, type, []);
  }
}

function plan(
  field: Pick<GraphQLField<unknown, unknown>, 'name' | 'extensions'>,
  type: GraphQLObjectType,
  needs: FieldPlan['needs'],
): void {
  field.extensions = { ...field.extensions, bulkhead: { coordinate: `${type.name}.${field.name}`, needs } };
}

function attachType(
  type: GraphQLObjectType,
  target: ClassType,
  classes: readonly ClassType[],
  byHand: ReturnType<typeof handResolvedFields>,
): void {
  type.extensions = { ...type.extensions, bulkheadClass: target };
  const declared = declaredFields(target);
  for (const field of Object.values(type.getFields()) as GraphQLField<Row, ProductContext>[]) {
    const hand = byHand.find(
      (one) =>
        one.schemaName === field.name &&
        (one.type === target || target.prototype instanceof (one.type as never)),
    );
    const own = declared.find((one) => one.schemaName === field.name);
    if (hand) {
      plan(field, type, requirementsOf(hand.resolver, hand.method));
      continue;
    }
    if (!own) continue;
    const getter = getterOf(target, own.name);
    const isIdentity = own.name === 'id' && target.prototype instanceof Entity;
    const simple: Resolve | undefined = isIdentity
      ? (source) => source['_id']
      : getter
        ? (source) => getter.call(source)
        : own.name === field.name
          ? undefined
          : (source) => source[own.name];
    plan(field, type, isIdentity ? [] : getter ? requirementsOf(target, own.name) : [own.name]);

    const reference = getter || isIdentity ? undefined : referenceTarget(target, own.name, classes);
    const wrapped = own.isWrapped ? field.resolve : undefined;
    // A guard of TypeGraphQL hands over the property of the same name; what we know better is put behind it.
    const before: Resolve | undefined = wrapped ? guarded(wrapped as Resolve, simple) : simple;
    if (reference && own.type === reference)
      field.resolve = following(field, reference, before ?? (defaultFieldResolver as Resolve));
    else if (before) field.resolve = before;
    else delete field.resolve;
  }
}

/** Runs a guard first and answers the value afterwards. */
const guarded =
  (guard: Resolve, value: Resolve | undefined): Resolve =>
  (source, args, context, info) => {
    const passed = guard(source, args, context, info);
    if (!value) return passed;
    return isPromise(passed)
      ? passed.then(() => value(source, args, context, info))
      : value(source, args, context, info);
  };
