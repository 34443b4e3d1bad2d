import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { DEFAULT_PAGE } from '../graph/page.js';
import { fragmentsOf } from '../graph/selection.js';

/** A list that takes no page size is bounded by its resolver; this is what it is reckoned at. */
const PLAIN_LIST = 10;
/** Their content is what counts: a connection is reckoned at its page size. */
const FORM = new Set(['edges', 'node', 'nodes', 'pageInfo']);

type Variables = Readonly<Record<string, unknown>>;

/** Reckons one operation under given variables. */
class Reckoning {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly #variables: Variables;
  readonly #known = new Map<string, number>();
  /** Whether the cost is another with other variables. */
  depends = false;

  constructor(schema: GraphQLSchema, document: DocumentNode, variables: Variables) {
    this.#schema = schema;
    this.#fragments = fragmentsOf(document);
    this.#variables = variables;
  }

  set(set: SelectionSetNode, type: GraphQLCompositeType): number {
    let cost = 0;
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) cost += this.#field(node, type);
      else if (node.kind === Kind.INLINE_FRAGMENT)
        cost += this.set(node.selectionSet, this.#typeOf(node.typeCondition?.name.value) ?? type);
      else cost += this.#fragment(node.name.value);
    }
    return cost;
  }

  #field(node: FieldNode, parent: GraphQLCompositeType): number {
    const name = node.name.value;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const type = field && getNamedType(field.type);
    if (!field || !node.selectionSet || !isCompositeType(type)) return 0;
    const below = this.set(node.selectionSet, type);
    if (FORM.has(name)) return below;
    return this.#countOf(node, field) * (1 + below);
  }

  /** How many objects a field answers at most. */
  #countOf({ arguments: given = [] }: FieldNode, field: GraphQLField<unknown, unknown>): number {
    if (field.args.some(({ name }) => name === 'first')) {
      const sizes = given
        .filter(({ name }) => name.value === 'first' || name.value === 'last')
        .flatMap(({ value }) => this.#valueOf(value) ?? []);
      return sizes.length > 0 ? Math.max(1, ...sizes) : DEFAULT_PAGE;
    }
    const type = isNonNullType(field.type) ? field.type.ofType : field.type;
    return isListType(type) ? PLAIN_LIST : 1;
  }

  #valueOf(value: ValueNode): number | undefined {
    if (value.kind === Kind.INT) return Number(value.value);
    if (value.kind !== Kind.VARIABLE) return undefined;
    this.depends = true;
    const given = this.#variables[value.name.value];
    return typeof given === 'number' && !Number.isNaN(given) ? given : undefined;
  }

  #fragment(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fragment = this.#fragments[name];
    const type = fragment && this.#typeOf(fragment.typeCondition.name.value);
    const cost = type ? this.set(fragment.selectionSet, type) : 0;
    this.#known.set(name, cost);
    return cost;
  }

  #typeOf(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.#schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

/**
 * Makes the function that tells how many objects a validated operation may ask for: page sizes multiplied along each
 * path, a list without a page size reckoned at ten. Introspection and scalars cost nothing.
 */
export function costOf(
  schema: GraphQLSchema,
): (document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) => number {
  const fixed = new WeakMap<OperationDefinitionNode, number>();
  return (document, operation, variables) => {
    const known = fixed.get(operation);
    if (known !== undefined) return known;
    const root = schema.getRootType(operation.operation);
    if (!root) return 0;
    const reckoning = new Reckoning(schema, document, { ...defaultsOf(operation), ...variables });
    const cost = reckoning.set(operation.selectionSet, root);
    if (!reckoning.depends) fixed.set(operation, cost);
    return cost;
  };
}

const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Variables =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
