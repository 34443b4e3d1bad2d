import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import type { Logger } from 'pino';
import { unwrapResolverError } from '@apollo/server/errors';
import { formatError, isPublic } from './error-format.js';
import { depthLimit, MAX_DEPTH, MAX_TOKENS } from './depth-limit.js';
import type { GraphTarget } from './graph-target.js';
import { legacyStatus } from './legacy-status.js';
import type { RequestScope } from './request-scope.js';

/** How a graph is served. */
export interface ApolloOptions {
  readonly production: boolean;
  readonly introspection: boolean;
  readonly logger: Logger;
  /** Root fields of the composed graph that are namespaces. */
  readonly namespaces: ReadonlySet<string>;
  readonly plugins: readonly ApolloServerPlugin<RequestScope>[];
}

/** Logs what is masked, whole, under the request's id; errors of the catalogue are the client's affair. */
const logUnexpected = (logger: Logger): ApolloServerPlugin<RequestScope> => ({
  requestDidStart: async () => ({
    didEncounterErrors: async ({ errors, contextValue, operationName }) => {
      for (const error of errors) {
        const original = unwrapResolverError(error) as Error & { extensions?: { code?: unknown } };
        if (isPublic(error.extensions['code']) || isPublic(original.extensions?.code)) continue;
        logger.error(
          { requestId: contextValue.requestId, operationName, path: error.path, err: original },
          'unexpected error',
        );
      }
    },
  }),
});

/**
 * Apollo Server over one graph. Operations run through the gateway seam, where masking and hooks still apply
 * (`responseForOperation` would skip them); the cache-control plugin is off, since it wraps every field.
 */
export function createApollo(target: GraphTarget, options: ApolloOptions): ApolloServer<RequestScope> {
  return new ApolloServer<RequestScope>({
    gateway: {
      onSchemaLoadOrUpdate(callback) {
        callback({ apiSchema: target.schema, coreSupergraphSdl: '' });
        return () => {};
      },
      load: async () => ({
        executor: (incoming) =>
          target.execute({
            document: incoming.document,
            definition: incoming.operation,
            variables: incoming.request.variables ?? {},
            request: incoming.context as RequestScope,
          }),
      }),
      stop: async () => {},
    },
    introspection: options.introspection,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: options.production,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [depthLimit(MAX_DEPTH, options.namespaces)],
    formatError,
    logger: options.logger,
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      legacyStatus,
      logUnexpected(options.logger),
      ...options.plugins,
    ],
  });
}
