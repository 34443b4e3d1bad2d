import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';

const EVERY_MS = 25;
/** Of each kind at once: one that is answered ends the gap for all, and logging in is work. */
const PENDING = 10;
/** Times like the gateway's own. */
const OPTIONS: mongo.MongoClientOptions = {
  appName: 'bare driver',
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 2_000,
  socketTimeoutMS: 10_000,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 3 * PENDING,
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
  readonly #pending = { reads: new Set<Promise<unknown>>(), writes: new Set<Promise<unknown>>() };
  #isOn = true;

  constructor(uri: string) {
    this.#client = new mongo.MongoClient(uri, OPTIONS);
  }

  async run(): Promise<void> {
    const collection = this.#client
      .db('bare')
      .collection('writes', { writeConcern: { w: 'majority', j: true } });
    while (this.#isOn) {
      this.#follow('writes', () => collection.insertOne({}));
      this.#follow('reads', () => collection.findOne({}));
      await sleep(EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await Promise.all([...this.#pending.reads, ...this.#pending.writes]);
    await this.#client.close();
  }

  #follow(kind: 'reads' | 'writes', ask: () => Promise<unknown>): void {
    const pending = this.#pending[kind];
    if (pending.size >= PENDING) return;
    const followed = ask().then(
      () => void this[kind].push(Date.now()),
      () => {},
    );
    pending.add(followed);
    void followed.finally(() => pending.delete(followed));
  }
}
