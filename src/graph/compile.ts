/**
 * Queries compiled by graphql-jit 0.8.9.
 *
 * What it compiles is fast, but it reads documents worse than graphql-js: conditions of `@skip` and `@include` leak
 * between the places where a fragment is spread, a skipped spread hides the same one after it, nested fragments cost
 * exponential time, and defaults of variables are lost or turned to text. So graphql-js's reading is done first: a
 * document is reduced to what its variables leave of it, without fragments, directives and defaults. What it cannot
 * run like graphql-js is left to graphql-js: the tests compare the two.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type ArgumentNode,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  getNamedType,
  getNullableType,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { collectFields, type SelectionScope } from './selection.js';

/** A compiled query. `variables` are those of the client, found good before. */
export interface CompiledQuery {
  (
    context: unknown,
    variables: Readonly<Record<string, unknown>>,
  ): ExecutionResult | Promise<ExecutionResult>;
  /** What was compiled, fragments opened: it weighs as much. */
  readonly fields: number;
}

/** A larger document is left to graphql-js: a field takes 0.15 ms to compile, in one piece. */
const MOST_FIELDS = 300;

/** A document that graphql-jit would run otherwise than graphql-js. */
class NotCompilable extends Error {}
/** One that has more fields than are to be compiled now. */
class TooLarge extends Error {}

/**
 * Compiles what its variables leave of a query (`formOf` says which matter).
 *
 * @param mostFields what it is worth so far. Default: 300, the most that is compiled at all.
 * @returns null when it is always to be interpreted, undefined when it is not worth it yet.
 */
export function compile(
  operation: OperationDefinitionNode,
  scope: SelectionScope,
  mostFields = MOST_FIELDS,
): CompiledQuery | null | undefined {
  let reduced: Reduced;
  try {
    reduced = reduce(operation, scope, Math.min(mostFields, MOST_FIELDS));
  } catch (error) {
    if (error instanceof TooLarge) return mostFields < MOST_FIELDS ? undefined : null;
    // A directive whose `if` is null is graphql-js's to report.
    if (error instanceof NotCompilable || error instanceof GraphQLError) return null;
    throw error;
  }
  const { document, fields } = reduced;
  const compiled = compileQuery(scope.schema, document, undefined, { disablingCapturingStackErrors: true });
  if (!isCompiledQuery(compiled)) return null;
  const defaults = defaultsOf(operation);
  const run = (context: unknown, variables: Readonly<Record<string, unknown>>) =>
    compiled.query({}, context, { ...defaults, ...variables });
  return Object.assign(
    (context: unknown, variables: Readonly<Record<string, unknown>>) => {
      const result = run(context, variables);
      return result instanceof Promise ? result.then(oneErrorPerNull) : oneErrorPerNull(result);
    },
    { fields },
  );
}

/** The variables' defaults as a client would send them. */
const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const] : [],
    ),
  );

/** What is left of a document. */
interface Reduced {
  readonly document: DocumentNode;
  readonly fields: number;
}

function reduce(operation: OperationDefinitionNode, scope: SelectionScope, mostFields: number): Reduced {
  let count = 0;
  const resolverNames = new Map<string, GraphQLObjectType>();

  const select = (type: GraphQLObjectType, sets: readonly SelectionSetNode[]): SelectionSetNode => ({
    kind: Kind.SELECTION_SET,
    selections: [...collectFields(scope, type, sets)].map(([key, nodes]) => field(type, key, nodes)),
  });
  const field = (type: GraphQLObjectType, key: string, nodes: readonly FieldNode[]): FieldNode => {
    const { directives: _, selectionSet: __, ...node } = nodes[0]!;
    const name = node.name.value;
    count += 1;
    if (count > mostFields) throw new TooLarge();
    if (key === '__typename' && name === key) return node;
    const definition = type.getFields()[name];
    // Introspection; and paths are told apart by joining their keys with "_".
    if (!definition || key.includes('_')) throw new NotCompilable();
    // Resolvers are told apart by joining type and field: `Us.ername` would meet `User.name`.
    const owner = resolverNames.get(type.name + name) ?? type;
    resolverNames.set(type.name + name, owner);
    if (owner !== type) throw new NotCompilable();
    const given = (node.arguments ?? []).map((one) => ({ ...one, value: filled(one.value, scope) }));
    for (const argument of given) checkLiteral(argument, definition.args);

    const below = getNamedType(definition.type);
    // A `resolveType` that throws would end the process.
    if (isAbstractType(below)) throw new NotCompilable();
    if (!isObjectType(below)) return { ...node, arguments: given };
    return {
      ...node,
      arguments: given,
      selectionSet: select(
        below,
        nodes.flatMap((one) => one.selectionSet ?? []),
      ),
    };
  };

  const root = scope.schema.getQueryType()!;
  for (const { variable, type } of operation.variableDefinitions ?? []) {
    // Compiled code reads variables from an object with a prototype: one that is left out would be found there.
    if (variable.name.value in Object.prototype) throw new NotCompilable();
    checkInput(typeFromAST(scope.schema, type));
  }
  const { directives: _, variableDefinitions = [], ...rest } = operation;
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        ...rest,
        variableDefinitions: variableDefinitions.map(({ defaultValue: __, ...variable }) => variable),
        selectionSet: select(root, [operation.selectionSet]),
      },
    ],
  };
  return { document, fields: count };
}

/** Reading a variable whose type holds itself would be compiled without end; a default in it becomes JSON. */
function checkInput(type: GraphQLType | undefined, open: ReadonlySet<GraphQLType> = new Set()): void {
  const input = getNamedType(type);
  if (!isInputObjectType(input)) return;
  if (open.has(input)) throw new NotCompilable();
  for (const { type: below, defaultValue } of Object.values(input.getFields())) {
    if (!isDeepStrictEqual(defaultValue, asJson(defaultValue))) throw new NotCompilable();
    checkInput(below, new Set([...open, input]));
  }
}

const asJson = (value: unknown): unknown =>
  value === undefined || typeof value === 'bigint' ? undefined : JSON.parse(JSON.stringify(value));

/** A literal as the variables inside it leave it: an absent one is no field of its object, and null in its list. */
function filled(value: ValueNode, scope: SelectionScope, isInside = false): ValueNode {
  const isAbsent = (one: ValueNode) =>
    one.kind === Kind.VARIABLE && scope.variables[one.name.value] === undefined;
  if (value.kind === Kind.VARIABLE && isInside) {
    if (isAbsent(value)) return { kind: Kind.NULL };
    if (scope.variables[value.name.value] === null) throw new NotCompilable();
  }
  if (value.kind === Kind.LIST)
    return { ...value, values: value.values.map((one) => filled(one, scope, true)) };
  if (value.kind === Kind.OBJECT)
    return {
      ...value,
      fields: value.fields
        .filter((one) => !isAbsent(one.value))
        .map((one) => ({ ...one, value: filled(one.value, scope, true) })),
    };
  return value;
}

/** Literals become JSON in compiled code: a scalar that makes objects of them would get something else. */
function checkLiteral(
  argument: ArgumentNode,
  definitions: readonly { readonly name: string; readonly type: GraphQLInputType }[],
): void {
  const check = (value: ValueNode, given: GraphQLInputType | undefined): void => {
    const type = getNullableType(given);
    if (!type || value.kind === Kind.VARIABLE || value.kind === Kind.NULL) return;
    if (isListType(type)) {
      if (value.kind === Kind.LIST)
        for (const one of value.values) check(one, type.ofType as GraphQLInputType);
      else check(value, type.ofType as GraphQLInputType);
    } else if (isInputObjectType(type)) {
      if (value.kind !== Kind.OBJECT) return;
      for (const one of value.fields) check(one.value, type.getFields()[one.name.value]?.type);
    } else if (isEnumType(type) || (isScalarType(type) && !isSpecifiedScalarType(type))) {
      const parsed: unknown = type.parseLiteral(value, {});
      if (typeof parsed === 'bigint' || (typeof parsed === 'object' && !(parsed instanceof Date)))
        throw new NotCompilable();
    }
  };
  check(argument.value, definitions.find((one) => one.name === argument.name.value)?.type);
}

/** A position that became null names one error, the first: compiled code goes on where graphql-js stops. */
function oneErrorPerNull(result: ExecutionResult): ExecutionResult {
  if (!result.errors || result.errors.length < 2) return result;
  const seen = new Set<string>();
  const errors = result.errors.filter(({ path = [] }) => {
    let at: unknown = result.data;
    const reached = path.findIndex((key) => {
      if (at === null || at === undefined) return true;
      at = (at as Record<string | number, unknown>)[key];
      return false;
    });
    if (reached === -1) return true;
    const position = path.slice(0, reached).join('.');
    return !seen.has(position) && seen.add(position);
  });
  return { ...result, errors };
}
