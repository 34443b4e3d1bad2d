import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** What the selections of one operation are read with: its schema, its fragments, the values of its variables. */
export interface SelectionScope {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The fragments of a document by name. */
export const fragmentsOf = (document: DocumentNode): Record<string, FragmentDefinitionNode> =>
  Object.fromEntries(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );

/** Whether `@skip` and `@include` leave a selection in. @throws GraphQLError for an `if` that is null. */
const isIncluded = ({ directives = [] }: SelectionNode, scope: SelectionScope): boolean =>
  directives.length === 0 ||
  (getDirectiveValues(GraphQLSkipDirective, { directives }, scope.variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, { directives }, scope.variables)?.['if'] !== false);

/** The name that a field has in the answer. */
export const responseKeyOf = ({ alias, name }: FieldNode): string => (alias ?? name).value;

/**
 * The fields that selection sets ask of a type, merged by response key: `CollectFields` of the specification. Each
 * fragment is opened once, whatever the number of its spreads.
 *
 * @throws GraphQLError for a directive whose `if` is null.
 */
export function collectFields(
  scope: SelectionScope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const opened = new Set<string>();
  const collect = (set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (!isIncluded(node, scope)) continue;
      if (node.kind === Kind.FIELD) {
        const key = responseKeyOf(node);
        const known = fields.get(key);
        if (known) known.push(node);
        else fields.set(key, [node]);
        continue;
      }
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        if (opened.has(node.name.value)) continue;
        opened.add(node.name.value);
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? scope.fragments[node.name.value] : node;
      if (fragment && fits(fragment, type, scope)) collect(fragment.selectionSet);
    }
  };
  sets.forEach(collect);
  return fields;
}

function fits(
  {
    typeCondition,
  }: Pick<FragmentDefinitionNode, never> & {
    readonly typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined;
  },
  type: GraphQLObjectType,
  { schema }: SelectionScope,
): boolean {
  if (!typeCondition) return true;
  const condition = schema.getType(typeCondition.name.value);
  return condition === type || (isAbstractType(condition) && schema.isSubType(condition, type));
}
