import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestScope } from '../request-scope.js';

const WELL_FORMED = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'OPERATION_TOO_LARGE',
]);

/**
 * GraphQL over HTTP: a client that does not know `application/graphql-response+json` gets 200 with the errors when
 * a well-formed request was not executed for what its document or variables say.
 */
export const legacyStatus: ApolloServerPlugin<RequestScope> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ request, response }) => {
      if (request.http?.headers.get('accept')?.includes('application/graphql-response+json')) return;
      if (response.body.kind !== 'single') return;
      const { errors, data } = response.body.singleResult;
      if (data === undefined && errors?.every((error) => WELL_FORMED.has(error.extensions?.['code']))) {
        response.http.status = 200;
      }
    },
  }),
};
