import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ID = /^[\w.:-]{8,128}$/;

/** The request's id: the caller's `X-Request-Id` where it is one, else a new one. Written into logs, so strictly checked. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && ID.test(given) ? given : randomUUID();
}
