import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import type { Limits } from '../../product/product.js';

/** Levels that are form rather than content. */
const FREE = new Set(['edges', 'node', 'nodes', 'pageInfo']);
/** The standard introspection query asks for one, fourteen levels deep. */
const MAX_INTROSPECTIONS = 3;
const MAX_INTROSPECTION_DEPTH = 20;
/** How often a selection may be looked at, on average of the most tokens, while repetitions are counted: by form, fragments make it a square. */
const LOOKS_PER_TOKEN = 10;

/** What is counted of an operation, fragments opened as often as they are spread. */
interface Size {
  /** Levels of content. */
  depth: number;
  /** Fields with an alias, and fields that stand at their place in the answer already. */
  aliases: number;
  rootFields: number;
  directives: number;
  /** `__schema` and `__type`. */
  introspections: number;
  introspectionDepth: number;
}

const nothing = (): Size => ({
  depth: 0,
  aliases: 0,
  rootFields: 0,
  directives: 0,
  introspections: 0,
  introspectionDepth: 0,
});

function add(size: Size, other: Size): void {
  size.depth = Math.max(size.depth, other.depth);
  size.aliases += other.aliases;
  size.rootFields += other.rootFields;
  size.directives += other.directives;
  size.introspections += other.introspections;
  size.introspectionDepth = Math.max(size.introspectionDepth, other.introspectionDepth);
}

/** Where a selection set stands: it decides what is a root field, and what counts as depth. */
type Place = 'root' | 'namespace' | 'content' | 'introspection';

type FragmentOf = (name: string) => FragmentDefinitionNode | null | undefined;

class Measure {
  readonly #fragmentOf: FragmentOf;
  readonly #namespaces: ReadonlySet<string>;
  // Each fragment is measured once: documents double with every fragment that spreads another twice.
  readonly #known = new Map<string, Size>();
  readonly #open = new Set<string>();
  readonly #repetitions = new Map<SelectionSetNode, number>();
  readonly #mostLooks: number;
  #looks = 0;

  constructor(fragmentOf: FragmentOf, namespaces: ReadonlySet<string>, { tokens }: SizeLimits) {
    this.#fragmentOf = fragmentOf;
    this.#namespaces = namespaces;
    this.#mostLooks = LOOKS_PER_TOKEN * tokens;
  }

  /** Whether repetitions were given up, unfinished. */
  get isTangled(): boolean {
    return this.#looks > this.#mostLooks;
  }

  operation({ selectionSet, directives = [], variableDefinitions = [] }: OperationDefinitionNode): Size {
    const size = this.#place(selectionSet, 'root');
    for (const one of variableDefinitions) size.directives += one.directives?.length ?? 0;
    size.directives += directives.length;
    return size;
  }

  /** What stands at one place of the answer: the selection set of an operation or of a field. */
  #place(set: SelectionSetNode | undefined, place: Place): Size {
    const size = this.#set(set, place);
    if (set) size.aliases += this.#repetitionsIn(set);
    return size;
  }

  /** A selection set as it is written, without its repetitions. */
  #set(set: SelectionSetNode | undefined, place: Place): Size {
    const size = nothing();
    for (const node of set?.selections ?? []) {
      size.directives += node.directives?.length ?? 0;
      if (node.kind === Kind.FIELD) {
        if (node.alias) size.aliases += 1;
        add(size, this.#field(node, place));
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        add(size, this.#set(node.selectionSet, place));
      } else {
        add(size, this.#fragment(node.name.value, place));
      }
    }
    return size;
  }

  #field({ name: { value: name }, selectionSet }: FieldNode, place: Place): Size {
    const isNamespace = place === 'root' && this.#namespaces.has(name);
    const isIntrospection = place === 'introspection' || name === '__schema' || name === '__type';
    const below = isNamespace ? 'namespace' : isIntrospection ? 'introspection' : 'content';
    const size = this.#place(selectionSet, below);
    if (isIntrospection) {
      size.introspectionDepth += 1;
      if (place !== 'introspection') size.introspections += 1;
    } else if (!isNamespace && !FREE.has(name) && name !== '__typename') {
      size.depth += 1;
    }
    // A namespace is as many fields as are asked of its product.
    const fields = isNamespace ? Math.max(1, size.rootFields) : 1;
    size.rootFields = place === 'root' || place === 'namespace' ? fields : 0;
    return size;
  }

  #fragment(name: string, place: Place): Size {
    const key = `${place} ${name}`;
    const known = this.#known.get(key);
    if (known) return known;
    const fragment = this.#fragmentOf(name);
    // A cycle, and a name that nothing has, are other rules' business.
    if (!fragment || this.#open.has(name)) return nothing();
    this.#open.add(name);
    const size = this.#set(fragment.selectionSet, place);
    size.directives += fragment.directives?.length ?? 0;
    this.#open.delete(name);
    this.#known.set(key, size);
    return size;
  }

  /**
   * Fields without an alias that stand at a place already, by whatever fragment they come there. As when it is executed,
   * a fragment comes to one place once, however often it is spread there. Fields under different type conditions are
   * apart, as are the `__typename`s of named fragments: clients put one into each.
   */
  #repetitionsIn(place: SelectionSetNode): number {
    const known = this.#repetitions.get(place);
    if (known !== undefined) return known;
    const spread = new Set<string>();
    const byCondition = new Map<string, Set<string>>();
    let count = 0;
    const open = ({ selections }: SelectionSetNode, condition: string, fragment: string): void => {
      const fields = byCondition.get(condition) ?? new Set();
      byCondition.set(condition, fields);
      for (const node of selections) {
        this.#looks += 1;
        if (this.#looks > this.#mostLooks) return;
        const name = node.kind === Kind.INLINE_FRAGMENT ? '' : node.name.value;
        if (node.kind === Kind.INLINE_FRAGMENT) {
          open(node.selectionSet, node.typeCondition?.name.value ?? condition, fragment);
        } else if (node.kind === Kind.FRAGMENT_SPREAD) {
          const definition = spread.has(name) ? undefined : this.#fragmentOf(name);
          spread.add(name);
          if (definition) open(definition.selectionSet, definition.typeCondition.name.value, name);
        } else if (!node.alias) {
          const field = name === '__typename' ? `${name} ${fragment}` : name;
          if (fields.has(field)) count += 1;
          else fields.add(field);
        }
      }
    };
    open(place, '', '');
    this.#repetitions.set(place, count);
    return count;
  }
}

/** What of a product's limits a document can break by its form alone. */
export type SizeLimits = Pick<Limits, 'tokens' | 'depth' | 'aliases' | 'rootFields' | 'directives'>;

/** In what an operation is larger than the limits, in words. */
function excessOf(operation: OperationDefinitionNode, measure: Measure, limits: SizeLimits): string[] {
  const over = (count: number, most: number, what: string): string[] =>
    count > most ? [`The operation has ${count} ${what}; at most ${most} are allowed.`] : [];
  const size = measure.operation(operation);
  const { depth } = size;
  return [
    ...(depth > limits.depth
      ? [`The operation is nested ${depth} levels deep; at most ${limits.depth} are allowed.`]
      : []),
    ...(measure.isTangled
      ? ['The operation spreads its fragments at too many places for its repeated fields to be counted.']
      : []),
    ...over(size.aliases, limits.aliases, 'aliases and repeated fields'),
    ...over(size.rootFields, limits.rootFields, 'root fields'),
    ...over(size.directives, limits.directives, 'directives'),
    ...over(size.introspections, MAX_INTROSPECTIONS, 'fields of introspection'),
    ...over(size.introspectionDepth, MAX_INTROSPECTION_DEPTH, 'levels of introspection'),
  ];
}

/** In what a validated operation without namespaces is larger than the limits, in words. */
export const sizeExcess = (
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
  limits: SizeLimits,
): string[] => excessOf(operation, new Measure((name) => fragments[name], new Set(), limits), limits);

/**
 * Refuses operations that are larger than a product's limits, as they would be with every fragment opened.
 *
 * Relay's `edges`, `node` and `nodes` and the namespaces of the composed graph are no depth. Introspection has a
 * shape and limits of its own. (graphql-armor's rules leave `__typename` and repeated fields out.)
 */
export const operationSize =
  (limits: SizeLimits, namespaces: ReadonlySet<string>) =>
  (context: ValidationContext): ASTVisitor => {
    const measure = new Measure((name) => context.getFragment(name), namespaces, limits);
    return {
      OperationDefinition(node) {
        for (const text of excessOf(node, measure, limits))
          context.reportError(
            new GraphQLError(text, { nodes: node, extensions: { code: 'OPERATION_TOO_LARGE' } }),
          );
      },
    };
  };
