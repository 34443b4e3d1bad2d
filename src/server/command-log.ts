import type { mongo } from 'mongoose';
import type { Logger } from 'pino';
import { originOf, OWN_FIELD, tailOf } from '../monitor/comment.js';
import { documentsIn } from '../monitor/recorder.js';
import type { ProductRuntime } from './product-runtime.js';

/** Commands that have not been answered: what is lost when a connection breaks must not pile up. */
const MOST_PENDING = 10_000;

/**
 * Logs each command of a product by the request that it serves, without its values. For looking closely: commands carry
 * the request's id in their comments from now on, so that the server's own log names it too, and loads of different
 * requests share no command.
 */
export function logCommands(runtime: ProductRuntime, logger: Logger): void {
  runtime.namesRequests = true;
  runtime.watchers.push({ observe: (client) => observe(client, runtime.name, logger) });
}

function observe(client: mongo.MongoClient, product: string, logger: Logger): void {
  const pending = new Map<string, string>();
  const keyOf = ({ connectionId, requestId }: { connectionId?: unknown; requestId: number }) =>
    `${String(connectionId)}:${requestId}`;
  const ended = (
    event: mongo.CommandSucceededEvent | mongo.CommandFailedEvent,
    facts: { readonly documents?: number; readonly failed?: true },
  ): void => {
    const comment = pending.get(keyOf(event));
    if (comment === undefined) return;
    pending.delete(keyOf(event));
    const { operation, field } = originOf(comment);
    if (field === OWN_FIELD) return;
    logger.debug(
      {
        reqId: tailOf(comment, 'request'),
        product,
        operation,
        field,
        command: event.commandName,
        ms: event.duration,
        ...facts,
      },
      'command',
    );
  };
  client.on('commandStarted', (event) => {
    const comment: unknown = event.command['comment'];
    if (typeof comment !== 'string') return;
    if (pending.size >= MOST_PENDING) pending.clear();
    pending.set(keyOf(event), comment);
  });
  client.on('commandSucceeded', (event) => ended(event, { documents: documentsIn(event.reply) }));
  client.on('commandFailed', (event) => ended(event, { failed: true }));
}
