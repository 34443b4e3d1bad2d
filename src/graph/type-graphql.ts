/**
 * The one file that touches TypeGraphQL's process-wide metadata.
 *
 * TypeGraphQL 2.0.0-rc.4 keeps the decorators of every product in one global store and *mutates* it while it builds.
 * A product's schema built from it as it is can gain fields of another product's resolver, all implementers of a
 * shared interface, or whatever a failed build left behind. So a product is built from a private copy that holds
 * only what its own resolvers reach, and the global store is put back before anyone can see it: the build is
 * synchronous. Internals of a release candidate are used: the version is pinned, and each leak has a test.
 */
import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { assertValidSchema, isInterfaceType, isUnionType } from 'graphql';
import type { AuthChecker } from 'type-graphql';
import { buildSchemaSync, getMetadataStorage, Query, Resolver } from 'type-graphql';
import type { Power } from '../auth/viewer.js';
import type { ClassType } from '../database/class-type.js';
import { StartError } from '../errors/bulkhead-error.js';
import type { ProductContext } from './context.js';
import { DateTime } from './scalars.js';
import { validateInput } from './validate-input.js';

/** A definition in the store: a class, and what the decorators said about it. */
interface Definition {
  target: ClassType;
  name: string;
  schemaName: string;
  methodName: string;
  fieldName: string;
  kind: string;
  getType?: () => unknown;
  getReturnType(): unknown;
  getObjectType?: () => ClassType;
  interfaceClasses?: ClassType[];
  typeOptions: { array?: boolean; nullable?: boolean | string };
  roles?: unknown[];
  middlewares?: unknown[];
  params?: unknown[];
  options?: { arg?: Definition };
}
interface EnumDefinition {
  enumObj: object;
}
interface UnionDefinition {
  symbol: symbol;
  name: string;
  getClassTypes(): ClassType[];
  resolveType?: (value: unknown) => unknown;
}
interface Store {
  queries: Definition[];
  mutations: Definition[];
  subscriptions: Definition[];
  fieldResolvers: Definition[];
  resolverClasses: Definition[];
  objectTypes: Definition[];
  interfaceTypes: (Definition & { resolveType?: (value: unknown) => unknown })[];
  inputTypes: Definition[];
  argumentTypes: Definition[];
  fields: Definition[];
  params: Definition[];
  enums: EnumDefinition[];
  unions: UnionDefinition[];
  authorizedFields: Definition[];
  middlewares: Definition[];
  authorizedResolver: Definition[];
  resolverMiddlewares: Definition[];
  clone(): Store;
  build(options: { resolvers: unknown[] }): void;
}

const globalStore = () => getMetadataStorage() as unknown as Store;
const swap = (store: Store) => {
  (globalThis as { TypeGraphQLMetadataStorage?: unknown }).TypeGraphQLMetadataStorage = store;
};

/** A class and its ancestors. */
const lineage = (target: unknown): ClassType[] =>
  typeof target === 'function' && target.prototype
    ? [target as ClassType, ...lineage(Object.getPrototypeOf(target))]
    : [];

const grouped = <T extends { target: ClassType }>(list: readonly T[]): Map<ClassType, T[]> => {
  const groups = new Map<ClassType, T[]>();
  for (const one of list) groups.set(one.target, [...(groups.get(one.target) ?? []), one]);
  return groups;
};

@Resolver()
class Nothing {
  @Query(() => String)
  nothing(): string {
    return '';
  }
}

let primed = -1;
/** Argument conversion reads `fields` of the original definitions on each request; only a build sets them. */
function prime(store: Store): void {
  const size = store.fields.length + store.inputTypes.length + store.argumentTypes.length;
  if (size === primed) return;
  const copy = store.clone();
  copy.queries = copy.mutations = copy.subscriptions = copy.fieldResolvers = copy.resolverClasses = [];
  copy.build({ resolvers: [] });
  primed = size;
}

/** Everything a set of resolvers reaches: types, inputs, arguments, enums, unions. */
function reachable(store: Store, own: ReadonlySet<ClassType>, classes: readonly ClassType[]): Set<unknown> {
  const seen = new Set<unknown>();
  const fields = grouped(store.fields);
  const params = grouped(store.params);
  const objects = grouped(store.objectTypes);
  const interfaces = grouped(store.interfaceTypes);
  const unions = new Map<unknown, UnionDefinition>(store.unions.map((one) => [one.symbol, one]));

  const visitParameter = (param: Definition) => {
    const argument = param.kind === 'custom' ? param.options?.arg : param;
    if (argument && (argument.kind === 'arg' || argument.kind === 'args')) visit(argument.getType?.());
  };
  const visit = (type: unknown): void => {
    if (type === undefined || type === null || seen.has(type)) return;
    seen.add(type);
    for (const member of unions.get(type)?.getClassTypes() ?? []) visit(member);
    for (const target of lineage(type)) {
      visit(target);
      for (const field of fields.get(target) ?? []) visit(field.getType?.());
      for (const param of params.get(target) ?? []) visitParameter(param);
      for (const one of [...(objects.get(target) ?? []), ...(interfaces.get(target) ?? [])])
        one.interfaceClasses?.forEach(visit);
    }
    // Implementers of a shared interface: those of this product, not every one in the process.
    if (!interfaces.has(type as ClassType)) return;
    for (const one of classes)
      if (objects.get(one)?.[0]?.interfaceClasses?.includes(type as ClassType)) visit(one);
  };

  for (const one of [...store.queries, ...store.mutations, ...store.subscriptions])
    if (own.has(one.target)) visit(one.getReturnType());
  for (const one of store.resolverClasses) {
    if (!own.has(one.target)) continue;
    try {
      visit(one.getObjectType?.());
    } catch {
      // `@Resolver()` without a type says so by throwing.
    }
  }
  for (const one of store.fieldResolvers) if (own.has(one.target)) visit(one.getType?.());
  for (const target of own) for (const param of params.get(target) ?? []) visitParameter(param);
  return seen;
}

/** A copy of the store with only what the product's resolvers reach; definitions are copied, since a build writes on them. */
function privateStore(store: Store, resolvers: readonly ClassType[], classes: readonly ClassType[]): Store {
  const own = new Set(resolvers.flatMap(lineage));
  const seen = reachable(store, own, classes);
  const mine = (one: Definition) => own.has(one.target);
  const reached = (one: Definition) => seen.has(one.target);
  const copied = <T extends object>(list: readonly T[], extra: object = {}): T[] =>
    list.map((one) => ({ ...one, ...extra }));
  const unbuilt = { fields: undefined };

  const copy = store.clone();
  copy.queries = copied(store.queries.filter(mine));
  copy.mutations = copied(store.mutations.filter(mine));
  copy.subscriptions = copied(store.subscriptions.filter(mine));
  copy.resolverClasses = store.resolverClasses.filter(mine);
  copy.fieldResolvers = copied(
    store.fieldResolvers.filter((one) => mine(one) || (one.kind === 'internal' && reached(one))),
  );
  copy.objectTypes = copied(store.objectTypes.filter(reached), unbuilt);
  copy.interfaceTypes = copied(store.interfaceTypes.filter(reached), unbuilt);
  copy.inputTypes = copied(store.inputTypes.filter(reached), unbuilt);
  copy.argumentTypes = copied(store.argumentTypes.filter(reached), unbuilt);
  copy.fields = copied(store.fields.filter(reached));
  copy.enums = store.enums.filter((one) => seen.has(one.enumObj));
  copy.unions = store.unions.filter((one) => seen.has(one.symbol));
  copy.authorizedFields = store.authorizedFields.filter((one) => reached(one) || mine(one));
  copy.authorizedResolver = store.authorizedResolver.filter((one) => reached(one) || mine(one));
  return copy;
}

/** A failed build leaves static state behind that the next one would inherit; a trivial good build resets it. */
function resetAfterFailure(store: Store): void {
  const empty = store.clone();
  for (const key of [
    'objectTypes',
    'interfaceTypes',
    'inputTypes',
    'argumentTypes',
    'authorizedFields',
    'authorizedResolver',
    'fieldResolvers',
    'mutations',
    'subscriptions',
    'enums',
    'unions',
  ] as const) {
    empty[key] = [];
  }
  empty.queries = store.queries.filter((one) => one.target === Nothing);
  empty.resolverClasses = store.resolverClasses.filter((one) => one.target === Nothing);
  swap(empty);
  buildSchemaSync({ resolvers: [Nothing] });
}

/** What a product's schema is built from. */
export interface IsolatedSchemaOptions {
  readonly resolvers: readonly ClassType[];
  /** The product's stored classes: the only ones that may implement a shared interface here. */
  readonly classes: readonly ClassType[];
  readonly authChecker: AuthChecker<ProductContext, Power>;
}

/** A schema, and the class behind each of its object types. */
export interface IsolatedSchema {
  readonly schema: GraphQLSchema;
  readonly classOf: ReadonlyMap<string, ClassType>;
}

/**
 * Builds the schema of one product from its own resolvers and nothing else.
 *
 * @throws StartError with TypeGraphQL's complaint, or for an abstract type that cannot tell lean documents apart.
 */
export function buildIsolatedSchema({
  resolvers,
  classes,
  authChecker,
}: IsolatedSchemaOptions): IsolatedSchema {
  const store = globalStore();
  prime(store);
  const copy = privateStore(store, resolvers, classes);
  if (copy.subscriptions.length > 0)
    throw new StartError(
      copy.subscriptions.map(
        ({ target, methodName }) =>
          `${target.name}.${methodName}: subscriptions are not offered; answer it by a query.`,
      ),
    );
  swap(copy);
  try {
    const schema = buildSchemaSync({
      resolvers: resolvers as unknown as [() => unknown],
      authChecker,
      validateFn: validateInput,
      scalarsMap: [{ type: Date, scalar: DateTime }],
      skipCheck: true,
    });
    assertValidSchema(schema);
    resolveTypesSynchronously(schema, copy);
    return { schema, classOf: new Map(copy.objectTypes.map((one) => [one.name, one.target])) };
  } catch (error) {
    resetAfterFailure(store);
    throw error instanceof StartError
      ? error
      : new StartError([error instanceof Error ? error.message : String(error)]);
  } finally {
    swap(store);
  }
}

/** TypeGraphQL tells union members apart by `instanceof`, which lean documents fail, or by an async function, which compiled execution refuses. */
function resolveTypesSynchronously(schema: GraphQLSchema, store: Store): void {
  const nameOf = (value: unknown) =>
    typeof value === 'string' ? value : store.objectTypes.find((one) => one.target === value)?.name;
  const problems: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isUnionType(type) && !isInterfaceType(type)) continue;
    const definition = [...store.unions, ...store.interfaceTypes].find((one) => one.name === type.name);
    const resolve = definition?.resolveType;
    if (resolve) type.resolveType = (value) => nameOf(resolve(value));
    else
      problems.push(
        `${type.name}: a union or interface needs a synchronous \`resolveType\`: stored documents are plain objects.`,
      );
  }
  if (problems.length > 0) throw new StartError(problems);
}

/** A field of a class as the decorators declare it. */
export interface DeclaredField {
  /** The property. */
  readonly name: string;
  /** Its name in the graph. */
  readonly schemaName: string;
  readonly target: ClassType;
  readonly type: unknown;
  readonly isList: boolean;
  /** Whether `@Authorized` or a middleware stands before it, its own or its class's. */
  readonly isWrapped: boolean;
}

/** The `@Field`s of a class and its ancestors; those of the class itself first, since they replace inherited ones. */
export const declaredFields = (target: ClassType): DeclaredField[] => {
  const store = globalStore();
  const ofField = [...store.authorizedFields, ...store.middlewares];
  const ofClass = [...store.authorizedResolver, ...store.resolverMiddlewares];
  return lineage(target).flatMap((owner) =>
    store.fields
      .filter((one) => one.target === owner)
      .map((one) => ({
        name: one.name,
        schemaName: one.schemaName,
        target: owner,
        type: one.getType?.(),
        isList: Boolean(one.typeOptions.array),
        isWrapped:
          ofClass.some((guard) => guard.target === owner) ||
          ofField.some((guard) => guard.target === owner && guard.fieldName === one.name),
      })),
  );
};

/** The name of a class in the graph; undefined when it has no `@ObjectType`. */
export const graphNameOf = (target: unknown): string | undefined =>
  globalStore().objectTypes.find((one) => one.target === target)?.name;

/** A field that a method answers, in a resolver class of the product or on the class itself. */
export interface HandResolvedField {
  readonly type: ClassType;
  readonly schemaName: string;
  readonly resolver: ClassType;
  readonly method: string;
}

/** The fields that the product resolves by hand. */
export function handResolvedFields(resolvers: readonly ClassType[]): HandResolvedField[] {
  const own = new Set(resolvers.flatMap(lineage));
  const store = globalStore();
  const typeOf = (one: Definition): ClassType | undefined => {
    if (one.kind === 'internal') return one.target;
    if (!own.has(one.target)) return undefined;
    return store.resolverClasses.find((candidate) => candidate.target === one.target)?.getObjectType?.();
  };
  const isGetter = (one: Definition) =>
    'get' in (Object.getOwnPropertyDescriptor(one.target.prototype, one.methodName) ?? {});
  return store.fieldResolvers.flatMap((one) => {
    const type = isGetter(one) ? undefined : typeOf(one);
    return type ? [{ type, schemaName: one.schemaName, resolver: one.target, method: one.methodName }] : [];
  });
}

/** `@Field({ name })` inside `@ArgsType` or `@InputType`: shown in the schema, and its value silently lost. */
export const renamedArguments = (): string[] => {
  const store = globalStore();
  const inputs = new Set([...store.argumentTypes, ...store.inputTypes].map((one) => one.target));
  return store.fields
    .filter((one) => inputs.has(one.target) && one.name !== one.schemaName)
    .map((one) => `${one.target.name}.${one.name}`);
};
