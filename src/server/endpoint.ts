import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator, Viewers } from '../auth/authenticator.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { answerBatch, batchProblem } from './operations/batch.js';
import { mostParts, partsOf, weightOf } from './limits/body-parts.js';
import { clientSignal } from './client-signal.js';
import { textExcess } from './limits/document-text.js';
import { COST_HEADER } from './telemetry/measured-cost.js';
import type { GraphTarget } from './graph-target.js';
import { type LandingPage, wantsPage } from './page/landing-page.js';
import { ALLOWED, refuse, typeFor } from './answers/refusals.js';
import { requestProblem } from './limits/request-checks.js';
import { type Asked, askedBy, askedIn, type OperationGate } from './operations/operation-gate.js';
import { networkOf, type RequestRate, type SignInRate, siteOf } from './limits/rate-limits.js';
import type { RequestScope } from './request-scope.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set before the body is read. */
    viewers: Viewers | null;
    /** When its operation's time began, in milliseconds since the epoch; set when its body was read. */
    began: number;
  }
}

/** How one graph is reached over HTTP. */
export interface EndpointOptions {
  readonly target: GraphTarget;
  readonly apollo: ApolloServer<RequestScope>;
  readonly authenticator: Authenticator;
  /** Why nobody's operation is taken now, asked before the caller is looked at: it has to be cheap. */
  readonly overload: (site: string) => BulkheadError | undefined;
  /** Refuses a caller that may not even ask, before anything is parsed. @throws BulkheadError */
  readonly admit: (viewers: Viewers) => void;
  /** Whether a caller may learn what an operation costs in a product. */
  readonly mayMeasure: (viewers: Viewers, product: string) => boolean;
  /** Lets operations through; left out, every operation. */
  readonly gate: OperationGate | undefined;
  /** Counts each client's requests and attempts to sign in; left out where rates are not limited. */
  readonly rates: Rates | undefined;
  /** The page for a browser; left out, a browser is answered as any other client. */
  readonly page: ((request: FastifyRequest) => LandingPage) | undefined;
}

/** The rates of one graph. */
export interface Rates {
  readonly requests: RequestRate;
  /** By product. */
  readonly signIns: ReadonlyMap<string, SignInRate>;
}

const WORD = /^[\w .@/+-]{1,40}$/;

/** Who asks, by the headers that Apollo's clients send. */
function applicationOf({
  'apollographql-client-name': name,
  'apollographql-client-version': version,
}: FastifyRequest['headers']): string {
  if (typeof name !== 'string' || !WORD.test(name)) return '-';
  return typeof version === 'string' && WORD.test(version) ? `${name}@${version}` : name;
}

/** As {@link batchProblem} has found them. */
type Batched = readonly Record<string, unknown>[];

/** As it came: of several headers Node keeps the first, and the authenticator refuses what stands for several. */
const authorizationOf = ({ headers, raw: { rawHeaders } }: FastifyRequest): string | undefined => {
  const all = rawHeaders.filter(
    (_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'authorization',
  );
  return all.length > 1 ? all.join(', ') : headers.authorization;
};

/** Keeps answers to one caller out of every cache, and those to anybody apart from them. */
function forbidCaching(reply: FastifyReply, authorization: string | undefined): void {
  const vary = reply.getHeader('vary');
  void reply.header('vary', vary === undefined ? 'Authorization' : `${String(vary)}, Authorization`);
  if (authorization !== undefined) void reply.header('cache-control', 'private, no-store');
}

const tokenOf = (authorization: string | undefined) => authorization?.replace(/^Bearer +/i, '');

/** Serves one graph at its path. */
export async function serveEndpoint(app: FastifyInstance, options: EndpointOptions): Promise<void> {
  const { target, apollo, authenticator, overload, admit, mayMeasure, gate, rates, page } = options;
  const most = mostParts(target.limits);
  const letThrough = async (viewers: Viewers, asked: Asked): Promise<void> => {
    const excess = asked.text === undefined ? undefined : textExcess(asked.text, target.limits);
    if (excess !== undefined) throw new BulkheadError('OPERATION_TOO_LARGE', excess);
    await gate?.(viewers, asked);
  };
  await app.register(async (scope) => {
    // Text and forms can be sent by any page without a preflight: only JSON is a question.
    scope.removeAllContentTypeParsers();
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
      const parts = partsOf(body);
      if (parts > most) {
        done(
          new BulkheadError(
            'OPERATION_TOO_LARGE',
            `The request has more than ${most} values: send fewer at once.`,
          ),
        );
        return;
      }
      request.weighBody?.(weightOf(body, parts));
      void parse(request, body, done);
    });
    scope.addHook('onRequest', async (request, reply): Promise<unknown> => {
      if (request.method === 'OPTIONS' || (page && wantsPage(request))) return undefined;
      const authorization = authorizationOf(request);
      forbidCaching(reply, authorization);
      const client = siteOf(request.ip);
      const problem = requestProblem(request) ?? overload(client);
      if (problem) return refuse(reply, problem);
      try {
        const authenticate = () =>
          authenticator.authenticate(authorization, target.product?.name, { client });
        const viewers = await (rates
          ? rates.requests.identify(request.ip, authorization, authenticate)
          : authenticate());
        admit(viewers);
        request.viewers = viewers;
        return undefined;
      } catch (error) {
        if (!(error instanceof BulkheadError)) throw error;
        return refuse(reply, error);
      }
    });
    scope.addHook('preHandler', async (request, reply): Promise<unknown> => {
      const { viewers, body } = request;
      // A browser that came for the page was not authenticated.
      if (!viewers) return undefined;
      request.began = Date.now();
      if (!Array.isArray(body)) return letThrough(viewers, askedBy(request));
      const problem = batchProblem(body, target.limits.operationsPerRequest);
      if (problem) return refuse(reply, problem);
      return rates?.requests.count(request.ip, viewers, body.length - 1);
    });
    const scopeOf = (request: FastifyRequest, reply: FastifyReply): RequestScope => ({
      requestId: request.id,
      network: networkOf(request.ip),
      viewers: request.viewers!,
      token: tokenOf(request.headers.authorization),
      application: applicationOf(request.headers),
      wantsCost: (product) => COST_HEADER in request.headers && mayMeasure(request.viewers!, product),
      client: clientSignal(reply.raw),
      began: request.began,
      headers: request.headers,
      reports: new Map(),
      admitSignIn: rates && ((product, email) => rates.signIns.get(product)!.take(request.ip, email)),
    });
    const handle = fastifyApolloHandler(apollo, {
      context: async (request: FastifyRequest, reply: FastifyReply) => scopeOf(request, reply),
    });
    const handleBatch = async (operations: Batched, request: FastifyRequest, reply: FastifyReply) => {
      const { text, type = typeFor(request) } = await answerBatch(operations, {
        apollo,
        scope: scopeOf(request, reply),
        limits: target.limits,
        admit: async (operation) => {
          const problem = overload(siteOf(request.ip));
          if (problem) throw problem;
          await letThrough(request.viewers!, askedIn(operation));
        },
      });
      return reply.type(type).send(text);
    };
    scope.route({
      url: target.path,
      method: ['GET', 'POST'],
      bodyLimit: target.limits.bodyBytes,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        if (page && wantsPage(request)) {
          const { headers, html } = page(request);
          return reply.headers(headers).send(html);
        }
        return Array.isArray(request.body)
          ? handleBatch(request.body as Batched, request, reply)
          : handle.call(app, request, reply);
      },
    });
    // A preflight from a page that may ask is answered before this.
    scope.options(target.path, async (_request, reply) => reply.code(204).header('allow', ALLOWED).send());
    scope.route({
      url: target.path,
      method: scope.supportedMethods.filter((method) => !ALLOWED.split(', ').includes(method)),
      handler: async () => {
        throw new TypeError('Refused before it comes here.');
      },
    });
  });
}
