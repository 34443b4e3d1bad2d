import config from '../../bulkhead.config.js';
import { LEAKS } from '../siege/bodies.js';
import type { Reply } from '../support/clients.js';
import { type Answer, isGood } from './traffic.js';

/** How a request may be refused while its database cannot be reached as it should. */
const NAMED = new Set(['PRODUCT_UNAVAILABLE', 'DEADLINE_EXCEEDED']);
/** On top of the deadline: what lies between client and gateway, on a machine that everything here shares. */
const MARGIN_MS = 500;
/** Words of the driver about its connections, and addresses of them. */
const DRIVER = /127\.0\.0\.1|connection \d|<monitor>|topology|server selection|PoolCleared|socket/i;
/** When the machine does not keep up, everybody is refused, and a product has no place or connection left for its own load. */
const PRESSED = /has more to do than it can/;
const FULL = /aviation is not available\. It is full|All its connections are busy/;

/** The latest that an answer of the blog may come. */
const LATEST_MS = config.products['blog']!.limits.deadlineMs + MARGIN_MS;

/** Whether the gateway refused everybody when this was asked. */
export const isPressed = ({ body }: Reply): boolean => PRESSED.test(JSON.stringify(body) ?? '');

/** What is wrong with an answer of the blog; undefined where nothing is. */
export function wrongIn({ kind, phase, tookMs, reply }: Answer): string | undefined {
  const text = JSON.stringify(reply.body ?? reply.error);
  const errors = (reply.body?.errors ?? []) as readonly GraphQLError[];
  const isRefusal =
    errors.length > 0 &&
    errors.every(({ extensions }) => NAMED.has(extensions?.code ?? '')) &&
    (reply.retryAfter !== undefined ||
      errors.every(({ extensions }) => extensions?.retryAfterSeconds !== undefined)) &&
    !LEAKS.test(text) &&
    !DRIVER.test(JSON.stringify(errors));
  if ((isGood(reply) || isRefusal) && tookMs <= LATEST_MS) return undefined;
  return `${phase || 'in between'}: ${kind} answered ${reply.status} after ${tookMs} ms: ${text.slice(0, 400)}`;
}

/** An answer of the other product that is neither good nor refused for its own load: an error of the blog's making. */
export function crossedIn({ kind, phase, reply }: Answer): string | undefined {
  const text = JSON.stringify(reply.body ?? reply.error);
  if (isGood(reply) || PRESSED.test(text) || FULL.test(text)) return undefined;
  return `${phase || 'in between'}: ${kind} of the other product answered ${reply.status}: ${text.slice(0, 400)}`;
}

interface GraphQLError {
  readonly extensions?: { readonly code?: string; readonly retryAfterSeconds?: number };
}
