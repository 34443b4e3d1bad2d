import { type ExecutionResult, GraphQLError } from 'graphql';

/**
 * The same error with other extensions. Compiled queries report errors whose properties cannot be written and which
 * may have no extensions at all, so the error is covered rather than changed or copied.
 */
const withExtensions = (error: GraphQLError, extensions: Record<string, unknown>): GraphQLError =>
  Object.create(error, { extensions: { value: extensions, enumerable: true } }) as GraphQLError;

/** What a resolver's error carries, without `http`: an executed operation is 200 whatever some library has thrown. */
function ownExtensions(error: GraphQLError): Record<string, unknown> {
  try {
    const { http: _, ...extensions } = { ...error.extensions };
    return extensions;
  } catch {
    return {};
  }
}

/**
 * A result that Apollo can take as it is: variables that do not fit are `BAD_USER_INPUT` also where graphql-js gave
 * up counting them, and no error of a resolver speaks for the HTTP response.
 */
export function sealResult(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  const wasExecuted = result.data !== undefined;
  return {
    ...result,
    errors: result.errors.map((error) => {
      if (wasExecuted) return withExtensions(error, ownExtensions(error));
      return error.extensions?.['code']
        ? error
        : withExtensions(error, { ...error.extensions, code: 'BAD_USER_INPUT' });
    }),
  };
}
