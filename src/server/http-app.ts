import compress from '@fastify/compress';
import { fastify, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Environment } from '../config/environment.js';
import { boundArrivingBodies } from './limits/arriving-bodies.js';
import { boundConnections } from './limits/connections.js';
import { allowOrigins, LOOPBACK } from './cors.js';
import type { GraphTarget } from './graph-target.js';
import { answerFaults, refuseBytes, refuseFault, refuseUnhandled } from './answers/refusals.js';
import { requestIdOf } from './request-id.js';
import { boundRequestsAhead } from './limits/requests-ahead.js';
import { boundUnreadAnswers } from './limits/unread-answers.js';

/** Of what is no graph's; each graph has the limit of its product. */
const BODY_LIMIT = 1024 * 1024;
const ENCODINGS: ('gzip' | 'deflate')[] = ['gzip', 'deflate'];
/** How often Node looks for requests that are late; by its own default they could have twice the time. */
const LOOK_EVERY_MS = 1_000;

/** What an application is made with. */
export interface HttpAppOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  /**
   * How long a request, headers and body, may take to arrive, and how long the client may leave an answer unread. It
   * is checked every second, or four times within it.
   */
  readonly requestTimeoutMs: number;
  /** What bodies may take together until they are answered. Default 64 MiB. */
  readonly mostBodyBytes?: number | undefined;
}

/** The HTTP application without its endpoints: limits, ids, log, origins, compression, faults. */
export async function createHttpApp(
  targets: readonly GraphTarget[],
  { environment: { production, trustProxy }, logger, requestTimeoutMs, mostBodyBytes }: HttpAppOptions,
): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    trustProxy,
    bodyLimit: BODY_LIMIT,
    // Of a whole request, so that a body sent byte by byte does not hold its connection for minutes.
    requestTimeout: requestTimeoutMs,
    // While stopping, a request on a connection that is still open is answered, not refused.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void refuseFault(error, request, reply),
    clientErrorHandler: refuseBytes,
    http: {
      ...boundRequestsAhead(),
      // A request without a host is refused by us, in the shape of an answer.
      requireHostHeader: false,
      // Node takes the longer of the two for the whole request, and its default for headers is a minute.
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, requestTimeoutMs / 4),
    },
  }) as unknown as FastifyInstance;
  // Node drops those past the two thousandth without a word, a credential among them. They have 16 KiB.
  app.server.maxHeadersCount = 0;
  boundConnections(app.server);
  refuseUnhandled(app.server);
  answerFaults(app, new Set(targets.map(({ path }) => path)));
  app.decorateRequest('viewers', null);
  app.decorateRequest('began', 0);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  // What asks no graph is answered by its path: its body is nobody's, and is neither kept nor parsed.
  app.removeAllContentTypeParsers();
  boundArrivingBodies(app, mostBodyBytes);
  boundUnreadAnswers(app, { longestMs: requestTimeoutMs });
  app.addHook('onResponse', async (request, reply) => {
    const { body } = request;
    request.log.info(
      {
        req: request,
        res: reply,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(Array.isArray(body) && { operations: body.length }),
      },
      'request',
    );
  });
  const byDefault = production ? [] : [LOOPBACK];
  await allowOrigins(
    app,
    new Map(targets.map(({ path, product }) => [path, product?.product.cors ?? byDefault])),
  );
  await app.register(compress, {
    threshold: 1024,
    encodings: ENCODINGS,
    // By default what is sent may be in others, of which a byte becomes many more than what bodies are bounded by.
    requestEncodings: [...ENCODINGS, 'identity'],
  });
  return app;
}
