import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { mongo } from 'mongoose';
import type { Logger } from 'pino';
import type { ClassType } from '../database/class-type.js';
import { sendDigest } from './digest.js';
import { type ProductRound, ProductWorker } from './product-worker.js';
import type { WebhookOptions } from './webhook.js';

/** What a worker works on. */
export interface WorkerOptions {
  /** Products in the order of the declaration, with their classes. */
  readonly products: ReadonlyMap<string, readonly ClassType[]>;
  /** A product's ops connection string, as it is now. */
  readonly uriOf: (product: string) => string | undefined;
  readonly logger: Logger;
  /** Where alarms go, as it is now; left out, nowhere. */
  readonly webhook?: () => WebhookOptions | undefined;
  /** Under which name it holds what it works on. Default: one of its own. */
  readonly owner?: string;
  /** Default: 45,000 ms. */
  readonly everyMs?: number;
  /** Default: the time. */
  readonly now?: () => Date;
}

/** The jobs of all products, each product by itself: one that is slow or gone delays no other. */
export class Worker {
  readonly #workers: readonly ProductWorker[];
  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { products, uriOf, logger, webhook = () => undefined, everyMs } = options;
    const { now = () => new Date() } = options;
    const { owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}` } = options;
    const [home] = products.keys();
    this.#workers = [...products].map(
      ([product, classes]) =>
        new ProductWorker({
          product,
          classes,
          uri: () => uriOf(product),
          owner,
          logger,
          now,
          webhook,
          ...(everyMs !== undefined && { everyMs }),
          ...(product === home && { afterRound: (db) => this.#digest(db, product, webhook(), now()) }),
        }),
    );
  }

  start(): void {
    for (const worker of this.#workers) worker.start();
  }

  /** One round of every product. */
  round(): Promise<readonly ProductRound[]> {
    return Promise.all(this.#workers.map((worker) => worker.round()));
  }

  /** Ends what is under way, and closes every connection. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  async #digest(
    db: mongo.Db,
    product: string,
    webhook: WebhookOptions | undefined,
    now: Date,
  ): Promise<void> {
    const { logger } = this.#options;
    // A product that nobody has looked at yet is not one without findings.
    if (!webhook || !this.#workers.every(({ isKnown }) => isKnown)) return;
    try {
      const findings = () => this.#workers.map((worker) => worker.last);
      if (await sendDigest({ db, product, webhook, findings, now }))
        logger.info('the digest of the week was sent');
    } catch (error) {
      logger.warn({ failure: (error as Error).message }, 'the webhook did not take the digest; trying again');
    }
  }
}
