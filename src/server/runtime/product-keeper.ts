import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PATIENCE_MS, watchPulse } from '../../compartment/breaker.js';
import { productNames } from '../../config/names.js';
import { openConnection } from '../../database/connection.js';
import { sharersOf } from '../../database/sharers.js';
import { wordsOfDriverError } from '../../database/driver-words.js';
import { Pulse } from '../../database/pulse.js';
import { heardBy } from '../../monitor/watcher.js';
import { CONTROL_COLLECTION, type Control } from '../../product/control.js';
import { type Examine, examiner, isRefusal, REFUSED } from './examine-credential.js';
import { followTopology } from './follow-topology.js';
import type { ProductLink } from './product-link.js';
import type { ProductRuntime } from './product-runtime.js';

/** How a product's connection is kept. */
export interface KeeperOptions {
  readonly uri: string | undefined;
  /** Products on the same server: beside them `wideCredential` is not accepted. */
  readonly neighbours: () => readonly string[];
  readonly production: boolean;
  readonly logger: Logger;
  readonly monitorCommands?: boolean;
  /** How often the credential of a serving product is looked at again. Default 30,000 ms. */
  readonly recheckMs?: number;
}

/** What became of a new connection string: the old one is `kept` where it serves and the new one would not. */
export interface Replacement {
  readonly connection: 'unchanged' | 'replaced' | 'kept';
  /** What is wrong with the new one. */
  readonly problem?: string;
}

const UNREACHABLE = 'its database cannot be reached';
const SILENT = 'its database does not answer';
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
const RECHECK_MS = 30_000;
/** Between two looks at a credential, whatever operations say of it. */
const LEAST_RECHECK_MS = 1_000;
/** An operation that has run out of time is given this long to let go of its connection. */
const DRAIN_MARGIN_MS = 1_000;

/** One connection string, for as long as it is the product's. */
interface Tenure {
  readonly link: ProductLink;
  readonly uri: string;
  readonly examine: Examine;
  /** Aborted when the gateway stops or another string takes over. */
  readonly signal: AbortSignal;
}

/**
 * Opens a product's connection and keeps its compartment's state true for as long as the gateway runs. Faults of
 * surroundings park this product, and the others serve. What may be mended on the server is tried again: an
 * unreachable database, a refused credential, one that lacks a grant or reaches too far.
 */
export class ProductKeeper {
  readonly #runtime: ProductRuntime;
  readonly #options: KeeperOptions;
  readonly #stopped = new AbortController();
  /** Links whose last operations are still under way. */
  readonly #draining = new Map<ProductLink, Promise<void>>();
  #uri: string | undefined;
  #tenure = new AbortController();
  #kept: Promise<void> = Promise.resolve();
  /** Whether the present link has been found good and is watched. */
  #isServing = false;
  #canReadControl = true;
  /** Why the last attempt failed, as the log has been told. */
  #toldCause: string | undefined;

  constructor(runtime: ProductRuntime, options: KeeperOptions) {
    this.#runtime = runtime;
    this.#uri = options.uri;
    this.#options = options;
  }

  /** Begins; never rejects. */
  start(): void {
    const { link, name, compartment } = this.#runtime;
    const tenure = this.#tenureOf(link, this.#uri);
    if (tenure) this.#kept = this.#keep(tenure, false);
    else {
      const variable = `${productNames(name).envPrefix}_MONGODB_URI`;
      compartment.set('parked', `no connection string: set ${variable}`);
    }
  }

  /**
   * Takes another connection string. Where the product serves, the new connection is opened and its credential
   * examined first; then operations begin on it, and the old one is closed when those that began on it are over.
   */
  async replace(uri: string | undefined): Promise<Replacement> {
    if (uri === this.#uri) return { connection: 'unchanged' };
    const { name, compartment } = this.#runtime;
    const link = this.#runtime.createLink();
    const begin = new AbortController();
    const tenure = this.#tenureOf(link, uri, begin);
    const problem = tenure ? await this.#open(tenure) : 'no connection string';
    if (this.#stopped.signal.aborted || !tenure || (problem !== undefined && this.#isServing)) {
      await link.destroy();
      return { connection: 'kept', problem: problem ?? 'the gateway stops' };
    }
    this.#options.logger.info({ product: name }, `${name} is served with another credential`);
    this.#tenure.abort();
    this.#tenure = begin;
    this.#uri = uri;
    const wasServing = this.#isServing;
    this.#isServing = false;
    // What was seen of the old connection says nothing of the new one.
    compartment.set('ready', '', 'breaker');
    const before = this.#runtime.serveOn(link);
    if (problem === undefined) this.#kept = this.#keep(tenure, true);
    else {
      compartment.set('parked', problem);
      await link.close();
      this.#kept = this.#keep(tenure, false);
    }
    this.#drain(before, wasServing);
    return { connection: 'replaced', ...(problem !== undefined && { problem }) };
  }

  /** Ends it, and closes every connection. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#runtime.link.destroy(), ...this.#draining.values()]);
    await this.#kept;
  }

  #tenureOf(link: ProductLink, uri: string | undefined, tenure = this.#tenure): Tenure | undefined {
    if (uri === undefined) return undefined;
    const examine = examiner(this.#runtime, link, { ...this.#options, uri });
    return { link, uri, examine, signal: AbortSignal.any([this.#stopped.signal, tenure.signal]) };
  }

  /** Closes a link when no operation can be on it any more. */
  #drain(link: ProductLink, mayBeInUse: boolean): void {
    const longestMs = this.#runtime.product.limits.deadlineMs + DRAIN_MARGIN_MS;
    const drained = (mayBeInUse ? pause(longestMs, this.#stopped.signal) : Promise.resolve())
      .then(() => link.destroy())
      .finally(() => this.#draining.delete(link));
    this.#draining.set(link, drained);
  }

  async #keep(first: Tenure, isOpen: boolean): Promise<void> {
    const { compartment } = this.#runtime;
    const { signal } = first;
    let tenure = first;
    let wait = FIRST_RETRY_MS;
    let mustOpen = !isOpen;
    while (!signal.aborted) {
      const unfit = mustOpen ? await this.#open(tenure) : undefined;
      const problem = unfit ?? (await this.#watch(tenure));
      // What the end of the tenure interrupted is no fault of the product.
      if (signal.aborted) return;
      if (compartment.state === 'ready') wait = FIRST_RETRY_MS;
      this.#isServing = false;
      compartment.set('parked', problem);
      if (unfit === undefined) tenure = await this.#renewed(tenure);
      else await tenure.link.close();
      await pause(wait, signal);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
      mustOpen = true;
    }
  }

  /** The same string with a link that nothing was served on: what was holds on to its client, as the ledger does. */
  async #renewed({ link: served, uri, signal }: Tenure): Promise<Tenure> {
    const link = this.#runtime.createLink();
    this.#runtime.serveOn(link);
    await served.destroy();
    return { link, uri, examine: examiner(this.#runtime, link, { ...this.#options, uri }), signal };
  }

  /** Opens a link's connection and examines its credential. @returns why it cannot serve. */
  async #open({ link, uri, examine, signal }: Tenure): Promise<string | undefined> {
    const { product, name, watchers } = this.#runtime;
    const { poolSize, waitQueueTimeoutMs, deadlineMs } = product.limits;
    // A server that does not answer would hold the stop of the gateway until the attempt is given up.
    const interrupt = () =>
      void link.connection
        .getClient()
        ?.close()
        .catch(() => {});
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      await openConnection(link.connection, {
        appName: `bulkhead:${name}`,
        uri,
        database: productNames(name).database,
        poolSize,
        waitQueueTimeoutMs,
        deadlineMs,
        onCommand: watchers.length > 0 ? heardBy(watchers) : undefined,
        onAnswer: (bytes, by) => this.#runtime.held.take(bytes, sharersOf(by) ?? [{ signal: by, share: 1 }]),
        monitorCommands: this.#options.monitorCommands ?? false,
      });
      const problem = await examine();
      this.#toldCause = undefined;
      return problem;
    } catch (error) {
      const cause = wordsOfDriverError(error);
      // The reason of a refusal is all that is known of it; why nothing is reached is for whoever has to mend it.
      const isNews = !isRefusal(error) && cause !== this.#toldCause && !signal.aborted;
      this.#options.logger[isNews ? 'warn' : 'debug'](
        { product: name, why: cause },
        `${name}: connection attempt failed`,
      );
      if (isNews) this.#toldCause = cause;
      return isRefusal(error) ? REFUSED : UNREACHABLE;
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  /**
   * Keeps the state of a serving product true for as long as its credential stays good.
   *
   * @returns why the product may not serve any more.
   */
  async #watch({ link, uri, examine, signal }: Tenure): Promise<string> {
    const { compartment, name } = this.#runtime;
    const { recheckMs = RECHECK_MS } = this.#options;
    let isReachable = true;
    const tell = () => {
      if (!this.#isServing || signal.aborted) return;
      compartment.set(isReachable ? 'ready' : 'open', isReachable ? '' : UNREACHABLE);
    };
    const unfollow = followTopology(link.client, {
      tell: (now) => {
        isReachable = now;
        tell();
      },
      onPrimary: () => link.renewTurns(),
    });
    const appName = `bulkhead:${name}`;
    const pulse = new Pulse({ uri, appName, database: productNames(name).database }, PATIENCE_MS);
    const watched = new AbortController();
    const suspicion = new Suspicion();
    this.#runtime.onCredentialRefused = () => suspicion.raise();
    try {
      const beat = async () =>
        this.#obey((await pulse.beat(CONTROL_COLLECTION)) as Control | null | undefined, signal);
      // What an operator has decided holds from the first operation on.
      await beat().catch(() => {});
      void watchPulse(
        beat,
        (isClosed) => compartment.set(isClosed ? 'ready' : 'open', isClosed ? '' : SILENT, 'breaker'),
        AbortSignal.any([watched.signal, signal]),
      );
      this.#isServing = !signal.aborted;
      tell();
      for (;;) {
        await suspicion.wait(recheckMs, signal);
        if (signal.aborted) return '';
        // A database that is away says nothing about the credential.
        const problem = await examine().catch((error: unknown) => (isRefusal(error) ? REFUSED : undefined));
        if (problem !== undefined) return problem;
        await pause(Math.min(recheckMs, LEAST_RECHECK_MS), signal);
      }
    } finally {
      unfollow();
      watched.abort();
      // The end of the tenure is no news of the product.
      if (!signal.aborted) compartment.set('ready', '', 'breaker');
      await pulse.close().catch(() => {});
    }
  }

  /** What an operator has decided about the product, as its database has it; what cannot be read changes nothing. */
  #obey(control: Control | null | undefined, signal: AbortSignal): void {
    if (signal.aborted) return;
    const { name, compartment } = this.#runtime;
    const { logger } = this.#options;
    const couldRead = this.#canReadControl;
    this.#canReadControl = control !== undefined;
    if (control === undefined) {
      if (couldRead)
        logger.warn(
          { product: name },
          `what an operator has decided about ${name} may not be read: the last decision holds`,
        );
      return;
    }
    if (!couldRead)
      logger.info({ product: name }, `what an operator has decided about ${name} can be read again`);
    const wasReadOnly = compartment.isReadOnly;
    compartment.obey(control ?? undefined);
    if (compartment.isReadOnly && !wasReadOnly)
      logger.warn({ product: name, reason: control?.reason }, `${name} is read-only`);
    if (wasReadOnly && !compartment.isReadOnly && control?.mode !== 'parked')
      logger.info({ product: name }, `${name} takes writes again`);
  }
}

/** What operations say of the credential between two looks at it. */
class Suspicion {
  #raised = new AbortController();

  raise(): void {
    this.#raised.abort();
  }

  /** Waits until it is raised, or was since the last wait, but no longer than that. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, AbortSignal.any([this.#raised.signal, signal]));
    this.#raised = new AbortController();
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => {});
