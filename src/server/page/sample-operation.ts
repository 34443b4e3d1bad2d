import {
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { planOf } from '../../graph/field-plan.js';

const isOpen = (field: GraphQLField<unknown, unknown>) => !field.args.some(isRequiredArgument);
const objectOf = (field: GraphQLField<unknown, unknown>): GraphQLObjectType | undefined => {
  const type = getNamedType(field.type);
  return isObjectType(type) ? type : undefined;
};

const leaves = (type: GraphQLObjectType): string[] =>
  Object.values(type.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) && isOpen(field))
    .map((field) => field.name)
    .filter((name) => !['createdAt', 'updatedAt', 'body'].includes(name))
    .slice(0, 4);

/** A list to look at: its leaves, and the first reference's leaves. */
function nodeSelection(type: GraphQLObjectType, indent: string): string {
  const reference = Object.values(type.getFields()).find((field) => {
    const target = objectOf(field);
    return target && isOpen(field) && planOf(field) && 'id' in target.getFields();
  });
  const lines = [...leaves(type)];
  if (reference) lines.push(`${reference.name} { ${leaves(objectOf(reference)!).join(' ')} }`);
  return lines.map((line) => `${indent}${line}\n`).join('');
}

function rootSelection(root: GraphQLObjectType, indent: string): string | undefined {
  for (const field of Object.values(root.getFields())) {
    const nodes = objectOf(field)?.getFields()['nodes'];
    if (!nodes || !isOpen(field)) continue;
    return `${indent}${field.name}(first: 3) {\n${indent}  nodes {\n${nodeSelection(objectOf(nodes)!, `${indent}    `)}${indent}  }\n${indent}}\n`;
  }
  return undefined;
}

/** An operation that answers something on any graph of this gateway: the first list of each product. */
export function sampleOperation(schema: GraphQLSchema): string {
  const root = schema.getQueryType()!;
  const own = rootSelection(root, '  ');
  if (own) return `query First {\n${own}}\n`;
  const parts = Object.values(root.getFields()).flatMap((field) => {
    const namespace = objectOf(field);
    const inner = namespace && rootSelection(namespace, '    ');
    return inner ? [`  ${field.name} {\n${inner}  }\n`] : [];
  });
  return `query First {\n${parts.join('') || '  __typename\n'}}\n`;
}
