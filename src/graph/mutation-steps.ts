import { type DocumentNode, Kind, type OperationDefinitionNode } from 'graphql';
import { collectFields, type SelectionScope } from './selection.js';

/** One root field of a mutation, as an operation of its own. */
export interface MutationStep {
  readonly fieldName: string;
  readonly document: DocumentNode;
}

/**
 * Cuts a mutation into one operation per root field (per response key), in order. Run one after another, each with
 * a context of its own, they behave as the specification says and no loader remembers what was true before; the
 * paths and locations of errors stay those of the client's document.
 */
export function mutationSteps(operation: OperationDefinitionNode, scope: SelectionScope): MutationStep[] {
  const type = scope.schema.getMutationType()!;
  const fragments = Object.values(scope.fragments);
  return [...collectFields(scope, type, [operation.selectionSet]).values()].map((nodes) => ({
    fieldName: nodes[0]!.name.value,
    document: {
      kind: Kind.DOCUMENT,
      definitions: [
        { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: nodes } },
        ...fragments,
      ],
    },
  }));
}
