import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { Recorder } from '../recorder.js';
import { writeStats } from './stats.js';

/** What is written, where, and when not. */
export interface FlushOptions {
  readonly product: string;
  readonly recorder: Recorder;
  /** The product's database; asked each time, as connections come and go. */
  readonly db: () => mongo.Db;
  /** Whether the product takes it, and has time for it: until then statistics wait within the recorder's bounds. */
  readonly mayWrite: () => boolean;
  readonly onFailure: (error: unknown) => void;
  /** Default: 10,000 ms. */
  readonly everyMs?: number;
}

const EVERY_MS = 10_000;
/** What the last write may take before the gateway ends without it. */
const LAST_MS = 1_000;

/** Writes what a recorder has counted into the product's database, again and again. Never throws. */
export class StatsFlush {
  readonly #options: FlushOptions;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: FlushOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Writes what there is, now. */
  async write(): Promise<void> {
    const { product, recorder, db, mayWrite, onFailure } = this.#options;
    if (!mayWrite()) return;
    const recorded = recorder.drain();
    try {
      await writeStats(db(), product, recorded, new Date());
    } catch (error) {
      recorder.lost(recorded);
      onFailure(error);
    }
  }

  /** Writes a last time, and ends. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
    await Promise.race([this.write(), sleep(LAST_MS, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { everyMs = EVERY_MS } = this.#options;
    // Products that started together do not write together.
    let wait = everyMs * (0.5 + Math.random() / 2);
    for (;;) {
      await sleep(wait, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.write();
      wait = everyMs;
    }
  }
}
