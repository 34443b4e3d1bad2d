import { Worker } from 'node:worker_threads';
import { StartError, UsageError } from '../errors/bulkhead-error.js';
import type { PrepareListener } from './prepare-database.js';
import type { Description, PrepareOrder, PrepareWorkerData, WorkerMessage } from './prepare-messages.js';
import type { ProductUris } from './product-uris.js';

/** The thread that loads the project and makes its databases ready; see prepare-worker.ts. */
export class ProjectWorker {
  readonly #worker: Worker;
  readonly #prepared: Promise<Readonly<Record<string, ProductUris>>>;
  /** Resolves when the project is loaded; rejects with all that is wrong with it. */
  readonly described: Promise<Description>;

  constructor(data: PrepareWorkerData, listener: PrepareListener) {
    this.#worker = new Worker(new URL('prepare-worker.js', import.meta.url), { workerData: data });
    const failed = new Promise<never>((_resolve, reject) => {
      this.#worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'step') listener.onStep(message.text);
        if (message.kind === 'progress') listener.onProgress(message.product, message.progress);
        if (message.kind === 'problems')
          reject(new (message.isUsage ? UsageError : StartError)(message.problems));
        if (message.kind === 'failed')
          reject(Object.assign(new Error(message.message), { name: message.name }));
      });
      this.#worker.once('error', reject);
      this.#worker.once('exit', () =>
        reject(new Error('The project could not be loaded: its thread ended.')),
      );
    });
    // The last message and the end of the thread can come in one turn: what was said first has to win, so nothing
    // stands between the message and its promise.
    const told = <T>(pick: (message: WorkerMessage) => T | undefined) =>
      new Promise<T>((resolve) => {
        this.#worker.on('message', (message: WorkerMessage) => {
          const found = pick(message);
          if (found !== undefined) resolve(found);
        });
      });
    this.described = Promise.race([
      told((message) => (message.kind === 'described' ? message.description : undefined)),
      failed,
    ]);
    this.#prepared = Promise.race([
      told((message) => (message.kind === 'prepared' ? message.uris : undefined)),
      failed,
    ]);
    // Both fail together, and nobody may be waiting for the second yet.
    this.described.catch(() => {});
    this.#prepared.catch(() => {});
  }

  /** Provisions, indexes and fills the databases of products that bring no connection string of their own. */
  async prepare(adminUri: string): Promise<Readonly<Record<string, ProductUris>>> {
    this.#worker.postMessage({ adminUri } satisfies PrepareOrder);
    return this.#prepared;
  }

  /** Ends the thread, whatever it is doing; what was cut short goes on at the next start. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
