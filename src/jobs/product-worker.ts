import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import type { Logger } from 'pino';
import type { ClassType } from '../database/class-type.js';
import { databaseOf } from '../database/connection.js';
import { refusalOfRights, wordsOfDriverError } from '../database/driver-words.js';
import type { StoredFinding } from '../monitor/finding.js';
import { readFindings } from '../monitor/stats/read-findings.js';
import { sendAlarms } from './alarms.js';
import { endLease, holdLease, type LeaseHolder } from './lease.js';
import { Watch } from './watch.js';
import type { WebhookOptions } from './webhook.js';

/** How often a product is looked at: with ten seconds until the gateway has written, a fault shows within a minute. */
export const EVERY_MS = 45_000;
/** The first look, when the gateway has had its start to itself. */
const FIRST_MS = 2_000;
const SELECTION_MS = 5_000;
/** A round bounds each of its commands; this ends what a frozen server leaves hanging. */
const SOCKET_MS = 15_000;
/** What a round that is under way gets when the worker ends. */
const LAST_MS = 5_000;
/** Closing says goodbye to the server, which may not listen. */
const CLOSE_MS = 1_000;
const JOB = 'watch';

/** What the worker of one product needs. */
export interface ProductWorkerOptions {
  readonly product: string;
  readonly classes: readonly ClassType[];
  /** The ops connection string, as it is now; undefined where there is none. */
  readonly uri: () => string | undefined;
  readonly owner: string;
  readonly logger: Logger;
  /** Where alarms go, as it is now. */
  readonly webhook: () => WebhookOptions | undefined;
  /** Default: `EVERY_MS`. */
  readonly everyMs?: number;
  readonly now: () => Date;
  /** After a round of this product. */
  readonly afterRound?: (db: mongo.Db) => Promise<void>;
}

/** How a round went. */
export interface ProductRound {
  readonly product: string;
  /** `watched`; by another worker (`elsewhere`); or its database cannot be asked (`parked`). */
  readonly state: 'watched' | 'elsewhere' | 'parked';
  readonly open: readonly StoredFinding[];
  readonly problem?: string;
  /** The other worker, where one watches it: the findings are of its last round. */
  readonly holder?: LeaseHolder;
}

/**
 * Looks after one product: a connection of its own, a round again and again, and a wait that is its own business where
 * its database is slow or gone.
 */
export class ProductWorker {
  readonly #options: ProductWorkerOptions;
  readonly #stopped = new AbortController();
  #watch = new Watch();
  #client: mongo.MongoClient | undefined;
  #uri: string | undefined;
  #running: Promise<void> | undefined;
  #last: ProductRound;
  #told = new Set<string>();
  #rounds = 0;

  constructor(options: ProductWorkerOptions) {
    this.#options = options;
    this.#last = { product: options.product, state: 'parked', open: [] };
  }

  /** The last round. */
  get last(): ProductRound {
    return this.#last;
  }

  /** Whether it has been looked at, or was found out of reach, since the start. */
  get isKnown(): boolean {
    return this.#rounds > 0;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after what is under way, and gives the product to another worker. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const { product, owner } = this.#options;
    const isLate = await Promise.race([
      (this.#running ?? Promise.resolve()).then(() => false),
      sleep(LAST_MS, true, { ref: false }),
    ]);
    if (this.#client && this.#last.state === 'watched' && !isLate)
      await endLease(this.#db(this.#client), product, JOB, owner).catch(() => {});
    // A frozen server lets go of nothing: what still waits for it ends by its own time limit, and is not waited for.
    await this.#disconnect();
  }

  /** One round; never throws. */
  async round(): Promise<ProductRound> {
    const { product, logger } = this.#options;
    const before = this.#last.state;
    try {
      this.#last = await this.#work();
      const { state, holder } = this.#last;
      if (state !== before) {
        if (state === 'watched') logger.info({ product }, 'watching');
        if (holder) logger.info({ product, ...holder }, 'watched by another worker: waiting for its end');
      }
    } catch (error) {
      const mend = refusalOfRights(error) ? `: run bulkhead provision ${product}` : '';
      const problem = `${wordsOfDriverError(error)}${mend}`;
      // Told once, not with every try.
      if (problem !== this.#last.problem)
        logger.warn({ product, problem }, 'cannot be watched; trying again');
      this.#last = { product, state: 'parked', open: this.#last.open, problem };
      await this.#disconnect();
    }
    this.#rounds += 1;
    return this.#last;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { everyMs = EVERY_MS } = this.#options;
    // Products that started together do not ask together.
    let wait = Math.min(everyMs, FIRST_MS) * (0.5 + Math.random() / 2);
    for (;;) {
      await sleep(wait, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const startedAt = performance.now();
      await this.round();
      // What takes long is not asked more often for it.
      wait = Math.max(everyMs / 2, everyMs - (performance.now() - startedAt));
    }
  }

  async #work(): Promise<ProductRound> {
    const { product, classes, owner, webhook, now, afterRound } = this.#options;
    const db = await this.#connect();
    const holder = await holdLease(db, product, JOB, owner);
    if (holder) return { product, state: 'elsewhere', open: await readFindings(db, { product }), holder };
    const isStopped = () => this.#stopped.signal.aborted;
    const round = await this.#watch.round({ db, product, classes, now, isStopped });
    this.#tell(round);
    const target = webhook();
    if (target) await this.#sendAlarms(db, { ...target, signal: this.#stopped.signal });
    await afterRound?.(db);
    return { product, state: 'watched', open: round.open };
  }

  async #sendAlarms(db: mongo.Db, webhook: WebhookOptions): Promise<void> {
    const { product, owner, now, logger } = this.#options;
    const { failure } = await sendAlarms({ db, product, webhook, owner, now });
    if (failure !== undefined)
      logger.warn({ product, failure }, 'the webhook did not take an alarm; trying again');
  }

  #tell({ found, resolved, missing, failed }: Awaited<ReturnType<Watch['round']>>): void {
    const { product, logger } = this.#options;
    for (const { rule, severity, subject, reason, remedy } of found)
      if (severity !== 'info') logger.warn({ product, rule, severity, ...subject, remedy }, reason);
    for (const { rule, subject } of resolved) logger.info({ product, rule, ...subject }, 'resolved');
    for (const right of missing) {
      if (this.#told.has(right)) continue;
      this.#told.add(right);
      logger.warn(
        { product, right },
        `a grant is missing, and what it shows is not seen: run bulkhead provision ${product}`,
      );
    }
    for (const { part, problem } of failed) {
      if (this.#told.has(`${part} ${problem}`)) continue;
      this.#told.add(`${part} ${problem}`);
      logger.warn({ product, part, problem }, 'a part cannot be read, and the rest is watched; trying again');
    }
  }

  async #connect(): Promise<mongo.Db> {
    const { product, uri: current } = this.#options;
    const uri = current();
    if (uri === undefined) throw new Error('it has no ops connection string');
    if (this.#client && uri !== this.#uri) await this.#disconnect();
    if (!this.#client) {
      const client = new mongo.MongoClient(uri, {
        appName: `bulkhead:${product}:worker`,
        maxPoolSize: 2,
        serverSelectionTimeoutMS: SELECTION_MS,
        connectTimeoutMS: SELECTION_MS,
        socketTimeoutMS: SOCKET_MS,
      });
      this.#client = client;
      this.#uri = uri;
      await client.connect();
    }
    return this.#db(this.#client);
  }

  #db(client: mongo.MongoClient): mongo.Db {
    return client.db(databaseOf(this.#uri!, this.#options.product));
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#watch = new Watch();
    if (client)
      await Promise.race([client.close().catch(() => {}), sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}
