import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestScope } from '../request-scope.js';

const isEmpty = (data: Readonly<Record<string, unknown>> | null | undefined): boolean =>
  Object.values(data ?? {}).every((value) => value === null);

/**
 * Sends `Retry-After` also with an operation that was executed, where each field was refused with a time to wait and
 * nothing else was answered: the longest of them. Beside data the times stand in the errors alone.
 */
export const retryAfter: ApolloServerPlugin<RequestScope> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body, http } }) => {
      if (body.kind !== 'single') return;
      const { errors = [], data } = body.singleResult;
      const times = errors.flatMap(({ extensions }) => {
        const seconds = extensions?.['retryAfterSeconds'];
        return typeof seconds === 'number' ? [seconds] : [];
      });
      if (times.length > 0 && times.length === errors.length && isEmpty(data))
        http.headers.set('retry-after', String(Math.max(...times)));
    },
  }),
};
