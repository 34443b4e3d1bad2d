import {
  assertValidSchema,
  GraphQLDirective,
  GraphQLEnumType,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLInputFieldConfigMap,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  type GraphQLType,
  GraphQLUnionType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  isUnionType,
  specifiedDirectives,
  specifiedScalarTypes,
} from 'graphql';
import { StartError } from '../errors/bulkhead-error.js';
import { PageInfo } from './connection.js';
import type { ProductContext } from './context.js';
import { classBehind } from './field-plan.js';

/** The context of an operation on the composed graph: a door into each product, and nothing shared between them. */
export interface GatewayContext {
  /** Enters a product's compartment, once per request. @throws BulkheadError when the product cannot serve. */
  enter(product: string): Promise<ProductContext>;
  /** The context of a product that was entered. */
  entered(product: string): ProductContext;
}

/** One product's part of the composed graph. */
export interface ComposedProduct {
  readonly name: string;
  /** `blog`: the namespace in `Query`, and the prefix of mutations. */
  readonly field: string;
  /** `Blog`: the prefix of types, inputs and enums. */
  readonly typePrefix: string;
  readonly schema: GraphQLSchema;
}

/** A namespace of the composed graph that is no product's. */
export interface EngineNamespace {
  readonly type: GraphQLObjectType;
  readonly description: string;
  readonly resolve: NonNullable<FieldConfig['resolve']>;
}

/** A type of the engine that every product has alike; one of them serves all. */
const isShared = (type: GraphQLNamedType): boolean => classBehind(type) === PageInfo;

const capitalized = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const mapValues = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

/* The resolvers below belong to graphql's own signatures, which take any source and context. */
/* oxlint-disable typescript/no-explicit-any */
type Bind = (context: any) => unknown;
type FieldConfig = GraphQLFieldConfig<any, any>;

/** A product's types under their prefixed names; every resolver gets the product's context in place of the gateway's. */
function prefixed(
  { schema, typePrefix }: ComposedProduct,
  bind: Bind,
  shared: Map<string, GraphQLNamedType>,
) {
  const renamed = new Map<string, GraphQLNamedType>();
  const all = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));
  for (const type of all) if (isShared(type)) shared.set(type.name, shared.get(type.name) ?? type);
  const own = all.filter((type) => !isScalarType(type) && !isShared(type));
  const nameOf = (name: string) => typePrefix + name;

  const refer = <T extends GraphQLType>(type: T): T => {
    if (type instanceof GraphQLList) return new GraphQLList(refer(type.ofType)) as unknown as T;
    if (type instanceof GraphQLNonNull) return new GraphQLNonNull(refer(type.ofType)) as unknown as T;
    const { name } = type as GraphQLNamedType;
    return (renamed.get(name) ?? (isShared(type as GraphQLNamedType) ? shared.get(name) : type)) as T;
  };
  // Definition nodes carry the product's own names; nothing at run time needs them.
  const bare = { astNode: undefined, extensionASTNodes: [] };
  // `defaultValue` is the internal value: copied as it is, never parsed again.
  const argumentsOf = (args: GraphQLFieldConfigArgumentMap) =>
    mapValues(args, (arg) => ({ ...arg, type: refer(arg.type), astNode: undefined }));
  const inputFields = (fields: GraphQLInputFieldConfigMap) =>
    mapValues(fields, (field) => ({ ...field, type: refer(field.type), astNode: undefined }));
  const bound = ({ resolve, ...field }: FieldConfig): FieldConfig => ({
    ...field,
    type: refer(field.type),
    args: argumentsOf(field.args ?? {}),
    astNode: undefined,
    ...(resolve && { resolve: (source, args, context, info) => resolve(source, args, bind(context), info) }),
  });
  const boundType = (resolveType: any) =>
    resolveType &&
    ((value: unknown, context: unknown, info: unknown, type: unknown) => {
      const name: string | undefined = resolveType(value, bind(context), info, type);
      return name && nameOf(name);
    });

  for (const type of own) {
    const name = nameOf(type.name);
    if (isObjectType(type)) {
      const config = type.toConfig();
      const isTypeOf = config.isTypeOf;
      renamed.set(
        type.name,
        new GraphQLObjectType({
          ...config,
          ...bare,
          name,
          interfaces: () => config.interfaces.map(refer),
          fields: () => mapValues(config.fields, bound),
          isTypeOf: isTypeOf && ((value, context, info) => isTypeOf(value, bind(context), info)),
        }),
      );
    } else if (isInterfaceType(type)) {
      const config = type.toConfig();
      renamed.set(
        type.name,
        new GraphQLInterfaceType({
          ...config,
          ...bare,
          name,
          interfaces: () => config.interfaces.map(refer),
          fields: () => mapValues(config.fields, bound),
          resolveType: boundType(config.resolveType),
        }),
      );
    } else if (isUnionType(type)) {
      const config = type.toConfig();
      renamed.set(
        type.name,
        new GraphQLUnionType({
          ...config,
          ...bare,
          name,
          types: () => config.types.map(refer),
          resolveType: boundType(config.resolveType),
        }),
      );
    } else if (isEnumType(type)) {
      renamed.set(type.name, new GraphQLEnumType({ ...type.toConfig(), ...bare, name }));
    } else if (isInputObjectType(type)) {
      const config = type.toConfig();
      renamed.set(
        type.name,
        new GraphQLInputObjectType({ ...config, ...bare, name, fields: () => inputFields(config.fields) }),
      );
    }
  }
  const rootOf = (type: { name: string } | null | undefined) =>
    type && (renamed.get(type.name) as GraphQLObjectType);
  return {
    query: rootOf(schema.getQueryType()),
    mutation: rootOf(schema.getMutationType()),
    types: renamed,
  };
}

/**
 * Composes the products' graphs into one, without delegation: the same resolver functions, each with its own
 * product's context.
 *
 * Queries stand under a nullable namespace (`{ blog { posts } }`), so that a failing product nulls its own namespace
 * and no other's data; mutations are root fields with the product as prefix (`aviationTransferCredits`), since only
 * root fields run one after another by the specification.
 *
 * @param namespaces fields of `Query` that are nobody's product, by name.
 * @throws StartError when two products come to the same name, or bring different scalars under one name.
 */
export function compose(
  products: readonly ComposedProduct[],
  namespaces: Readonly<Record<string, EngineNamespace>> = {},
): GraphQLSchema {
  const query: Record<string, FieldConfig> = {};
  const mutation: Record<string, FieldConfig> = {};
  const types: GraphQLNamedType[] = [];
  const shared = new Map<string, GraphQLNamedType>();
  const scalars = new Map<string, GraphQLNamedType>();
  const directives = new Map<string, GraphQLDirective>();
  const names = new Names();

  for (const product of products) {
    const { name: who } = product;
    const bind: Bind = (context: GatewayContext) => context.entered(who);
    const part = prefixed(product, bind, shared);
    if (part.query) {
      query[product.field] = {
        type: part.query,
        description: `What ${who} answers; null when it is not available.`,
        resolve: async (_source, _args, context: GatewayContext) => {
          await context.enter(who);
          return {};
        },
      };
    }
    for (const [name, field] of Object.entries(part.mutation?.toConfig().fields ?? {})) {
      const { resolve } = field;
      const prefixedName = product.field + capitalized(name);
      names.claim(`Mutation.${prefixedName}`, `${name} of ${who}`);
      mutation[prefixedName] = {
        ...field,
        resolve: async (source, args, context: GatewayContext, info) => {
          await context.enter(who);
          return resolve?.(source, args, context, info);
        },
      };
    }
    for (const [name, type] of part.types) {
      if (type === part.mutation) continue;
      names.claim(type.name, `${name} of ${who}`);
      types.push(type);
    }
    for (const type of Object.values(product.schema.getTypeMap())) {
      if (!isScalarType(type) || isSpecifiedScalarType(type)) continue;
      if ((scalars.get(type.name) ?? type) !== type) names.claim(type.name, `another scalar of ${who}`);
      scalars.set(type.name, type);
    }
    for (const directive of product.schema.getDirectives()) {
      if (!isSpecifiedDirective(directive)) directives.set(directive.name, directive);
    }
  }
  for (const { name } of [...shared.values(), ...scalars.values(), ...specifiedScalarTypes])
    names.claim(name, 'a type that all products share');
  for (const name of ['Query', 'Mutation']) names.claim(name, 'a root type');
  for (const type of typesOf(namespaces))
    if (scalars.get(type.name) !== type) names.claim(type.name, 'a type of the gateway itself');
  names.assertDistinct();

  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { ...query, ...namespaces } }),
    mutation:
      Object.keys(mutation).length > 0 ? new GraphQLObjectType({ name: 'Mutation', fields: mutation }) : null,
    types: [...types, ...shared.values()],
    directives: [...specifiedDirectives, ...directives.values()],
  });
  assertValidSchema(schema);
  return schema;
}

/** The types that namespaces bring, beside those of GraphQL itself. */
function typesOf(namespaces: Readonly<Record<string, EngineNamespace>>): readonly GraphQLNamedType[] {
  const types = Object.values(namespaces).map(({ type }) => type);
  return Object.values(new GraphQLSchema({ types }).getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
}

/** The names of the composed graph, each with what came to it. */
class Names {
  readonly #claims = new Map<string, string[]>();

  claim(name: string, by: string): void {
    this.#claims.set(name, [...(this.#claims.get(name) ?? []), by]);
  }

  /** @throws StartError naming everything that came to a name where something else was. */
  assertDistinct(): void {
    const problems = [...this.#claims]
      .filter(([, claims]) => claims.length > 1)
      .map(
        ([name, claims]) =>
          `${name}: ${claims.join(' and ')} come to this name in the composed graph; rename one of them.`,
      );
    if (problems.length > 0) throw new StartError(problems);
  }
}
