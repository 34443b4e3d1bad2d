import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { productNames } from '../config/names.js';
import { redact } from '../config/secrets.js';
import { PATIENCE_MS, watchPulse } from '../compartment/breaker.js';
import { openConnection } from '../database/connection.js';
import { inspectReach } from '../database/privileges.js';
import { Pulse } from '../database/pulse.js';
import { CONTROL_COLLECTION, type Control } from '../product/control.js';
import { serveGrants } from '../product/grants.js';
import { followTopology } from './follow-topology.js';
import type { ProductRuntime } from './product-runtime.js';

/** How a product's connection is opened and kept. */
export interface ConnectProductOptions {
  readonly uri: string | undefined;
  readonly production: boolean;
  readonly logger: Logger;
  /** Ends the attempts: the gateway is stopping. */
  readonly signal: AbortSignal;
  /** Products on the same server: beside them `wideCredential` is not accepted. */
  readonly neighbours: readonly string[];
  readonly monitorCommands?: boolean;
  /** How often the credential of a serving product is looked at again. Default 30,000 ms. */
  readonly recheckMs?: number;
}

/** Wrong password, unknown user (Atlas has its own code), or a credential that may not even say who it is. */
const CREDENTIAL_REFUSED = new Set<unknown>([18, 8000, 13]);
const UNREACHABLE = 'its database cannot be reached';
const SILENT = 'its database does not answer';
const REFUSED = 'the server refuses its credential';
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
const RECHECK_MS = 30_000;

const isRefusal = (error: unknown): boolean => CREDENTIAL_REFUSED.has((error as { code?: unknown }).code);
const why = (error: unknown): string => redact(error instanceof Error ? error.message : String(error));

/**
 * Opens a product's connection and keeps its compartment's state true for as long as the gateway runs. It never
 * rejects: faults of surroundings park this product, and the others serve. What may be mended on the server is tried
 * again: an unreachable database, a refused credential, one that lacks a grant or reaches too far.
 */
export async function connectProduct(runtime: ProductRuntime, options: ConnectProductOptions): Promise<void> {
  const { compartment, connection, name } = runtime;
  const { uri, signal } = options;
  if (uri === undefined) {
    const variable = `${productNames(name).envPrefix}_MONGODB_URI`;
    return compartment.set('parked', `no connection string: set ${variable}`);
  }
  // A server that does not answer would hold the stop of the gateway until the attempt is given up.
  const interrupt = () =>
    void connection
      .getClient()
      ?.close()
      .catch(() => {});
  signal.addEventListener('abort', interrupt, { once: true });
  const examine = examiner(runtime, options);

  let wait = FIRST_RETRY_MS;
  while (!signal.aborted) {
    const problem = await serve(runtime, { ...options, uri }, examine);
    // What the stop of the gateway interrupted is no fault of the product.
    if (problem === undefined || signal.aborted) return;
    if (compartment.state === 'ready') wait = FIRST_RETRY_MS;
    compartment.set('parked', problem);
    await connection.close().catch(() => {});
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_RETRY_MS);
  }
}

/**
 * One attempt: opens the connection, looks at the credential, and serves for as long as that stays good.
 *
 * @returns why the product may not serve, or not any more; undefined when the gateway stops.
 */
async function serve(
  runtime: ProductRuntime,
  options: ConnectProductOptions & { readonly uri: string },
  examine: Examine,
): Promise<string | undefined> {
  const { compartment, product, name } = runtime;
  const { signal, logger, recheckMs = RECHECK_MS } = options;
  const { poolSize, waitQueueTimeoutMs, deadlineMs } = product.limits;
  let unfollow = () => {};
  const watched = new AbortController();
  let pulse: Pulse | undefined;
  try {
    const appName = `bulkhead:${name}`;
    const { uri } = options;
    await openConnection(runtime.connection, {
      appName,
      uri,
      database: productNames(name).database,
      poolSize,
      waitQueueTimeoutMs,
      deadlineMs,
      monitorCommands: options.monitorCommands ?? false,
    });
    let isReachable = true;
    let isServing = false;
    const tell = () => {
      if (isServing) compartment.set(isReachable ? 'ready' : 'open', isReachable ? '' : UNREACHABLE);
    };
    unfollow = followTopology(runtime.client, (now) => {
      isReachable = now;
      tell();
    });
    pulse = new Pulse({ uri, appName, database: productNames(name).database }, PATIENCE_MS);
    const beat = async () => obey(runtime, (await pulse!.beat(CONTROL_COLLECTION)) as Control | null, logger);
    // What an operator has decided holds from the first operation on.
    await beat().catch(() => {});
    void watchPulse(
      beat,
      (isClosed) => compartment.set(isClosed ? 'ready' : 'open', isClosed ? '' : SILENT, 'breaker'),
      watched.signal,
    );
    let problem = await examine();
    isServing = problem === undefined;
    tell();
    while (problem === undefined && !signal.aborted) {
      await pause(recheckMs, signal);
      if (signal.aborted) break;
      // A database that is away says nothing about the credential.
      problem = await examine().catch((error: unknown) => (isRefusal(error) ? REFUSED : undefined));
    }
    return problem;
  } catch (error) {
    logger.debug({ product: name, why: why(error) }, 'connection attempt failed');
    return isRefusal(error) ? REFUSED : UNREACHABLE;
  } finally {
    unfollow();
    watched.abort();
    // The stop of the gateway is no news of the product.
    if (!signal.aborted) compartment.set('ready', '', 'breaker');
    await pulse?.close().catch(() => {});
  }
}

/** What an operator has decided about a product, as its database has it. */
function obey({ name, compartment }: ProductRuntime, control: Control | null, logger: Logger): void {
  const wasReadOnly = compartment.isReadOnly;
  compartment.obey(control ?? undefined);
  if (compartment.isReadOnly && !wasReadOnly)
    logger.warn({ product: name, reason: control?.reason }, `${name} is read-only`);
  if (wasReadOnly && !compartment.isReadOnly) logger.info({ product: name }, `${name} takes writes again`);
}

/** Looks at the credential of an open connection: what is wrong with it, or undefined when it may serve. */
type Examine = () => Promise<string | undefined>;

function examiner(
  runtime: ProductRuntime,
  { uri, production, neighbours, logger }: ConnectProductOptions,
): Examine {
  const { name, classes, product } = runtime;
  const sendsCredential = /^[^/]*\/\/[^/]*@/.test(uri ?? '');
  let warned: string | undefined;
  return async () => {
    const { authenticated, beyond, missing } = await inspectReach(runtime.db, serveGrants(classes));
    // The user was removed while it was connected.
    if (sendsCredential && !authenticated) return REFUSED;
    if (missing.length > 0)
      return `grants are missing (${missing.join('; ')}): run \`bulkhead provision ${name}\``;
    if (beyond.length === 0) return undefined;
    const { wideCredential } = product;
    const reach = `its credential reaches ${beyond.join(', ')}`;
    if (production && !wideCredential)
      return `${reach}: run \`bulkhead provision ${name}\` and use the credential it makes`;
    if (production && neighbours.length > 0)
      return `${reach}, and wideCredential is not accepted beside ${neighbours.join(', ')} on the same server`;
    if (warned !== reach)
      logger.warn({ product: name, wideCredential }, `${reach}; in production this parks it`);
    warned = reach;
    return undefined;
  };
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => {});
