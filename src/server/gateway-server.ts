import { setTimeout as sleep } from 'node:timers/promises';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import compress from '@fastify/compress';
import { fastify, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { createAuthenticator, type Viewers } from '../auth/authenticator.js';
import { signToken } from '../auth/token-keys.js';
import type { Environment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import { checkContract } from '../contract/check-contract.js';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';
import type { Gateway } from '../product/gateway.js';
import { createApollo } from './apollo.js';
import { connectProduct } from './connect-product.js';
import { allowOrigins, LOOPBACK } from './cors.js';
import { serveEndpoint } from './endpoint.js';
import { composedTarget, type GraphTarget, productTarget } from './graph-target.js';
import { serveHealth } from './health.js';
import { neighboursOf } from './neighbours.js';
import { pageOf } from './page-of.js';
import { ProductRuntime } from './product-runtime.js';
import { answerFaults, refuseBytes, refuseFault } from './refusals.js';
import { requestIdOf } from './request-id.js';
import { Shutdown } from './shutdown.js';

/** What a gateway is made of. */
export interface GatewayServerOptions {
  readonly gateway: Gateway;
  readonly environment: Environment;
  readonly logger: Logger;
  /** Serves only these products. Default: all. */
  readonly only?: readonly string[];
  /** Lets listeners on the connections see each command. Default false. */
  readonly monitorCommands?: boolean;
  /** How long the gateway says that it is stopping before it stops listening, so that balancers notice. Default 0. */
  readonly drainMs?: number;
  /** How long a client that does not read its answer can hold up the end. Default 20,000. */
  readonly longestCloseMs?: number;
}

/** A gateway, built and not yet listening. */
export interface GatewayServer {
  readonly app: FastifyInstance;
  readonly runtimes: ReadonlyMap<string, ProductRuntime>;
  readonly targets: readonly GraphTarget[];
  /** Listens, and answers the address. @throws StartError when the port is taken. */
  listen(): Promise<string>;
  /** Resolves when every product has been ready, parked or found unreachable once. */
  settled(): Promise<void>;
  /** Finishes what is under way, then closes every connection. */
  close(): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;
const DEVELOPMENT_TOKEN_S = 12 * 60 * 60;

/** Builds every product; all faults of code in all of them are reported at once. */
export function buildRuntimes(gateway: Gateway, only?: readonly string[]): Map<string, ProductRuntime> {
  const unknown = (only ?? []).filter((name) => !Object.hasOwn(gateway.products, name));
  const problems = unknown.map(
    (name) => `${name}: no such product; there are ${Object.keys(gateway.products).join(', ')}.`,
  );
  const runtimes = new Map<string, ProductRuntime>();
  for (const [name, product] of Object.entries(gateway.products)) {
    if (only && only.length > 0 && !only.includes(name)) continue;
    try {
      const runtime = new ProductRuntime(name, product);
      const { classes, resolvers, graph: isolated } = runtime;
      problems.push(...checkContract({ product: name, isolated, classes, resolvers }));
      runtimes.set(name, runtime);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      problems.push(...error.problems.map((problem) => `${name}: ${problem}`));
    }
  }
  if (problems.length > 0) throw new StartError([...new Set(problems)]);
  return runtimes;
}

/** Builds the gateway: graphs, endpoints, connections. @throws StartError for faults of code. */
export async function createGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const { gateway, environment, logger } = options;
  const { production } = environment;
  const runtimes = buildRuntimes(gateway, options.only);
  const composed = environment.composed ?? gateway.composed ?? (production ? 'operators' : 'public');
  const targets = [
    ...[...runtimes.values()].map(productTarget),
    ...(composed === 'off' ? [] : [composedTarget(runtimes)]),
  ];

  const authenticator = createAuthenticator({
    products: Object.fromEntries(
      [...runtimes.keys()].map((name) => [name, environment.products[name]?.keys]),
    ),
    ...(environment.operatorKeys && { operators: environment.operatorKeys }),
    sessionOf: (name) => runtimes.get(name)?.sessions,
  });
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    trustProxy: environment.trustProxy,
    bodyLimit: BODY_LIMIT,
    // While stopping, a request on a connection that is still open is answered, not refused.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void refuseFault(error, request, reply),
    clientErrorHandler: refuseBytes,
    // A request without a host is refused by us, in the shape of an answer.
    http: { requireHostHeader: false },
  }) as unknown as FastifyInstance;
  answerFaults(app, new Set(targets.map(({ path }) => path)));
  app.decorateRequest('viewers', null);
  const shutdown = new Shutdown(app);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.info({ req: request, res: reply, ms: Math.round(reply.elapsedTime * 10) / 10 }, 'request');
  });
  await allowOrigins(
    app,
    new Map(
      targets.map(({ path, product }) => [path, product?.product.cors ?? (production ? [] : [LOOPBACK])]),
    ),
  );
  await app.register(compress, { threshold: 1024, encodings: ['gzip', 'deflate'] });
  serveHealth(app, { runtimes, isStopping: () => shutdown.hasBegun });

  const token = await developmentToken(environment);
  const namespaces = new Set([...runtimes.keys()].map((name) => productNames(name).field));
  const apollos = await Promise.all(
    targets.map(async (target) => {
      const { introspection } = environment;
      const apollo = createApollo(target, {
        production,
        introspection,
        logger,
        namespaces: target.product ? new Set() : namespaces,
        plugins: [ApolloServerPluginLandingPageDisabled()],
      });
      await apollo.start();
      await serveEndpoint(app, {
        target,
        apollo,
        authenticator,
        admit: target.product ? admitToProduct(target.product) : admitToComposed(composed, runtimes),
        page: environment.sandbox
          ? pageOf(target, {
              token,
              introspection,
              answersAnybody: target.product
                ? target.product.product.public === 'read'
                : composed === 'public',
            })
          : undefined,
      });
      return apollo;
    }),
  );

  const stopped = new AbortController();
  const connecting = [...runtimes.values()].map((runtime) => {
    runtime.compartment.onChange((state, reason) => {
      logger[state === 'ready' ? 'info' : 'warn'](
        { product: runtime.name, state, reason },
        `${runtime.name} is ${state}`,
      );
    });
    return () =>
      connectProduct(runtime, {
        uri: environment.products[runtime.name]?.uri,
        production,
        logger,
        signal: stopped.signal,
        neighbours: neighboursOf(runtime.name, environment.products),
        monitorCommands: options.monitorCommands ?? false,
      });
  });
  for (const connect of connecting) void connect();

  return {
    app,
    runtimes,
    targets,
    async listen() {
      try {
        return await app.listen({ host: environment.host, port: environment.port });
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
        throw new StartError([
          `Port ${environment.port} on ${environment.host} is taken: stop what listens there, or set PORT.`,
        ]);
      }
    },
    async settled() {
      while (
        ![...runtimes.values()].every(
          ({ compartment }) => compartment.decided || compartment.reason !== 'connecting',
        )
      )
        await sleep(10);
    },
    async close() {
      await shutdown.run({
        drainMs: options.drainMs ?? 0,
        longestMs: options.longestCloseMs ?? 20_000,
      });
      await Promise.all(apollos.map((apollo) => apollo.stop()));
      stopped.abort();
      await Promise.all([...runtimes.values()].map((runtime) => runtime.connection.close().catch(() => {})));
    },
  };
}

const admitToProduct =
  ({ name, product }: ProductRuntime) =>
  (viewers: Viewers): void => {
    if (product.public !== 'read' && viewers(name).isAnonymous) {
      throw new BulkheadError('UNAUTHENTICATED', `${name} answers callers with a token only.`);
    }
  };

const admitToComposed =
  (composed: string, runtimes: ReadonlyMap<string, ProductRuntime>) =>
  (viewers: Viewers): void => {
    if (composed === 'public') return;
    const isOperator = [...runtimes.keys()].some((name) => viewers(name).kind === 'operator');
    if (!isOperator) throw new BulkheadError('UNAUTHENTICATED', 'The composed graph answers operators only.');
  };

/** A token for the page of a developer's own machine. */
async function developmentToken({ production, operatorKeys }: Environment): Promise<string | undefined> {
  if (production || operatorKeys?.kind !== 'secret') return undefined;
  return signToken(operatorKeys, {
    subject: 'developer',
    scopes: ['*:admin'],
    expiresInS: DEVELOPMENT_TOKEN_S,
  });
}
