import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import { type DocumentNode, type ExecutionResult, GraphQLError, Kind } from 'graphql';
import type { Logger } from 'pino';
import { formatError, shownOf } from './answers/error-format.js';
import { firstErrors, SHOWN } from './limits/first-errors.js';
import type { GraphTarget, IncomingOperation } from './graph-target.js';
import { executeTraced, isTracing } from './telemetry/traces.js';
import { legacyStatus } from './answers/legacy-status.js';
import { stringifyWithin } from './limits/answer-size.js';
import { checkPersistedQuery, createPersistedQueryStore } from './operations/persisted-queries.js';
import type { RequestScope } from './request-scope.js';
import { operationSize } from './limits/operation-size.js';
import { retryAfter } from './answers/retry-after.js';
import { sealResult } from './answers/seal-result.js';
import { logUnwritten } from './limits/unwritten-answers.js';

/**
 * Parsed documents that one graph keeps, by the length of their JSON and of their text: some hundreds. Kept, one takes
 * many times that, with its tokens; Apollo's own 30 MiB let clients that make up documents fill the heap.
 */
const DOCUMENTS_BYTES = 4 * 1024 * 1024;
/** In JSON a place is two numbers, in memory it holds the whole text. */
const weightOf = (document: DocumentNode): number =>
  JSON.stringify(document).length + (document.loc?.source.body.length ?? 0);

/** How a graph is served. */
export interface ApolloOptions {
  readonly production: boolean;
  readonly introspection: boolean;
  readonly logger: Logger;
  /** Root fields of the composed graph that are namespaces. */
  readonly namespaces: ReadonlySet<string>;
  readonly plugins: readonly ApolloServerPlugin<RequestScope>[];
}

/**
 * Logs what is masked, whole, under the request's id; errors of the catalogue are the client's affair. Which operation
 * it was is told by its hash and the schema's own field, since names and aliases are the client's words.
 */
const logUnexpected = (logger: Logger): ApolloServerPlugin<RequestScope> => ({
  requestDidStart: async () => ({
    didEncounterErrors: async ({ errors, contextValue, operation, queryHash }) => {
      for (const error of errors) {
        if (shownOf(error)) continue;
        const node = error.nodes?.[0];
        logger.error(
          {
            reqId: contextValue.requestId,
            operation: operation?.operation,
            queryHash,
            field: node?.kind === Kind.FIELD ? node.name.value : undefined,
            err: unwrapResolverError(error),
          },
          'unexpected error',
        );
      }
    },
  }),
  unexpectedErrorProcessingRequest: async ({ requestContext: { contextValue }, error }) =>
    logger.error({ reqId: contextValue.requestId, err: error }, 'unexpected error'),
});

/** Apollo gives it the code and the status; graphql-js would say the same if it were asked to execute. */
const noOperation = (name: string | undefined): ExecutionResult => ({
  errors: [
    new GraphQLError(
      name
        ? 'The document has no operation of the name given.'
        : 'The document has not exactly one operation: give `operationName`.',
    ),
  ],
});

const executeAlone = (target: GraphTarget, operation: IncomingOperation) => target.execute(operation);

/**
 * Apollo Server over one graph. Operations run through the gateway seam, where masking and hooks still apply
 * (`responseForOperation` would skip them); the cache-control plugin is off, since it wraps every field.
 */
export function createApollo(target: GraphTarget, options: ApolloOptions): ApolloServer<RequestScope> {
  const hideSuggestions = options.production || !options.introspection;
  const unwritten = logUnwritten(
    stringifyWithin(target.limits.answerBytes, target.product?.name ?? target.path),
    options.logger,
  );
  const execute = isTracing() ? executeTraced : executeAlone;
  return new ApolloServer<RequestScope>({
    gateway: {
      onSchemaLoadOrUpdate(callback) {
        callback({ apiSchema: target.schema, coreSupergraphSdl: '' });
        return () => {};
      },
      load: async () => ({
        executor: async (incoming) => {
          // Typed as always there; it is missing where the name fits no operation, or several ask for one.
          const definition = incoming.operation as typeof incoming.operation | undefined;
          if (!definition) return noOperation(incoming.request.operationName);
          const operation = {
            document: incoming.document,
            definition,
            variables: incoming.request.variables ?? {},
            hideSuggestions,
            request: incoming.context as RequestScope,
          };
          return sealResult(await execute(target, operation));
        },
      }),
      stop: async () => {},
    },
    introspection: options.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    // Arrays are taken apart before they come here.
    allowBatchedHttpRequests: false,
    documentStore: new InMemoryLRUCache<DocumentNode>({
      maxSize: DOCUMENTS_BYTES,
      sizeCalculation: weightOf,
    }),
    persistedQueries: { cache: createPersistedQueryStore() },
    parseOptions: { maxTokens: target.limits.tokens },
    // Apollo's own way of leaving suggestions out searches messages, which quote the client, in quadratic time.
    validationOptions: { hideSuggestions, maxErrors: SHOWN },
    validationRules: [operationSize(target.limits, options.namespaces)],
    stringifyResult: unwritten.stringifyResult,
    formatError,
    logger: options.logger,
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      checkPersistedQuery,
      legacyStatus,
      retryAfter,
      firstErrors,
      logUnexpected(options.logger),
      ...options.plugins,
      // Last: others may put other errors into the answer.
      unwritten.plugin,
    ],
  });
}
