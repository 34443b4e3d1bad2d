import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { MASKED, refusalBody } from './error-format.js';
import { requestIdOf } from '../request-id.js';

/** The methods a graph answers. */
export const ALLOWED = 'GET, POST, OPTIONS';

/** What HTTP has a status of its own for, and the catalogue has not. */
const BAD_REQUESTS: Readonly<Record<number, string>> = {
  405: 'This is answered to GET and POST only.',
  406: 'The answer is application/graphql-response+json or application/json: accept one of them.',
  408: 'The request did not arrive in time.',
  415: 'Send application/json, in UTF-8.',
  417: 'No expectation is met but 100-continue.',
  431: 'The headers are too large.',
};

/** A request that is no GraphQL request. */
export const badRequest = (status = 400, message = 'The request is not one of GraphQL over HTTP.') => ({
  code: 'BAD_REQUEST' as const,
  status,
  message: BAD_REQUESTS[status] ?? message,
  retryAfterS: undefined,
});

/** What a request is refused with. */
export type Refusal = Pick<BulkheadError, 'status' | 'message' | 'retryAfterS'> & { readonly code: string };

/** The type of an answer that Apollo has not written. */
export const typeFor = ({ headers }: FastifyRequest): string =>
  `${headers.accept?.includes('application/graphql-response+json') ? 'application/graphql-response+json' : 'application/json'}; charset=utf-8`;

/** Answers a refusal in the shape of a GraphQL answer; an error of the catalogue has its status from there. */
export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, retryAfterS } = refusal;
  if (retryAfterS !== undefined) void reply.header('retry-after', String(retryAfterS));
  if (status === 405) void reply.header('allow', ALLOWED);
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .header('x-request-id', reply.request.id)
    .type(typeFor(reply.request))
    .send(JSON.stringify(refusalBody(refusal)));
}

const BODY_FAULTS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_BAD_URL: 'The path is not well-formed.',
};

/** Answers what the framework refuses or fails at. */
export function refuseFault(
  error: Error & { statusCode?: number; code?: string },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof BulkheadError) return refuse(reply, error);
  const status = error.statusCode ?? 500;
  if (status === 413) {
    // What comes after the limit is not read; a connection in the middle of a body is good for nothing more.
    request.raw.pause();
    void reply.header('connection', 'close');
    return refuse(reply, new BulkheadError('PAYLOAD_TOO_LARGE', 'The request body is too large.'));
  }
  if (status >= 400 && status < 500)
    return refuse(reply, badRequest(status, BODY_FAULTS[error.code ?? ''] ?? 'The request cannot be read.'));
  request.log.error({ err: error }, 'unexpected error at the edge');
  return refuse(reply, new BulkheadError('INTERNAL_SERVER_ERROR', MASKED));
}

/** Everything that Fastify itself refuses gets the body of a GraphQL answer. @param graphs the graphs' paths */
export function answerFaults(app: FastifyInstance, graphs: ReadonlySet<string>): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    // A method the framework does not know by default, such as PROPFIND.
    if (graphs.has(path)) return refuse(reply, badRequest(405));
    return refuse(reply, new BulkheadError('NOT_FOUND', `There is nothing at ${request.method} ${path}.`));
  });
  app.setErrorHandler(refuseFault);
}

const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Headers and body of a refusal after which the connection ends. */
function lastAnswer(status: number, message?: string) {
  const body = JSON.stringify(refusalBody(badRequest(status, message)));
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...(status === 405 && { Allow: ALLOWED }),
  };
  return { headers, body };
}

function writeLast(socket: Socket, status: number, message?: string): void {
  const { headers, body } = lastAnswer(status, message);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

/** Answers bytes that are not HTTP, on the socket itself: there is no request yet. */
export function refuseBytes(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) writeLast(socket, STATUSES[error.code ?? ''] ?? 400, 'This is not HTTP.');
  socket.destroy(error);
}

/** Answers what Node hands to no request handler: tunnels, and expectations that it does not know. */
export function refuseUnhandled(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Nobody else listens any more: an error would end the process.
    socket.on('error', () => {});
    // Behind an answer that is not read yet it would wait for as long as the client likes.
    if (socket.writableLength > 0) socket.destroy();
    else {
      writeLast(socket, 405);
      socket.destroySoon();
    }
  });
  server.on('checkExpectation', (request, response) => {
    const { headers, body } = lastAnswer(417);
    response.writeHead(417, { ...headers, 'X-Request-Id': requestIdOf(request) }).end(body);
  });
}
