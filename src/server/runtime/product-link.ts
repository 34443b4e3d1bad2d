import type { Connection, mongo } from 'mongoose';
import { writersShare } from '../../compartment/compartment.js';
import { ReadTurns } from '../../compartment/read-turns.js';
import { WriteTurns } from '../../compartment/write-turns.js';
import { createConnection } from '../../database/connection.js';
import type { ClassType } from '../../database/class-type.js';
import { BUSY } from '../../database/driver-errors.js';
import { DriverReader } from '../../database/driver-reader.js';
import { JoiningReader } from '../../database/joining-reader.js';
import { ModelRegistry, Writer } from '../../database/models.js';
import type { Reader } from '../../database/reader.js';
import type { BulkheadError } from '../../errors/bulkhead-error.js';
import { AnswerCache, type KeptAnswer } from '../../graph/answer-cache.js';
import type { BindCapability, Capability } from '../../graph/capability.js';
import type { Limits } from '../../product/product.js';

/** What a link is made for. */
export interface ProductLinkOptions {
  readonly product: string;
  readonly classes: readonly ClassType[];
  readonly capabilities: readonly Capability[];
  /** The error of whoever comes before there is a connection. @param why instead of that. */
  readonly unavailable: (why?: string) => BulkheadError;
  /** The class that kept answers are stored in; left out, none are kept. */
  readonly answers?: ClassType<KeptAnswer> | undefined;
  /** Counts what the database answers to a signal, until the function that it returns is called. */
  readonly hold: (signal: AbortSignal) => () => void;
  readonly limits: Pick<Limits, 'poolSize' | 'waitQueueTimeoutMs' | 'deadlineMs'>;
}

/**
 * One connection of a product and everything that is bound to it. An operation takes the link that it finds when it
 * begins and keeps it to its end, since a transaction's session belongs to its client; a product changes its
 * credential by changing its link.
 */
export class ProductLink {
  readonly connection: Connection = createConnection();
  readonly models: ModelRegistry;
  readonly reader: Reader;
  readonly answers: AnswerCache | undefined;
  readonly capabilities: readonly BindCapability[];
  /** Three quarters of the connections for writes: a majority that is missing must not keep reads waiting. */
  readonly turns: WriteTurns;
  /** In which clients' reads get connections. */
  readonly readTurns: ReadTurns;
  readonly #unavailable: () => BulkheadError;

  constructor(options: ProductLinkOptions) {
    const { product, classes, capabilities, answers, unavailable, hold, limits } = options;
    this.#unavailable = unavailable;
    this.turns = new WriteTurns(writersShare(limits.poolSize));
    this.readTurns = new ReadTurns({
      atOnce: limits.poolSize,
      waitMs: limits.waitQueueTimeoutMs,
      busy: () => unavailable(BUSY),
    });
    this.models = new ModelRegistry(this.connection, classes);
    this.reader = new JoiningReader(new DriverReader(() => this.db));
    this.answers =
      answers &&
      new AnswerCache({
        target: answers,
        writer: (scope) => new Writer(this.models.model(answers), this.reader, scope, this.turns.take),
        limitMs: limits.deadlineMs,
        hold,
      });
    this.capabilities = capabilities.map((one) =>
      one.open({ product, client: () => this.client, db: () => this.db, writing: this.turns.take }),
    );
  }

  /** Another server is the primary, with connections of its own. */
  renewTurns(): void {
    this.turns.renew();
    this.readTurns.renew();
  }

  /** The product's database. @throws BulkheadError `PRODUCT_UNAVAILABLE` before the first connection. */
  get db(): mongo.Db {
    const { db } = this.connection;
    if (!db) throw this.#unavailable();
    return db;
  }

  /** @throws BulkheadError `PRODUCT_UNAVAILABLE` before the first connection. */
  get client(): mongo.MongoClient {
    if (!this.connection.db) throw this.#unavailable();
    return this.connection.getClient();
  }

  /** Closes a connection that nothing was served on; it may be opened again. Never rejects. */
  async close(): Promise<void> {
    await this.connection.close().catch(() => {});
  }

  /** Closes the connection for good, whatever is under way on it: Mongoose forgets it and its models. Never rejects. */
  async destroy(): Promise<void> {
    await this.connection.destroy().catch(() => {});
  }
}
