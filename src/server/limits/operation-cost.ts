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
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';
import { reckonedLength } from '../../graph/bounded-lists.js';
import { DEFAULT_PAGE } from '../../graph/page.js';
import { fragmentsOf } from '../../graph/selection.js';
import { declaredVariables, type Variables } from '../../graph/variables.js';
import { weightOf, weightOfLiteral } from './input-weight.js';

/** Their content is what counts: a connection is reckoned at its page size. */
const FORM = new Set(['edges', 'node', 'nodes', 'pageInfo']);

/** What an operation asks of a product, and what it brings. */
export interface Reckoned {
  /** How many objects it may ask for. */
  readonly objects: number;
  /** How much there is to read and check in its arguments: see {@link weightOf}. */
  readonly inputs: number;
}
const FREE: Reckoned = { objects: 0, inputs: 0 };

/** Reckons one operation under given variables. */
class Reckoning {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly #variables: Variables;
  readonly #known = new Map<string, Reckoned>();
  readonly #weights: ReadonlyMap<string, number>;
  readonly #mostInputs: number;
  /** Whether the cost is another with other page sizes. */
  depends = false;

  constructor(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Variables,
    weights: ReadonlyMap<string, number>,
    mostInputs: number,
  ) {
    this.#schema = schema;
    this.#fragments = fragmentsOf(document);
    this.#variables = variables;
    this.#weights = weights;
    this.#mostInputs = mostInputs;
  }

  set(set: SelectionSetNode, type: GraphQLCompositeType): Reckoned {
    let objects = 0;
    let inputs = 0;
    for (const node of set.selections) {
      const cost = this.#selection(node, type);
      objects += cost.objects;
      inputs += cost.inputs;
    }
    return { objects, inputs };
  }

  #selection(node: SelectionNode, type: GraphQLCompositeType): Reckoned {
    if (node.kind === Kind.FIELD) return this.#field(node, type);
    return node.kind === Kind.INLINE_FRAGMENT
      ? this.set(node.selectionSet, this.#typeOf(node.typeCondition?.name.value) ?? type)
      : this.#fragment(node.name.value);
  }

  #field(node: FieldNode, parent: GraphQLCompositeType): Reckoned {
    const name = node.name.value;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    if (!field) return FREE;
    const type = getNamedType(field.type);
    const own = this.#inputsOf(node);
    if (!node.selectionSet || !isCompositeType(type)) return own === 0 ? FREE : { objects: 0, inputs: own };
    const below = this.set(node.selectionSet, type);
    if (FORM.has(name)) return below;
    // Where a list of ten has arguments inside, they are read ten times.
    const count = this.#countOf(node, field);
    return { objects: count * (1 + below.objects), inputs: own + count * below.inputs };
  }

  #inputsOf({ arguments: given = [] }: FieldNode): number {
    let weight = 0;
    for (const { value } of given)
      weight += weightOfLiteral(value, this.#mostInputs, (name) => this.#weights.get(name) ?? 0);
    return weight;
  }

  /** How many objects a field answers at most. */
  #countOf({ arguments: given = [] }: FieldNode, field: GraphQLField<unknown, unknown>): number {
    if (field.args.some(({ name }) => name === 'first')) {
      const sizes = given
        .filter(({ name }) => name.value === 'first' || name.value === 'last')
        .flatMap(({ value }) => this.#valueOf(value) ?? []);
      return sizes.length > 0 ? Math.max(1, ...sizes) : DEFAULT_PAGE;
    }
    return reckonedLength(field);
  }

  #valueOf(value: ValueNode): number | undefined {
    if (value.kind === Kind.INT) return Number(value.value);
    if (value.kind !== Kind.VARIABLE) return undefined;
    this.depends = true;
    const given = this.#variables[value.name.value];
    // JSON has numbers that are none here, such as 1e400: they are refused as no Int.
    return Number.isFinite(given) ? (given as number) : undefined;
  }

  #fragment(name: string): Reckoned {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fragment = this.#fragments[name];
    const type = fragment && this.#typeOf(fragment.typeCondition.name.value);
    const cost = type ? this.set(fragment.selectionSet, type) : FREE;
    this.#known.set(name, cost);
    return cost;
  }

  #typeOf(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.#schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

/**
 * Makes the function that tells what a validated operation may cost: page sizes multiplied along each path, a list
 * without a page size reckoned at what it declares or ten, and its arguments as often as they are read. Introspection costs nothing.
 *
 * @param mostInputs above it, `inputs` is only known to be more.
 */
export function reckoner(
  schema: GraphQLSchema,
  mostInputs: number,
): (document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) => Reckoned {
  const fixed = new WeakMap<OperationDefinitionNode, Reckoned>();
  return (document, operation, variables) => {
    const definitions = operation.variableDefinitions ?? [];
    const given = declaredVariables(definitions, variables);
    const weights = weightsOf(definitions, given, mostInputs);
    const known = weights.size === 0 ? fixed.get(operation) : undefined;
    if (known) return known;
    const root = schema.getRootType(operation.operation);
    if (!root) return FREE;
    const sizes = { ...defaultsOf(operation), ...given };
    const reckoning = new Reckoning(schema, document, sizes, weights, mostInputs);
    const cost = reckoning.set(operation.selectionSet, root);
    if (!reckoning.depends && weights.size === 0) fixed.set(operation, cost);
    return cost;
  };
}

/** Tells how many objects a validated operation may ask for. */
export function costOf(
  schema: GraphQLSchema,
): (document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) => number {
  const reckon = reckoner(schema, Infinity);
  return (document, operation, variables) => reckon(document, operation, variables).objects;
}

/** What the variables weigh that weigh anything. */
function weightsOf(
  definitions: readonly VariableDefinitionNode[],
  given: Variables,
  most: number,
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { variable, defaultValue } of definitions) {
    const name = variable.name.value;
    const weight = Object.hasOwn(given, name)
      ? weightOf(given[name], most)
      : defaultValue && weightOfLiteral(defaultValue, most, () => 0);
    if (weight) weights.set(name, weight);
  }
  return weights;
}

const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Variables =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
