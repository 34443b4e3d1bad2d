import {
  type ASTVisitor,
  type FieldNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import type { Limits } from '../product/product.js';

/** Levels that are form rather than content. */
const FREE = new Set(['edges', 'node', 'nodes', 'pageInfo']);
/** The standard introspection query asks for one, fourteen levels deep. */
const MAX_INTROSPECTIONS = 3;
const MAX_INTROSPECTION_DEPTH = 20;

/** What is counted of an operation, fragments opened as often as they are spread. */
interface Size {
  /** Levels of content. */
  depth: number;
  /** Fields with an alias, and fields that stand in their selection set already. */
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

class Measure {
  readonly #context: ValidationContext;
  readonly #namespaces: ReadonlySet<string>;
  // Each fragment is measured once: documents double with every fragment that spreads another twice.
  readonly #known = new Map<string, Size>();
  readonly #open = new Set<string>();

  constructor(context: ValidationContext, namespaces: ReadonlySet<string>) {
    this.#context = context;
    this.#namespaces = namespaces;
  }

  operation({ selectionSet, directives = [], variableDefinitions = [] }: OperationDefinitionNode): Size {
    const size = this.#set(selectionSet, 'root');
    for (const one of variableDefinitions) size.directives += one.directives?.length ?? 0;
    size.directives += directives.length;
    return size;
  }

  #set(set: SelectionSetNode | undefined, place: Place): Size {
    const size = nothing();
    const names = new Set<string>();
    for (const node of set?.selections ?? []) {
      size.directives += node.directives?.length ?? 0;
      if (node.kind === Kind.FIELD) {
        if (node.alias || names.has(node.name.value)) size.aliases += 1;
        names.add(node.name.value);
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
    const size = this.#set(selectionSet, below);
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
    const fragment = this.#context.getFragment(name);
    // A cycle, and a name that nothing has, are other rules' business.
    if (!fragment || this.#open.has(name)) return nothing();
    this.#open.add(name);
    const size = this.#set(fragment.selectionSet, place);
    size.directives += fragment.directives?.length ?? 0;
    this.#open.delete(name);
    this.#known.set(key, size);
    return size;
  }
}

/** What of a product's limits a document can break by its form alone. */
export type SizeLimits = Pick<Limits, 'depth' | 'aliases' | 'rootFields' | 'directives'>;

/**
 * Refuses operations that are larger than a product's limits, as they would be with every fragment opened.
 *
 * Relay's `edges`, `node` and `nodes` and the namespaces of the composed graph are no depth. Introspection has a
 * shape and limits of its own. (graphql-armor's rules leave `__typename` and repeated fields out.)
 */
export const operationSize =
  (limits: SizeLimits, namespaces: ReadonlySet<string>) =>
  (context: ValidationContext): ASTVisitor => {
    const measure = new Measure(context, namespaces);
    return {
      OperationDefinition(node) {
        const size = measure.operation(node);
        const refuse = (text: string) =>
          context.reportError(
            new GraphQLError(text, { nodes: node, extensions: { code: 'OPERATION_TOO_LARGE' } }),
          );
        const check = (count: number, most: number, what: string) => {
          if (count > most) refuse(`The operation has ${count} ${what}; at most ${most} are allowed.`);
        };
        if (size.depth > limits.depth)
          refuse(`The operation is nested ${size.depth} levels deep; at most ${limits.depth} are allowed.`);
        check(size.aliases, limits.aliases, 'aliases and repeated fields');
        check(size.rootFields, limits.rootFields, 'root fields');
        check(size.directives, limits.directives, 'directives');
        check(size.introspections, MAX_INTROSPECTIONS, 'fields of introspection');
        check(size.introspectionDepth, MAX_INTROSPECTION_DEPTH, 'levels of introspection');
      },
    };
  };
