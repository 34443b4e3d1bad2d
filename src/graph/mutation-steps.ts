import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';

/** One root field of a mutation, as an operation of its own. */
export interface MutationStep {
  readonly responseKey: string;
  readonly fieldName: string;
  readonly document: DocumentNode;
}

const cache = new WeakMap<OperationDefinitionNode, readonly MutationStep[]>();

/**
 * Cuts a mutation into one operation per root field (per response key), in order. Run one after another, each with
 * a context of its own, they behave as the specification says and no loader remembers what was true before; the
 * paths and locations of errors stay those of the client's document.
 */
export function mutationSteps(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): readonly MutationStep[] {
  const known = cache.get(operation);
  if (known) return known;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);

  const steps = new Map<string, { fieldName: string; nodes: SelectionNode[] }>();
  const cut = (selections: readonly SelectionNode[], wrap: (node: SelectionNode) => SelectionNode): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const step = steps.get(key) ?? { fieldName: node.name.value, nodes: [] };
        step.nodes.push(wrap(node));
        steps.set(key, step);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value)! : node;
      cut(fragment.selectionSet.selections, (inner) =>
        wrap({
          kind: Kind.INLINE_FRAGMENT,
          ...(fragment.typeCondition && { typeCondition: fragment.typeCondition }),
          ...(node.directives && { directives: node.directives }),
          selectionSet: { kind: Kind.SELECTION_SET, selections: [inner] },
        }),
      );
    }
  };
  cut(operation.selectionSet.selections, (node) => node);

  const result = [...steps].map(([responseKey, { fieldName, nodes }]) => ({
    responseKey,
    fieldName,
    document: {
      ...document,
      definitions: [
        { ...operation, selectionSet: { ...operation.selectionSet, selections: nodes } },
        ...fragments.values(),
      ],
    },
  }));
  cache.set(operation, result);
  return result;
}
