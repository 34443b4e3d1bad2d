import type { ApolloServerPlugin } from '@apollo/server';
import type { FormattedExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { RequestScope } from '../request-scope.js';

type Stringify = (answer: FormattedExecutionResult) => string | Promise<string>;

/** What Apollo hands on as it is to whoever writes the answer, of which it makes another object. */
const partOf = ({ data, errors }: FormattedExecutionResult): object => data ?? errors ?? {};

/**
 * Logs why an answer could not be written, under its request's id: Apollo answers it with 500, tells it to no plugin, and
 * writes it without a word of whose it is.
 */
export function logUnwritten(stringify: Stringify, logger: Logger) {
  const requestIds = new WeakMap<object, string>();
  const plugin: ApolloServerPlugin<RequestScope> = {
    requestDidStart: async () => ({
      willSendResponse: async ({ response: { body }, contextValue: { requestId } }) => {
        if (body.kind === 'single') requestIds.set(partOf(body.singleResult), requestId);
      },
    }),
  };
  const stringifyResult: Stringify = async (answer) => {
    try {
      return await stringify(answer);
    } catch (error) {
      logger.error({ reqId: requestIds.get(partOf(answer)), err: error }, 'an answer could not be written');
      throw error;
    }
  };
  return { plugin, stringifyResult };
}
