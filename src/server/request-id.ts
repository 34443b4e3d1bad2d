import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { redact } from '../config/secrets.js';

const ID = /^[\w.:-]{8,128}$/;

/**
 * The request's id: the caller's `X-Request-Id` where it is one, else a new one. Written into logs, so strictly
 * checked: 8 to 128 letters, digits, `_`, `.`, `:`, `-`, and not a token sent in the wrong header.
 */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && ID.test(given) && redact(given) === given ? given : randomUUID();
}
