import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';

const EVERY_MS = 25;
/** Times like the gateway's own, and connections without want. */
const OPTIONS: mongo.MongoClientOptions = {
  appName: 'bare driver',
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 2_000,
  socketTimeoutMS: 10_000,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 500,
};

/**
 * The same faults without a gateway: a client of the driver that reads and inserts all the time, its writes
 * acknowledged by a majority. What it misses, no gateway can give.
 */
export class BareDriver {
  /** When a read, and when an insert was answered. */
  readonly reads: number[] = [];
  readonly writes: number[] = [];
  readonly #client: mongo.MongoClient;
  readonly #pending = new Set<Promise<unknown>>();
  #isOn = true;

  constructor(uri: string) {
    this.#client = new mongo.MongoClient(uri, OPTIONS);
  }

  async run(): Promise<void> {
    const collection = this.#client
      .db('bare')
      .collection('writes', { writeConcern: { w: 'majority', j: true } });
    while (this.#isOn) {
      this.#follow(collection.insertOne({}), this.writes);
      this.#follow(collection.findOne({}), this.reads);
      await sleep(EVERY_MS);
    }
    await Promise.all(this.#pending);
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await Promise.all(this.#pending);
    await this.#client.close();
  }

  #follow(work: Promise<unknown>, answers: number[]): void {
    const followed = work.then(
      () => answers.push(Date.now()),
      () => {},
    );
    this.#pending.add(followed);
    void followed.finally(() => this.#pending.delete(followed));
  }
}
