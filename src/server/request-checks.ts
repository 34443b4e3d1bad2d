import type { FastifyRequest } from 'fastify';
import { badRequest } from './refusals.js';

const ACCEPTABLE = new Set(['*/*', 'application/*', 'application/json', 'application/graphql-response+json']);

/** Whether an answer of ours is welcome. Asked first: a mutation must not take effect and then be answered 406. */
function isAcceptable(accept: string | undefined): boolean {
  if (!accept?.trim()) return true;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return ACCEPTABLE.has(type) && !parameters.some((one) => /^q=0(?:\.0*)?$/.test(one));
  });
}

const isUtf8 = (contentType: string | undefined): boolean => {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
};

/** What is wrong with a request before anybody looks at who sent it; undefined when nothing is. */
export function requestProblem(request: FastifyRequest): ReturnType<typeof badRequest> | undefined {
  const { method, headers, url, protocol, hostname } = request;
  if (method !== 'GET' && method !== 'POST') return badRequest(405);
  if (!isAcceptable(headers.accept)) return badRequest(406);
  if (method === 'POST' && !isUtf8(headers['content-type'])) return badRequest(415);
  // The integration makes a URL of these.
  if (!URL.canParse(url, `${protocol}://${hostname}/`))
    return badRequest(400, 'The Host header is missing or is no host.');
  return undefined;
}
