import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

export const MAX_DEPTH = 12;
export const MAX_TOKENS = 2_000;

/** Levels that are form rather than content. */
const FREE = new Set(['edges', 'node', 'nodes', 'pageInfo']);

/**
 * Refuses documents nested deeper than a limit. Relay's `edges`, `node` and `nodes` are free, and so are the
 * namespaces of the composed graph; introspection has a shape of its own and is not counted.
 */
export const depthLimit =
  (max: number, namespaces: ReadonlySet<string>) =>
  (context: ValidationContext): ASTVisitor => {
    // Each fragment is measured once: documents double with every fragment that spreads another twice.
    const measured = new Map<string, number>();
    const depthOf = (
      set: SelectionSetNode | undefined,
      isRoot: boolean,
      open: ReadonlySet<string>,
    ): number => {
      let deepest = 0;
      for (const node of set?.selections ?? []) {
        let depth = 0;
        if (node.kind === Kind.FIELD) {
          const name = node.name.value;
          if (name.startsWith('__')) continue;
          const isFree = FREE.has(name) || (isRoot && namespaces.has(name));
          depth = (isFree ? 0 : 1) + depthOf(node.selectionSet, false, open);
        } else if (node.kind === Kind.INLINE_FRAGMENT) {
          depth = depthOf(node.selectionSet, isRoot, open);
        } else {
          depth = depthOfFragment(context.getFragment(node.name.value), isRoot, open);
        }
        deepest = Math.max(deepest, depth);
      }
      return deepest;
    };
    const depthOfFragment = (
      fragment: FragmentDefinitionNode | null | undefined,
      isRoot: boolean,
      open: ReadonlySet<string>,
    ): number => {
      const name = fragment?.name.value;
      // A cycle is another rule's business.
      if (!fragment || !name || open.has(name)) return 0;
      const known = measured.get(name);
      if (known !== undefined) return known;
      const depth = depthOf(fragment.selectionSet, isRoot, new Set([...open, name]));
      measured.set(name, depth);
      return depth;
    };
    return {
      OperationDefinition(node) {
        const depth = depthOf(node.selectionSet, true, new Set());
        if (depth <= max) return;
        context.reportError(
          new GraphQLError(`The operation is nested ${depth} levels deep; at most ${max} are allowed.`, {
            nodes: node,
            extensions: { code: 'OPERATION_TOO_LARGE' },
          }),
        );
      },
    };
  };
