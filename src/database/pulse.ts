import { mongo } from 'mongoose';
import type { ConnectionOptions } from './connection.js';

/** Whether a product's database answers, asked on a connection of its own: no load of the product stands before it. */
export class Pulse {
  readonly #client: mongo.MongoClient;
  readonly #patienceMs: number;

  /** @param patienceMs how long an answer may take. */
  constructor({ uri, appName }: Pick<ConnectionOptions, 'uri' | 'appName'>, patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#client = new mongo.MongoClient(uri, {
      appName: `${appName}:pulse`,
      maxPoolSize: 1,
      serverSelectionTimeoutMS: patienceMs,
      connectTimeoutMS: patienceMs,
      heartbeatFrequencyMS: 500,
      retryReads: false,
    });
  }

  /** Resolves when the primary has answered a ping. @throws when it has not in time. */
  async beat(): Promise<void> {
    const controller = new AbortController();
    // Whatever has kept this process busy, an answer that is here already is read before time is up.
    const giveUp = () => setImmediate(() => setImmediate(() => controller.abort()));
    const timer = setTimeout(giveUp, this.#patienceMs);
    try {
      await this.#client.db('admin').command({ ping: 1 }, { signal: controller.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
