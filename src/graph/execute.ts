import {
  type DocumentNode,
  execute as interpret,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { mutationSteps } from './mutation-steps.js';

/** An operation that was parsed, validated and let in. */
export interface Operation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** A context for resolvers; a mutation asks for one per root field. */
  readonly context: (fieldName?: string) => unknown;
}

type Run = (
  context: unknown,
  variables: Record<string, unknown>,
) => ExecutionResult | Promise<ExecutionResult>;

/** Compiling takes milliseconds, so a document is compiled when it is seen again; `null` marks one that cannot be. */
const COMPILE_AT = 2;

/**
 * Executes operations of one schema: queries compiled (graphql-jit) once they repeat, mutations one root field after
 * another on graphql-js.
 */
export class Executor {
  readonly #schema: GraphQLSchema;
  // Keyed by the parsed node: the server's document cache is bounded, and with it goes the compiled query.
  readonly #seen = new WeakMap<OperationDefinitionNode, { times: number; run?: Run | null }>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  async execute(operation: Operation): Promise<ExecutionResult> {
    const { definition, variables } = operation;
    const coerced = getVariableValues(this.#schema, definition.variableDefinitions ?? [], variables);
    if (coerced.errors) return { errors: coerced.errors };
    if (definition.operation === OperationTypeNode.MUTATION) return this.#mutate(operation);
    const compiled = this.#compiled(operation);
    const context = operation.context();
    return compiled
      ? compiled(context, { ...variables })
      : this.#interpret(operation, operation.document, context);
  }

  async #mutate(operation: Operation): Promise<ExecutionResult> {
    const data: Record<string, unknown> = {};
    const errors: GraphQLError[] = [];
    for (const { document, fieldName } of mutationSteps(operation.document, operation.definition)) {
      const result = await this.#interpret(operation, document, operation.context(fieldName));
      if (result.errors) errors.push(...result.errors);
      Object.assign(data, result.data);
    }
    return errors.length > 0 ? { data, errors } : { data };
  }

  #interpret(operation: Operation, document: DocumentNode, contextValue: unknown) {
    return interpret({
      schema: this.#schema,
      document,
      operationName: operation.definition.name?.value,
      variableValues: operation.variables,
      contextValue,
    });
  }

  #compiled({ document, definition }: Operation): Run | null | undefined {
    const seen = this.#seen.get(definition) ?? { times: 0 };
    seen.times += 1;
    this.#seen.set(definition, seen);
    if (seen.run !== undefined || seen.times < COMPILE_AT) return seen.run;
    const compiled = compileQuery(this.#schema, document, definition.name?.value, {
      disablingCapturingStackErrors: true,
    });
    seen.run = isCompiledQuery(compiled)
      ? (context, variables) => compiled.query({}, context, variables) as ReturnType<Run>
      : null;
    return seen.run;
  }
}
