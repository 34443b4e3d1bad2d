import { mongo } from 'mongoose';
import { type ConnectionOptions, databaseOf } from './connection.js';
import { isRetryableRead } from './driver-errors.js';

/** An answer of the server, whatever it says: the credential lacks a grant. */
const UNAUTHORIZED = 13;

/**
 * Whether a product's database answers, asked on a connection of its own, before which no load of the product stands;
 * and one small document that every beat brings along.
 */
export class Pulse {
  readonly #client: mongo.MongoClient;
  readonly #database: string;
  readonly #patienceMs: number;
  readonly #appName: string;

  /** @param patienceMs how long an answer may take. */
  constructor(
    { uri, appName, database }: Pick<ConnectionOptions, 'uri' | 'appName' | 'database'>,
    patienceMs: number,
  ) {
    this.#database = databaseOf(uri, database);
    this.#patienceMs = patienceMs;
    this.#appName = appName;
    this.#client = new mongo.MongoClient(uri, {
      appName: `${appName}:pulse`,
      maxPoolSize: 1,
      serverSelectionTimeoutMS: patienceMs,
      connectTimeoutMS: patienceMs,
      heartbeatFrequencyMS: 500,
      retryReads: false,
    });
  }

  /**
   * One document of a collection, null where it is empty, undefined where the credential may not read it.
   *
   * @throws when the primary has not answered in time.
   */
  async beat(collection: string): Promise<mongo.Document | null | undefined> {
    const controller = new AbortController();
    // Whatever has kept this process busy, an answer that is here already is read before time is up.
    const giveUp = () => setImmediate(() => setImmediate(() => controller.abort()));
    const timer = setTimeout(giveUp, this.#patienceMs);
    const read = async () => {
      const db = this.#client.db(this.#database);
      const options = { signal: controller.signal, comment: `${this.#appName}:pulse` };
      const { cursor } = await db.command({ find: collection, limit: 1, singleBatch: true }, options);
      return (cursor as { firstBatch: mongo.Document[] }).firstBatch[0] ?? null;
    };
    try {
      // A primary that steps down says so in a moment; another follows within the patience, or does not.
      return await read().catch((error: unknown) => {
        if (controller.signal.aborted || !isRetryableRead(error)) throw error;
        return read();
      });
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === UNAUTHORIZED) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
