import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import {
  getDirectiveValues,
  getNamedType,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isObjectType,
  Kind,
} from 'graphql';
import { planOf } from './field-plan.js';

type Info = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues' | 'fieldNodes' | 'returnType'>;
type Selected = Map<string, FieldNode[]>;

const isWanted = (
  node: Parameters<typeof getDirectiveValues>[1],
  variables: Record<string, unknown>,
): boolean =>
  node.directives === undefined ||
  node.directives.length === 0 ||
  (getDirectiveValues(GraphQLSkipDirective, node, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.['if'] !== false);

/** Adds the fields a selection set asks of a type: fragments opened, `@skip` and `@include` obeyed. */
function select(set: SelectionSetNode, type: GraphQLObjectType, info: Info, into: Selected): void {
  for (const node of set.selections) {
    if (!isWanted(node, info.variableValues)) continue;
    if (node.kind === Kind.FIELD) {
      const name = node.name.value;
      const nodes = into.get(name);
      if (nodes) nodes.push(node);
      else into.set(name, [node]);
      continue;
    }
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? info.fragments[node.name.value] : node;
    if (!fragment) continue;
    const condition = fragment.typeCondition && info.schema.getType(fragment.typeCondition.name.value);
    const fits =
      !condition ||
      condition === type ||
      (isAbstractType(condition) && info.schema.isSubType(condition, type));
    if (fits) select(fragment.selectionSet, type, info, into);
  }
}

const selectAll = (nodes: readonly FieldNode[], type: GraphQLObjectType, info: Info): Selected => {
  const selected: Selected = new Map();
  for (const node of nodes) if (node.selectionSet) select(node.selectionSet, type, info, selected);
  return selected;
};

const objectType = (type: unknown): GraphQLObjectType | undefined => {
  const named = getNamedType(type as Parameters<typeof getNamedType>[0]);
  return isObjectType(named) ? named : undefined;
};

/** The object type and merged nodes at the end of a path of fields below the current one. */
function descend(
  info: Info,
  path: readonly string[],
): { type: GraphQLObjectType; nodes: readonly FieldNode[] } | undefined {
  let type = objectType(info.returnType);
  let nodes: readonly FieldNode[] = info.fieldNodes;
  for (const step of path) {
    if (!type) return undefined;
    nodes = selectAll(nodes, type, info).get(step) ?? [];
    if (nodes.length === 0) return undefined;
    type = objectType(type.getFields()[step]?.type);
  }
  return type && { type, nodes };
}

/** Whether a field below the current one, at the end of a path of fields, is selected; it may be a leaf. */
export function isSelected(info: Info, ...path: readonly string[]): boolean {
  const found = descend(info, path.slice(0, -1));
  return found !== undefined && selectAll(found.nodes, found.type, info).has(path.at(-1)!);
}

/**
 * The stored fields that the selection below the current field needs; undefined when a field does not say what it
 * reads, which means the whole document. The names are those of the stored classes, in both endpoints.
 *
 * @param paths where the documents are: the field's own value by default, `['nodes'], ['edges', 'node']` for a connection.
 */
export function wantedFields(
  info: Info,
  paths: readonly (readonly string[])[] = [[]],
): readonly string[] | undefined {
  const wanted = new Set<string>();
  for (const path of paths) {
    const found = descend(info, path);
    if (!found) continue;
    const fields = found.type.getFields();
    for (const name of selectAll(found.nodes, found.type, info).keys()) {
      if (name === '__typename') continue;
      const needs = fields[name] && planOf(fields[name])?.needs;
      if (!needs) return undefined;
      for (const need of needs) wanted.add(need);
    }
  }
  // In one order, so that the same selection written in another order is the same load.
  return [...wanted].sort();
}
