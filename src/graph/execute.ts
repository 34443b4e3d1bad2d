import {
  type DocumentNode,
  execute as interpret,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type ValueNode,
  visit,
} from 'graphql';
import { compile, type CompiledQuery } from './compile.js';
import { type Holder, KeptQueries } from './kept-queries.js';
import { type MutationStep, mutationSteps } from './mutation-steps.js';
import { fragmentsOf, type SelectionScope } from './selection.js';
import { coerceVariables, declaredVariables, type Variables } from './variables.js';

/** An operation that was parsed, validated and let in. */
export interface Operation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly variables: Variables;
  /** Leaves out of errors which names of the schema are near to a wrong one. Default: they are told. */
  readonly hideSuggestions?: boolean;
  /** A context for resolvers; a mutation asks for one per root field. */
  readonly context: (fieldName?: string) => unknown;
}

/** Compiling takes milliseconds, so a query is compiled when it is seen again, and a large one when it is seen often. */
const COMPILE_AT = 2;
const FIELDS_PER_TIME = 30;
/** Of all executors. */
const kept = new KeptQueries();
/** Forms of one document, by the variables that shape it; more than that are interpreted. */
const MOST_FORMS = 8;

/** More tell nobody more, and each costs a hundred times what a value does. */
const MOST_ERRORS = 100;

/** Documents are data: a property is handed over, and never called with the context of an operation. */
const property: GraphQLFieldResolver<unknown, unknown> = (source, _args, _context, { fieldName }) =>
  (source as Record<string, unknown> | null | undefined)?.[fieldName];

/**
 * Executes operations of one schema: queries compiled (graphql-jit) once they repeat, mutations one root field after
 * another on graphql-js.
 */
export class Executor {
  readonly #schema: GraphQLSchema;
  // Keyed by the parsed node: the server's document cache is bounded, and with it go the compiled queries.
  readonly #seen = new WeakMap<
    OperationDefinitionNode,
    { readonly shaping: Shaping; readonly forms: Map<string, Holder> }
  >();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  async execute(operation: Operation): Promise<ExecutionResult> {
    return withFewErrors(await this.#execute(operation));
  }

  async #execute(operation: Operation): Promise<ExecutionResult> {
    const { document, definition, hideSuggestions = false } = operation;
    const schema = this.#schema;
    const definitions = definition.variableDefinitions ?? [];
    const variables = declaredVariables(definitions, operation.variables);
    const read = coerceVariables(schema, definitions, variables, hideSuggestions);
    if ('errors' in read) return read;
    const scope = { schema, fragments: fragmentsOf(document), variables: read.coerced };
    if (definition.operation === OperationTypeNode.MUTATION)
      return this.#mutate({ ...operation, variables }, scope);
    const compiled = this.#compiled(operation, scope);
    const context = operation.context();
    return compiled
      ? compiled(context, variables)
      : this.#interpret(definition, document, variables, context);
  }

  async #mutate(operation: Operation, scope: SelectionScope): Promise<ExecutionResult> {
    // Without a prototype, so that no response key is special.
    const data = Object.create(null) as Record<string, unknown>;
    const errors: GraphQLError[] = [];
    let steps: readonly MutationStep[];
    try {
      steps = mutationSteps(operation.definition, scope);
    } catch (error) {
      // A directive whose `if` is null.
      if (error instanceof GraphQLError) return { data: null, errors: [error] };
      throw error;
    }
    const { definition, variables } = operation;
    for (const { document, fieldName } of steps) {
      const result = await this.#interpret(definition, document, variables, operation.context(fieldName));
      if (result.errors) errors.push(...result.errors);
      Object.assign(data, result.data);
    }
    return errors.length > 0 ? { data, errors } : { data };
  }

  #interpret(
    definition: OperationDefinitionNode,
    document: DocumentNode,
    variableValues: Variables,
    contextValue: unknown,
  ) {
    return interpret({
      schema: this.#schema,
      document,
      operationName: definition.name?.value,
      variableValues,
      contextValue,
      fieldResolver: property,
    });
  }

  #compiled({ document, definition }: Operation, scope: SelectionScope): CompiledQuery | null | undefined {
    let seen = this.#seen.get(definition);
    if (!seen) {
      seen = { shaping: shapingOf(document), forms: new Map() };
      this.#seen.set(definition, seen);
    }
    const { shaping, forms } = seen;
    const key = formOf(shaping, scope.variables);
    let form = forms.get(key);
    if (!form) {
      if (forms.size >= MOST_FORMS) return null;
      form = { times: 0 };
      forms.set(key, form);
    }
    form.times += 1;
    if (form.run === undefined && form.times >= COMPILE_AT)
      form.run = compile(definition, scope, FIELDS_PER_TIME * form.times);
    kept.use(form);
    return form.run;
  }
}

/** The first errors, and how many there are beside them: a list may have one at each of its thousand places. */
function withFewErrors(result: ExecutionResult): ExecutionResult {
  const { errors = [], extensions } = result;
  if (errors.length <= MOST_ERRORS) return result;
  return {
    ...result,
    errors: errors.slice(0, MOST_ERRORS),
    extensions: { ...extensions, moreErrors: errors.length - MOST_ERRORS },
  };
}

/** The variables that shape a document: those of directives by value, those inside literals by being there. */
interface Shaping {
  readonly conditions: ReadonlySet<string>;
  readonly inside: ReadonlySet<string>;
}

function shapingOf(document: DocumentNode): Shaping {
  const conditions = new Set<string>();
  const inside = new Set<string>();
  const variableIn = (value: ValueNode, into: Set<string>) => {
    if (value.kind === Kind.VARIABLE) into.add(value.name.value);
  };
  visit(document, {
    Directive: ({ arguments: given = [] }) => given.forEach(({ value }) => variableIn(value, conditions)),
    ListValue: ({ values }) => values.forEach((value) => variableIn(value, inside)),
    ObjectField: ({ value }) => variableIn(value, inside),
  });
  return { conditions, inside };
}

const formOf = ({ conditions, inside }: Shaping, variables: Readonly<Record<string, unknown>>): string =>
  [
    ...[...conditions].map((name) => String(variables[name])),
    ...[...inside].map((name) => (variables[name] === null ? 'null' : typeof variables[name])),
  ].join();
