import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { withDevelopmentUris } from '../development/product-uris.js';
import { redact } from '../config/secrets.js';
import type { Environment } from '../config/environment.js';
import { StartError } from '../errors/bulkhead-error.js';
import { createGatewayServer, type GatewayServer } from '../server/gateway-server.js';
import { loadEnvironment, loadProject } from '../server/load-project.js';
import { LogFile } from '../server/telemetry/log-file.js';
import { createLogger } from '../server/telemetry/logger.js';
import { hasTerminal, onHangUp } from './hang-up.js';
import { Interrupted, Interruption } from './interruption.js';
import { readableLog } from './log-lines.js';
import { listenForReload, type ReloadAnswer } from './reload-channel.js';

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
const CONNECT_MS = 3_000;

/**
 * Serves the gateway until it is told to stop: `SIGTERM`, `SIGINT`, or a parent that is gone.
 *
 * @returns when everything that was under way is finished and every connection is closed.
 */
export async function start(products: readonly string[], options: StartOptions): Promise<void> {
  const interruption = new Interruption(hasTerminal());
  try {
    await serve(interruption, products, options);
  } finally {
    // Listening for its end keeps the channel open, and the channel this process.
    if (process.connected) process.disconnect();
  }
}

async function serve(
  interruption: Interruption,
  products: readonly string[],
  options: StartOptions,
): Promise<void> {
  const { gateway, environment: read } = await loadProject({ ...options, products });
  const { adminUri } = read;
  const environment = servingPart(read);
  for (const name of Object.keys(process.env)) if (ADMINISTRATIVE.test(name)) delete process.env[name];

  const isForPeople = !environment.production && process.stdout.isTTY;
  const file = isForPeople ? undefined : new LogFile(1);
  const logger = createLogger(environment.logLevel, file ?? readableLog(process.stdout));
  if (adminUri)
    logger.warn('BULKHEAD_ADMIN_URI is set and not used: it is for commands; keep it away from the gateway');
  // One product's forgotten promise must not end the process that serves the others.
  process.on('unhandledRejection', (error) =>
    logger.error({ err: error }, 'a promise was rejected, and nobody waited for it'),
  );
  const server = await createGatewayServer({
    gateway,
    environment,
    logger,
    only: products,
    lostLogLines: () => file?.lost ?? 0,
    drainMs: environment.production ? DRAIN_MS : 0,
  });
  const reload = () => readAgain(server, logger, () => servingPart(loadEnvironment(gateway)));
  onHangUp(reload);
  const stopListening = await listenForReload(environment.dataDir, reload).catch((error: unknown) => {
    logger.debug({ err: error }, 'bulkhead reload cannot reach this process; SIGHUP can');
    return () => {};
  });
  try {
    const listening = await interruption.cutShort(server.listen());
    logger.info({ listening, products: [...server.runtimes.keys()] }, 'listening');
    // A parent shows an example next: it is told when the products have had time to connect.
    if (process.send) {
      await interruption.cutShort(
        Promise.race([server.settled(), sleep(CONNECT_MS, undefined, { ref: false })]),
      );
      process.send({ listening } satisfies StartMessage);
    }
    await interruption.happened;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    if (interruption.why) logger.info({ why: interruption.why }, 'stopping');
    stopListening();
    await server.close();
  }
  logger.info('stopped');
}

/** Reads the surroundings again and takes their secrets; where they are not right, everything stays as it is. */
async function readAgain(
  server: GatewayServer,
  logger: Logger,
  read: () => Environment,
): Promise<ReloadAnswer> {
  try {
    const reloaded = await server.reload(read());
    logger.info(reloaded, 'secrets were read again');
    return { ok: true, ...reloaded };
  } catch (error) {
    const problems = error instanceof StartError ? error.problems : [redact(String(error))];
    logger.error({ problems }, 'secrets were read again, and nothing was changed');
    return { ok: false, problems };
  }
}

/** What serving needs of the surroundings: no administrator's credential. */
function servingPart(read: Environment): Environment {
  const { adminUri: _, scratchUri: __, alertWebhook: ___, ...environment } = withDevelopmentUris(read);
  return environment;
}

/** What the serving process has no use for, and therefore does not keep. */
const ADMINISTRATIVE =
  /^(BULKHEAD_ADMIN_URI|BULKHEAD_SCRATCH_URI|BULKHEAD_ALERT_WEBHOOK|.*_OPS_MONGODB_URI)(_FILE)?$/;
