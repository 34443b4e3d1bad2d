import { STATUS_CODES } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator, Viewers } from '../auth/authenticator.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { refusalBody } from './error-format.js';
import type { GraphTarget } from './graph-target.js';
import { wantsPage } from './landing-page.js';
import type { RequestScope } from './request-scope.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set before the body is read. */
    viewers: Viewers | null;
  }
}

/** How one graph is reached over HTTP. */
export interface EndpointOptions {
  readonly target: GraphTarget;
  readonly apollo: ApolloServer<RequestScope>;
  readonly authenticator: Authenticator;
  /** Refuses a caller that may not even ask, before anything is parsed. @throws BulkheadError */
  readonly admit: (viewers: Viewers) => void;
  /** The page for a browser; undefined answers 404 there. */
  readonly page: ((request: FastifyRequest) => string) | undefined;
}

/** Answers a refusal in the shape of a GraphQL answer, with the status its code has in the catalogue. */
export function refuse(reply: FastifyReply, error: BulkheadError): FastifyReply {
  if (error.retryAfterS !== undefined) void reply.header('retry-after', String(error.retryAfterS));
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer');
  const accepted = reply.request.headers.accept ?? '';
  const type = accepted.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  return reply
    .code(error.status)
    .type(`${type}; charset=utf-8`)
    .send(JSON.stringify(refusalBody(error)));
}

/** Aborted when the client goes away before it was answered. */
function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

const tokenOf = (authorization: string | undefined) => authorization?.replace(/^Bearer +/i, '');

/** Serves one graph at its path. */
export async function serveEndpoint(app: FastifyInstance, options: EndpointOptions): Promise<void> {
  const { target, apollo, authenticator, admit, page } = options;
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if (request.method === 'OPTIONS' || (page && wantsPage(request))) return;
      try {
        const viewers = await authenticator.authenticate(request.headers.authorization, target.product?.name);
        admit(viewers);
        request.viewers = viewers;
      } catch (error) {
        if (!(error instanceof BulkheadError)) throw error;
        return refuse(reply, error);
      }
    });
    const handle = fastifyApolloHandler(apollo, {
      context: async (request: FastifyRequest, reply: FastifyReply): Promise<RequestScope> => ({
        requestId: request.id,
        viewers: request.viewers!,
        token: tokenOf(request.headers.authorization),
        client: clientSignal(reply),
        reports: new Map(),
      }),
    });
    scope.route({
      url: target.path,
      method: ['GET', 'POST'],
      handler: async (request, reply) =>
        page && wantsPage(request)
          ? reply
              .type('text/html; charset=utf-8')
              .header('cache-control', 'no-store')
              .header('content-security-policy', "frame-ancestors 'none'")
              .header('referrer-policy', 'no-referrer')
              .send(page(request))
          : handle.call(app, request, reply),
    });
  });
}

/** Everything that Fastify itself refuses gets the body of a GraphQL answer. */
export function answerFaults(app: FastifyInstance): void {
  app.decorateRequest('viewers', null);
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      new BulkheadError('NOT_FOUND', `There is nothing at ${request.method} ${request.url.split('?')[0]}.`),
    ),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (error instanceof BulkheadError) return refuse(reply, error);
    if (status === 413)
      return refuse(reply, new BulkheadError('PAYLOAD_TOO_LARGE', 'The request body is too large.'));
    if (status >= 500) {
      request.log.error({ err: error, requestId: request.id }, 'unexpected error at the edge');
      return reply.code(500).send(
        refusalBody({
          code: 'INTERNAL_SERVER_ERROR',
          message: 'Something went wrong on our side. The request id names it in the log.',
        }),
      );
    }
    return reply.code(status).send(refusalBody({ code: 'BAD_REQUEST', message: `${STATUS_CODES[status]}.` }));
  });
}
