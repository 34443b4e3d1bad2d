import type { Logger } from 'pino';
import { originOf, OWN_FIELD, tailOf } from '../../monitor/comment.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';

/**
 * Logs each command of a product by the request that it serves, without its values. For looking closely: commands carry
 * the request's id in their comments from now on, so that the server's own log names it too, and loads of different
 * requests share no command.
 */
export function logCommands(runtime: ProductRuntime, logger: Logger): void {
  runtime.namesRequests = true;
  const { name: product, watchers } = runtime;
  watchers.push({
    command({ name, command }) {
      const comment: unknown = command['comment'];
      if (typeof comment !== 'string') return undefined;
      const { operation, field } = originOf(comment);
      if (field === OWN_FIELD) return undefined;
      return ({ ms, documents, failure }) => {
        const outcome = failure ? { failed: true } : { documents };
        const reqId = tailOf(comment, 'request');
        logger.debug({ reqId, product, operation, field, command: name, ms, ...outcome }, 'command');
      };
    },
  });
}
