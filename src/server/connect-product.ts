import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { Logger } from 'pino';
import { redact } from '../config/secrets.js';
import { openConnection } from '../database/connection.js';
import { inspectReach } from '../database/privileges.js';
import { serveGrants } from '../product/grants.js';
import type { ProductRuntime } from './product-runtime.js';

/** How a product's connection is opened and kept. */
export interface ConnectProductOptions {
  readonly uri: string | undefined;
  readonly production: boolean;
  readonly logger: Logger;
  /** Ends the attempts: the gateway is stopping. */
  readonly signal: AbortSignal;
  readonly monitorCommands?: boolean;
}

/** Wrong password, unknown user, or a credential that may not even say who it is. */
const CREDENTIAL_REFUSED = new Set<unknown>([18, 8000, 13]);
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
/** A server that is away for less is an election or a lost packet, not a state. */
const GRACE_MS = 500;

const why = (error: unknown): string => redact(error instanceof Error ? error.message : String(error));

/**
 * Opens a product's connection and keeps its compartment's state true for as long as the gateway runs. It never
 * rejects: faults of surroundings park or open this product, and the others serve. An unreachable database is tried
 * again until it answers; a refused credential is tried again, too, since it may be mended on the server.
 */
export async function connectProduct(runtime: ProductRuntime, options: ConnectProductOptions): Promise<void> {
  const { compartment, product, name } = runtime;
  const { uri, signal, logger } = options;
  if (uri === undefined)
    return compartment.set(
      'parked',
      `no connection string: set ${name.toUpperCase().replaceAll('-', '_')}_MONGODB_URI`,
    );

  for (let wait = FIRST_RETRY_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
    try {
      await openConnection(runtime.connection, {
        appName: `bulkhead:${name}`,
        uri,
        database: name,
        poolSize: product.limits.poolSize,
        waitQueueTimeoutMs: product.limits.waitQueueTimeoutMs,
        deadlineMs: product.limits.deadlineMs,
        monitorCommands: options.monitorCommands ?? false,
      });
      const problem = await reachProblem(runtime, options);
      if (!problem) {
        followTopology(runtime);
        return compartment.set('ready');
      }
      compartment.set('parked', problem);
    } catch (error) {
      const refused = CREDENTIAL_REFUSED.has((error as { code?: unknown }).code);
      logger.debug({ product: name, why: why(error) }, 'connection attempt failed');
      compartment.set(
        refused ? 'parked' : 'open',
        refused ? 'the server refuses its credential' : 'its database cannot be reached',
      );
    }
    await runtime.connection.close().catch(() => {});
    await sleep(wait, undefined, { signal, ref: false }).catch(() => {});
  }
}

/** What is wrong with the credential's reach; undefined when it may serve. */
async function reachProblem(
  runtime: ProductRuntime,
  { production, logger }: ConnectProductOptions,
): Promise<string | undefined> {
  const { beyond, missing } = await inspectReach(runtime.db, serveGrants(runtime.classes));
  if (missing.length > 0)
    return `grants are missing (${missing.join('; ')}): run \`bulkhead provision ${runtime.name}\``;
  if (beyond.length === 0) return undefined;
  const { wideCredential } = runtime.product;
  const reach = `its credential reaches ${beyond.join(', ')}`;
  if (production && !wideCredential)
    return `${reach}: run \`bulkhead provision ${runtime.name}\` and use the credential it makes`;
  logger.warn({ product: runtime.name, wideCredential }, `${reach}; in production this parks the product`);
  return undefined;
}

/** Opens the compartment's state while no server can be written to, and readies it when one is back. */
function followTopology(runtime: ProductRuntime): void {
  const { compartment } = runtime;
  let pending: NodeJS.Timeout | undefined;
  runtime.client.on(
    'topologyDescriptionChanged',
    ({ newDescription }: mongo.TopologyDescriptionChangedEvent) => {
      const writable = [...newDescription.servers.values()].some((server) => server.isWritable);
      if (writable) {
        clearTimeout(pending);
        pending = undefined;
        if (compartment.state === 'open') compartment.set('ready');
        return;
      }
      pending ??= setTimeout(() => {
        pending = undefined;
        if (compartment.state === 'ready') compartment.set('open', 'its database cannot be reached');
      }, GRACE_MS).unref();
    },
  );
}
