import { type ASTNode, type DocumentNode, Kind, type OperationDefinitionNode, visit } from 'graphql';
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
 *
 * Each declares the variables that it uses, since executing it reads the values of all that it declares.
 */
export function mutationSteps(operation: OperationDefinitionNode, scope: SelectionScope): MutationStep[] {
  const type = scope.schema.getMutationType()!;
  const fragments = Object.values(scope.fragments);
  return [...collectFields(scope, type, [operation.selectionSet]).values()].map((selections) => {
    const used = variablesIn(selections, scope);
    const definition = {
      ...operation,
      variableDefinitions: operation.variableDefinitions?.filter(({ variable }) =>
        used.has(variable.name.value),
      ),
      selectionSet: { kind: Kind.SELECTION_SET, selections },
    } as OperationDefinitionNode;
    return {
      fieldName: selections[0]!.name.value,
      document: { kind: Kind.DOCUMENT, definitions: [definition, ...fragments] },
    };
  });
}

/** The names of the variables in selections and in the fragments that they spread. */
function variablesIn(nodes: readonly ASTNode[], { fragments }: SelectionScope): ReadonlySet<string> {
  const names = new Set<string>();
  const opened = new Set<string>();
  const visitor = {
    Variable: ({ name }: { readonly name: { readonly value: string } }) => void names.add(name.value),
    FragmentSpread: ({ name: { value: name } }: { readonly name: { readonly value: string } }) => {
      const fragment = fragments[name];
      if (!fragment || opened.has(name)) return;
      opened.add(name);
      visit(fragment, visitor);
    },
  };
  for (const node of nodes) visit(node, visitor);
  return names;
}
