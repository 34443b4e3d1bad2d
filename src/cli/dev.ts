import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { findDeclaration } from '../config/declaration.js';
import type { Environment } from '../config/environment.js';
import { beginDatabase, type DevelopmentDatabase, findDatabase } from '../development/find-database.js';
import type { Description } from '../development/prepare-messages.js';
import { ProjectWorker } from '../development/project-worker.js';
import { BulkheadError, StartError, UsageError } from '../errors/bulkhead-error.js';
import { announce } from './banner.js';
import { GatewayEnded } from './gateway-process.js';
import { Interrupted, Interruption } from './interruption.js';
import { KeptWorker } from './kept-worker.js';
import { endProgress, paint, reportFailure, showProgress } from './output.js';
import { Serving } from './serving.js';
import { SourceWatch } from './watch.js';
import { WorkerProcess } from './worker-process.js';

/** Options of `bulkhead dev`. */
export interface DevOptions {
  readonly config?: string;
  /** Restart when the sources change. */
  readonly watch: boolean;
  readonly json: boolean;
}

/** How long work that cannot be cut short is waited for when a signal comes. */
const LONGEST_WAIT_MS = 8_000;

/**
 * Everything around the gateway on a developer's machine: database, users, indexes, sample data; then the serving
 * process. `npm start` is this without watching. In production it only serves.
 */
export async function dev(products: readonly string[], options: DevOptions): Promise<void> {
  // The server is loaded by the process that serves; here it would only cost time.
  if (process.env['NODE_ENV'] === 'production') return (await import('./start.js')).start(products, options);
  const session = new Development(products, options);
  await session.run();
}

class Development {
  readonly #products: readonly string[];
  readonly #options: DevOptions;
  readonly #interruption = new Interruption();
  readonly #serving: Serving;
  /** Of both children. */
  readonly #args: readonly string[];
  #database: DevelopmentDatabase | undefined;
  /** Set while the database is looked for or started: neither can be cut short from outside. */
  #finding: Promise<DevelopmentDatabase> | undefined;
  #worker: ProjectWorker | undefined;
  #watch: SourceWatch | undefined;
  /** What runs beside the gateway; it comes after it, and does without it. */
  #jobs: KeptWorker | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #isStale = false;
  #isUp = false;
  /** The project was found once: from now on a fault is one of its code, and a change mends it. */
  #isKnown = false;

  constructor(products: readonly string[], options: DevOptions) {
    this.#products = products;
    this.#options = options;
    this.#args = [...products, ...(options.config ? ['--config', options.config] : [])];
    this.#serving = new Serving(this.#args);
  }

  async run(): Promise<void> {
    const { watch, config } = this.#options;
    // Before a database is started for nothing.
    findDeclaration(config);
    if (!this.#options.json) process.stdout.write(`${paint('bold', 'Bulkhead')}\n`);
    try {
      if (!watch) {
        await this.#bringUp();
        process.exitCode = await this.#waitFor(this.#serving.ended);
        return;
      }
      await this.#attempt();
      this.#watch = new SourceWatch(() => this.#refresh());
      await this.#waitFor(new Promise<never>(() => {}));
    } catch (error) {
      if (error instanceof GatewayEnded) process.exitCode = error.code;
      else if (!(error instanceof Interrupted)) throw error;
    } finally {
      await this.#stop();
    }
  }

  /** From the project to the banner. Every wait ends with a signal. */
  async #bringUp(): Promise<void> {
    const onStep = (text: string) => this.#step(text);
    this.#finding ??= beginDatabase(onStep);
    // What is wrong with the project comes first; this is looked at below.
    this.#finding?.catch(() => {});
    const described = await this.#load();
    this.#isKnown = true;
    const { environment } = described;
    if (environment.production)
      throw new StartError(['NODE_ENV is production in .env: `bulkhead dev` is for development; use start.']);
    if (!this.#serving.address) await assertPortIsFree(environment);
    if (!this.#database) {
      const finding = (this.#finding ??= findDatabase(environment, onStep));
      // An attempt that failed is not remembered.
      finding.catch(() => (this.#finding = undefined));
      this.#database = await this.#interruption.cutShort(finding);
      this.#step(`database: ${this.#database.origin}`);
    }
    const database = this.#database;
    const { adminUri } = database;
    const uris = adminUri ? await this.#interruption.cutShort(this.#worker!.prepare(adminUri)) : {};
    await this.#endWorker();
    this.#serving.know(uris);
    const address = await this.#interruption.cutShort(this.#serving.launch());
    this.#isUp = true;
    const announcement = { address, database: database.origin, ...described };
    await this.#interruption.cutShort(announce(announcement, this.#options.json));
    await this.#startJobs(environment, uris);
  }

  /** The worker, anew: it knows the classes as they are now. */
  async #startJobs(
    { monitor, products }: Environment,
    uris: Readonly<Record<string, { readonly opsUri: string }>>,
  ): Promise<void> {
    await this.#jobs?.stop();
    this.#jobs = undefined;
    const opsUris = Object.entries({ ...products, ...uris }).flatMap(([name, { opsUri }]) =>
      opsUri === undefined ? [] : [[name, opsUri] as const],
    );
    if (!monitor || opsUris.length === 0 || this.#interruption.why) return;
    const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
    this.#jobs = new KeptWorker(
      () => new WorkerProcess(this.#args, Object.fromEntries(opsUris), owner),
      (text) => {
        if (!this.#interruption.why) this.#step(text);
      },
    );
  }

  /** While watching, a start that fails waits for the change that mends it. */
  async #attempt(): Promise<void> {
    try {
      await this.#bringUp();
    } catch (error) {
      if (error instanceof Interrupted || (error instanceof UsageError && !this.#isKnown)) throw error;
      if (!(error instanceof GatewayEnded)) reportFailure(error, this.#options.json);
      this.#notServing();
    }
  }

  async #load(): Promise<Description> {
    const { config } = this.#options;
    await this.#endWorker();
    this.#worker = new ProjectWorker(
      { products: this.#products, ...(config !== undefined && { config }) },
      {
        onStep: (text) => this.#step(text),
        onProgress: (product, { collection, documents }) =>
          showProgress(`  ${product}: ${documents.toLocaleString('en')} documents (${collection})`),
      },
    );
    return this.#interruption.cutShort(this.#worker.described);
  }

  #refresh(): void {
    this.#isStale = true;
    this.#refreshing = this.#refreshing.then(async () => {
      if (!this.#isStale || this.#interruption.why) return;
      this.#isStale = false;
      await (this.#isUp ? this.#restart() : this.#attempt()).catch((error: unknown) => {
        if (!(error instanceof Interrupted)) reportFailure(error, this.#options.json);
      });
    });
  }

  /** The new gateway starts first; then the databases are brought to what the classes declare now. */
  async #restart(): Promise<void> {
    const startedAt = Date.now();
    await this.#serving.stop();
    await this.#serving.launch().then(
      (address) => this.#step(`restarted in ${Date.now() - startedAt} ms: ${address}`),
      () => this.#notServing(),
    );
    const { adminUri } = this.#database ?? {};
    if (!adminUri || this.#interruption.why) return;
    // What is wrong with the project the gateway has said already.
    const described = await this.#load().catch(() => undefined);
    if (!described || described.environment.production || this.#isStale) return;
    const uris = await this.#interruption.cutShort(this.#worker!.prepare(adminUri));
    await this.#endWorker();
    if (this.#serving.know(uris)) {
      await this.#serving.stop();
      await this.#serving.launch().then(
        (address) => this.#step(`restarted with a new product: ${address}`),
        () => this.#notServing(),
      );
    }
    await this.#startJobs(described.environment, uris);
  }

  #notServing(): void {
    if (!this.#interruption.why) this.#step('not serving; waiting for the next change');
  }

  /** Waits until a signal comes. @throws BulkheadError when the embedded server ends without having been asked to. */
  async #waitFor<T>(work: Promise<T>): Promise<T> {
    const { embedded } = this.#database ?? {};
    const lost = embedded?.exited.then((): never => {
      throw new BulkheadError('PRODUCT_UNAVAILABLE', `The embedded MongoDB has ended: see ${embedded.dir}.`);
    });
    return this.#interruption.cutShort(lost ? Promise.race([lost, work]) : work);
  }

  async #endWorker(): Promise<void> {
    await this.#worker?.end();
    this.#worker = undefined;
  }

  async #stop(): Promise<void> {
    endProgress();
    const watched = this.#watch?.end();
    const database = this.#database ?? (await this.#abandoned());
    await this.#endWorker();
    await Promise.all([this.#serving.close(), this.#jobs?.stop()]);
    await this.#refreshing;
    await this.#jobs?.stop();
    await database?.embedded?.stop();
    await watched;
  }

  /** A database that was still being found or started when the signal came. */
  async #abandoned(): Promise<DevelopmentDatabase | undefined> {
    if (!this.#finding) return undefined;
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, LONGEST_WAIT_MS, 'late').unref());
    const found = await Promise.race([this.#finding.catch(() => undefined), late]);
    // A download is under way: leaving ends it, and a server that is starting.
    if (found === 'late') process.exit();
    return found;
  }

  #step(message: string): void {
    endProgress();
    if (this.#options.json) return;
    process.stdout.write(`  ${message}\n`);
  }
}

/** Told before a database is started for nothing. */
async function assertPortIsFree({ host, port }: Environment): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        new StartError([
          code === 'EADDRINUSE'
            ? `Port ${port} on ${host} is taken: stop what listens there, or set PORT.`
            : `Cannot listen on port ${port} of ${host}: ${message}.`,
        ]),
      ),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
