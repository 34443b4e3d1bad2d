import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import { getNamedType, isObjectType } from 'graphql';
import { planOf } from './field-plan.js';
import { collectFields } from './selection.js';

type Info = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues' | 'fieldNodes' | 'returnType'>;

/**
 * The fields that nodes of one type ask for, by their names in the schema: aliases of a field come together. The nodes may
 * be aliases themselves, so that one response key stands for different fields below them.
 */
function select(nodes: readonly FieldNode[], type: GraphQLObjectType, info: Info): Map<string, FieldNode[]> {
  const scope = { schema: info.schema, fragments: info.fragments, variables: info.variableValues };
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const byName = new Map<string, FieldNode[]>();
  for (const found of collectFields(scope, type, sets).values())
    for (const node of found) {
      const known = byName.get(node.name.value);
      if (known) known.push(node);
      else byName.set(node.name.value, [node]);
    }
  return byName;
}

const namedType = (type: unknown) => getNamedType(type as Parameters<typeof getNamedType>[0]);

/** The type and merged nodes at the end of a path of fields below the current one; undefined when it is not selected. */
function descend(info: Info, path: readonly string[]) {
  let type = namedType(info.returnType);
  let nodes: readonly FieldNode[] = info.fieldNodes;
  for (const step of path) {
    if (!isObjectType(type)) return undefined;
    nodes = select(nodes, type, info).get(step) ?? [];
    if (nodes.length === 0) return undefined;
    type = namedType(type.getFields()[step]?.type);
  }
  return { type, nodes };
}

/** Whether a field below the current one, at the end of a path of fields, is selected; it may be a leaf. */
export function isSelected(info: Info, ...path: readonly string[]): boolean {
  const found = descend(info, path.slice(0, -1));
  return isObjectType(found?.type) && select(found.nodes, found.type, info).has(path.at(-1)!);
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
    // Which of its types a union's or interface's documents are is known only when they are here.
    if (!isObjectType(found.type)) return undefined;
    const fields = found.type.getFields();
    for (const name of select(found.nodes, found.type, info).keys()) {
      if (name === '__typename') continue;
      const needs = fields[name] && planOf(fields[name])?.needs;
      if (!needs) return undefined;
      for (const need of needs) wanted.add(need);
    }
  }
  // In one order, so that the same selection written in another order is the same load.
  return [...wanted].sort();
}
