import {
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  type VariableDefinitionNode,
} from 'graphql';

/** As a client sends them, by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** As many as a person mends at a time. */
const MOST_ERRORS = 5;
/** Of a value in a message. */
const MOST_CHARACTERS = 60;

/** Enough errors were found. */
class Enough extends Error {}

/** A value in short: a whole one, printed for every error in it, is the square of what a client has sent. */
function inShort(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string' || value.length <= MOST_CHARACTERS) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, MOST_CHARACTERS)).slice(0, -1)}…"`;
}

const isGiven = (given: Variables, name: string): boolean => Object.hasOwn(given, name);

/**
 * Those of the given variables that an operation declares, and no others: a client may send a hundred thousand, and
 * whoever copies them would copy all.
 */
export const declaredVariables = (
  definitions: readonly VariableDefinitionNode[],
  given: Variables,
): Variables =>
  Object.fromEntries(
    definitions.flatMap(({ variable: { name } }) =>
      isGiven(given, name.value) ? [[name.value, given[name.value]] as const] : [],
    ),
  );

/**
 * The values of an operation's variables, or the first {@link MOST_ERRORS} errors in them: graphql-js's own
 * `getVariableValues`, but for the length of its messages, which hold the whole value once per error.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  given: Variables,
  hideSuggestions: boolean,
): { readonly coerced: Record<string, unknown> } | { readonly errors: readonly GraphQLError[] } {
  // Without a prototype, so that no name is special.
  const coerced = Object.create(null) as Record<string, unknown>;
  const errors: GraphQLError[] = [];
  const report = (
    message: string,
    definition: VariableDefinitionNode,
    originalError?: GraphQLError,
  ): void => {
    errors.push(new GraphQLError(message, { nodes: definition, ...(originalError && { originalError }) }));
    if (errors.length === MOST_ERRORS) throw new Enough();
  };
  try {
    for (const definition of definitions) {
      const name = definition.variable.name.value;
      const type = typeFromAST(schema, definition.type) as GraphQLInputType | undefined;
      // Validation has seen to it.
      if (!isInputType(type)) throw new TypeError(`$${name} is of no input type.`);
      if (!isGiven(given, name)) {
        if (definition.defaultValue) coerced[name] = valueFromAST(definition.defaultValue, type);
        else if (isNonNullType(type))
          report(`Variable "$${name}" of required type "${type.toString()}" was not provided.`, definition);
        continue;
      }
      const value = given[name];
      if (value === null && isNonNullType(type)) {
        report(`Variable "$${name}" of non-null type "${type.toString()}" must not be null.`, definition);
        continue;
      }
      const onError = (path: readonly (string | number)[], wrong: unknown, error: GraphQLError) => {
        const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
        const where = place && ` at "${name}${place}"`;
        report(
          `Variable "$${name}" got invalid value ${inShort(wrong)}${where}; ${error.message}`,
          definition,
          error,
        );
      };
      coerced[name] = coerceInputValue(value, type, onError, hideSuggestions);
    }
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  return errors.length > 0 ? { errors } : { coerced };
}
