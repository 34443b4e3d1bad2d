import {
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
import { contextIn, type ProductContext } from './context.js';
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

/** Whether a property of a class or of an ancestor is a getter. */
const isGetter = (target: ClassType, property: string): boolean => {
  for (let one = target.prototype as object | null; one; one = Object.getPrototypeOf(one) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(one, property);
    if (descriptor) return 'get' in descriptor;
  }
  return false;
};

/**
 * Follows a reference through the operation's loaders, after whatever resolved the field before: guards still run.
 *
 * A missing document is null with `REFERENCE_MISSING`, in a list too; a list of non-null items leaves it out. A value that is
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
    const load = (one: unknown) =>
      isId(one) ? context.loaders.load(target, one, fields, coordinate, info.path) : one;
    if (!isList) {
      const found = await load(value);
      if (found === null) throw missing();
      return found;
    }
    const found = await Promise.all((value as unknown[]).map(load));
    // An error in a list stands at its own item, and makes no other null.
    return dropsMissing ? found.filter((one) => one !== null) : found.map((one) => one ?? missing());
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
      if (field.resolve) field.resolve = inField(field.resolve);
      continue;
    }
    if (!own) continue;
    const isIdentity = own.name === 'id' && target.prototype instanceof Entity;
    const getter = isGetter(target, own.name);
    const required = requirementsOf(target, own.name);
    plan(field, type, isIdentity ? [] : getter ? required : [own.name, ...(required ?? [])]);
    // What is no stored value may be anything, a promise too: TypeGraphQL's resolver stays.
    if (!isIdentity && !getter && !schemaOf(target).path(own.name)) continue;

    const wrapper = own.isWrapped ? inField(field.resolve as Resolve) : undefined;
    const before: Resolve | undefined = wrapper
      ? (source, ...rest) => wrapper(instanceOf(target, source), ...rest)
      : isIdentity
        ? (source) => source['_id']
        : getter
          ? (source) => Reflect.get(target.prototype as object, own.name, instanceOf(target, source))
          : own.name === field.name
            ? undefined
            : (source) => source[own.name];
    const reference = getter || isIdentity ? undefined : referenceTarget(target, own.name, classes);
    if (reference && own.type === reference)
      field.resolve = following(field, reference, before ?? ((source) => source[own.name]));
    else if (before) field.resolve = before;
    else delete field.resolve;
  }
}

/** The user's code gets the context of its field. */
const inField =
  (resolve: Resolve): Resolve =>
  (source, args, context, info) =>
    resolve(source, args, contextIn(context, info), info);

/** A lean document as its class has it: with `id`, getters and methods, for code that was written against the class. */
const instanceOf = (target: ClassType, source: Row): Row =>
  Object.create(
    target.prototype as object,
    Object.getOwnPropertyDescriptors(
      target.prototype instanceof Entity ? { ...source, id: String(source['_id']) } : source,
    ),
  ) as Row;
