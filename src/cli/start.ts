import { readEnvironment } from '../config/environment.js';
import { developmentSecrets, withDevelopmentSecrets } from '../config/development-secrets.js';
import { createGatewayServer } from '../server/gateway-server.js';
import { createLogger } from '../server/logger.js';
import { loadGateway } from './load-config.js';

/** Options of `bulkhead start`. */
export interface StartOptions {
  readonly config?: string;
}

/** What the serving process tells a parent that waits for it. */
export interface StartMessage {
  readonly listening: string;
}

/** How long a production gateway says that it is stopping before it stops listening: a balancer's probe period. */
const DRAIN_MS = 5_000;

/**
 * Serves the gateway until it is told to stop: `SIGTERM`, `SIGINT`, or a parent that is gone.
 *
 * @returns when everything that was under way is finished and every connection is closed.
 */
export async function start(products: readonly string[], { config }: StartOptions): Promise<void> {
  const gateway = await loadGateway(config);
  const names = Object.keys(gateway.products);
  const read = readEnvironment({ products: names, ...(gateway.composed && { composed: gateway.composed }) });
  const environment = read.production
    ? read
    : withDevelopmentSecrets(read, developmentSecrets(read.dataDir, names));
  const logger = createLogger(environment.logLevel);
  const server = await createGatewayServer({
    gateway,
    environment,
    logger,
    only: products,
    drainMs: environment.production ? DRAIN_MS : 0,
  });

  const stopped = new Promise<string>((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('disconnect', () => resolve('the parent is gone'));
  });
  try {
    const listening = await server.listen();
    logger.info({ listening, products: [...server.runtimes.keys()] }, 'listening');
    process.send?.({ listening } satisfies StartMessage);
    logger.info({ why: await stopped }, 'stopping');
  } finally {
    await server.close();
  }
  logger.info('stopped');
  if (process.connected) process.disconnect();
}
