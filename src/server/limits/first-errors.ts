import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestScope } from '../request-scope.js';

/** As many as a person mends at a time; graphql-js would list a hundred, each many times as long as what caused it. */
export const SHOWN = 5;

/** Shows the first errors of a document that is not executed, so that nonsense costs little to answer. */
export const firstErrors: ApolloServerPlugin<RequestScope> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body } }) => {
      if (body.kind !== 'single' || body.singleResult.data !== undefined) return;
      const { errors } = body.singleResult;
      if (errors && errors.length > SHOWN) body.singleResult.errors = errors.slice(0, SHOWN);
    },
  }),
};
