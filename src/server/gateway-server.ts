import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { turns } from '../compartment/turns.js';
import { redact } from '../config/secrets.js';
import type { Environment } from '../config/environment.js';
import { StatsFlush } from '../monitor/stats/flush.js';
import { Recorder } from '../monitor/recorder.js';
import type { Composed, Gateway } from '../product/gateway.js';
import { entranceOf } from './limits/admission.js';
import { buildRuntimes } from './runtime/build-runtimes.js';
import { composedTarget, type GraphTarget, productTarget } from './graph-target.js';
import { serveHealth } from './health.js';
import { DevelopmentWarnings } from './telemetry/development-warnings.js';
import { createHttpApp } from './http-app.js';
import { HeldAnswers } from './limits/held-answers.js';
import { logCommands } from './telemetry/command-log.js';
import { whyNotToListen } from './listen-failure.js';
import { neighboursOf } from './limits/neighbours.js';
import { Pressure } from './limits/pressure.js';
import { ProductKeeper } from './runtime/product-keeper.js';
import type { ProductRuntime } from './runtime/product-runtime.js';
import { RequestRate, SignInRate } from './limits/rate-limits.js';
import { type Reloaded, Secrets } from './runtime/secrets.js';
import { isTracing, traceCommands } from './telemetry/traces.js';
import { serveTarget } from './serve-target.js';
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
  /** Lines that the log has dropped, for the metrics. Default: none. */
  readonly lostLogLines?: () => number;
  /** What the database may have answered to operations under way, in bytes. Default: an eighth of the heap. */
  readonly mostHeldBytes?: number;
  /** What bodies of requests may take together until they are answered, in bytes. Default 64 MiB. */
  readonly mostBodyBytes?: number;
  /** How often statistics are written. Default 10,000 ms. */
  readonly statsEveryMs?: number;
  /** How long the gateway says that it is stopping before it stops listening, so that balancers notice. Default 0. */
  readonly drainMs?: number;
  /** How long a client that does not read its answer can hold up the end. Default 20,000. */
  readonly longestCloseMs?: number;
  /** How long a request may take to arrive, byte by byte; past it the answer is 408. Default 30,000. */
  readonly requestTimeoutMs?: number;
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
  /** Takes the secrets of surroundings that were read again, without a failed request. */
  reload(environment: Environment): Promise<Reloaded>;
  /** Finishes what is under way, then closes every connection. */
  close(): Promise<void>;
}

/** Builds the gateway: graphs, endpoints, connections. @throws StartError for faults of code. */
export async function createGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const { gateway, environment, logger, requestTimeoutMs = 30_000 } = options;
  const runtimes = buildRuntimes(gateway, options.only);
  const held = new HeldAnswers(options.mostHeldBytes);
  for (const runtime of runtimes.values()) runtime.held = held;
  const composed = composedMode(gateway, environment);
  const targets = [...runtimes.values()].map(productTarget);
  const requestRates = new Map(
    [...runtimes].map(([name, { product }]) => [name, new RequestRate(product.limits, [name])]),
  );
  if (composed !== 'off') {
    const { production, rateLimits } = environment;
    const rates = rateLimits ? requestRates : undefined;
    targets.push(composedTarget(runtimes, entranceOf({ production, rates })));
  }

  const secrets = new Secrets(environment, runtimes);
  const app = await createHttpApp(targets, {
    environment,
    logger,
    requestTimeoutMs,
    mostBodyBytes: options.mostBodyBytes,
  });
  const shutdown = new Shutdown(app);
  app.server.on('connection', () => turns.arrive());
  const pressure = new Pressure(logger);
  serveHealth(app, { runtimes, pressure, isStopping: () => shutdown.hasBegun });
  const signInRates = new Map(
    [...runtimes].map(([name, { product }]) => [name, new SignInRate(product.limits)]),
  );
  const { authenticator } = secrets;
  const serving = {
    environment,
    logger,
    runtimes,
    authenticator,
    composed,
    pressure,
    requestRates,
    signInRates,
  };
  const apollos = await Promise.all(targets.map((target) => serveTarget(app, target, serving)));

  // A browser that is sent to the gateway's address finds a page.
  if (environment.sandbox) app.get('/', (_request, reply) => reply.redirect(targets.at(-1)!.path));

  const flushes = environment.monitor
    ? [...runtimes.values()].map((runtime) => record(runtime, options))
    : [];
  if (logger.isLevelEnabled('debug')) for (const runtime of runtimes.values()) logCommands(runtime, logger);
  if (isTracing()) for (const runtime of runtimes.values()) traceCommands(runtime);
  const metrics =
    environment.metrics &&
    (await import('./telemetry/metrics.js')).serveMetrics(
      runtimes,
      environment.metrics,
      options.lostLogLines,
    );
  const keepers = new Map([...runtimes].map(([name, runtime]) => [name, keep(runtime, secrets, options)]));

  return {
    app,
    runtimes,
    targets,
    async listen() {
      const address = await listen(app, environment);
      if (metrics) logger.info({ metrics: await metrics.listen() }, 'metrics');
      return address;
    },
    settled: () => settled([...runtimes.values()]),
    reload: (read) => secrets.replace(read, keepers),
    async close() {
      const { drainMs = 0, longestCloseMs = 20_000 } = options;
      await shutdown.run({ drainMs, longestMs: longestCloseMs });
      pressure.close();
      await Promise.all([...apollos, ...flushes].map((one) => one.stop()));
      await metrics?.close();
      await Promise.all([...keepers.values()].map((keeper) => keeper.close()));
    },
  };
}

/** Who may use the composed graph: a product's safelist cannot be walked around by its other way in. */
function composedMode({ composed, products }: Gateway, environment: Environment): Composed {
  const { production } = environment;
  const asked = environment.composed ?? composed ?? (production ? 'operators' : 'public');
  const hasSafelist = Object.values(products).some(({ operations }) => operations === 'safelist');
  return asked === 'public' && production && hasSafelist ? 'operators' : asked;
}

/** Connects a product in the background, for as long as the gateway runs; each change of its state is logged once. */
function keep(runtime: ProductRuntime, secrets: Secrets, options: GatewayServerOptions): ProductKeeper {
  const { environment, logger, monitorCommands = false } = options;
  const { name, compartment } = runtime;
  compartment.onChange((state, reason) => {
    logger[state === 'ready' ? 'info' : 'warn']({ product: name, state, reason }, `${name} is ${state}`);
  });
  const keeper = new ProductKeeper(runtime, {
    uri: environment.products[name]?.uri,
    production: environment.production,
    logger,
    neighbours: () => neighboursOf(name, secrets.environment.products),
    monitorCommands,
  });
  keeper.start();
  return keeper;
}

/** Counts what happens in a product, from the first command on, and keeps it in the product's database. */
function record(
  runtime: ProductRuntime,
  { environment, logger, statsEveryMs }: GatewayServerOptions,
): StatsFlush {
  const { name: product, compartment } = runtime;
  const recorder = new Recorder();
  runtime.recorder = recorder;
  runtime.watchers.push(recorder);
  if (!environment.production) runtime.watchers.push(new DevelopmentWarnings(runtime, logger));
  return new StatsFlush({
    product,
    recorder,
    db: () => runtime.link.db,
    mayWrite: () =>
      compartment.state === 'ready' && !compartment.isReadOnly && compartment.load.waiting === 0,
    ...(statsEveryMs !== undefined && { everyMs: statsEveryMs }),
    onFailure: (error) => logger.debug({ product, why: redact(String(error)) }, 'statistics were not kept'),
  });
}

async function listen(app: FastifyInstance, { host, port }: Environment): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw whyNotToListen(error as Error, { host, port }, { host: 'HOST', port: 'PORT' });
  }
}

async function settled(runtimes: readonly ProductRuntime[]): Promise<void> {
  const isSettled = ({ compartment }: ProductRuntime) =>
    compartment.decided || compartment.reason !== 'connecting';
  while (!runtimes.every(isSettled)) await sleep(10);
}
