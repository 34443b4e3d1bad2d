import { productNames } from '../config/names.js';
import type { ProductUris } from '../development/product-uris.js';
import { GatewayEnded, GatewayProcess } from './gateway-process.js';

/** What the serving process must not be given; empty rather than left out, or `.env` would fill it in. */
const ADMINISTRATIVE = [
  'BULKHEAD_ADMIN_URI',
  'MONGODB_URI',
  'BULKHEAD_SCRATCH_URI',
  'BULKHEAD_ALERT_WEBHOOK',
];

/** The serving process of a development session: one at a time, started again and again. */
export class Serving {
  readonly #args: readonly string[];
  #uris: Readonly<Record<string, ProductUris>> = {};
  #process: GatewayProcess | undefined;
  #address: string | undefined;
  #isClosed = false;

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** Where it listens, or did last. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Resolves with the exit code of the process that runs now. */
  get ended(): Promise<number> {
    return this.#process?.ended ?? new Promise(() => {});
  }

  /** Learns connection strings; answers whether one was not known before. */
  know(uris: Readonly<Record<string, ProductUris>>): boolean {
    const isNew = Object.entries(uris).some(([name, { uri }]) => this.#uris[name]?.uri !== uri);
    this.#uris = { ...this.#uris, ...uris };
    return isNew;
  }

  /** Starts it, and answers its address. @throws GatewayEnded when it ends before it listens, or was closed before. */
  async launch(): Promise<string> {
    if (this.#isClosed) throw new GatewayEnded(0);
    this.#process = new GatewayProcess(this.#args, this.#environment());
    this.#address = await this.#process.listening;
    return this.#address;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** Stops it for good: nothing is launched any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.stop();
  }

  /** The products' own credentials, and no administrative one. */
  #environment(): NodeJS.ProcessEnv {
    const env = { ...process.env };
    const names = [...ADMINISTRATIVE, ...Object.keys(env).filter((one) => one.endsWith('_OPS_MONGODB_URI'))];
    for (const name of names) env[name] = env[`${name}_FILE`] = '';
    for (const [product, { uri }] of Object.entries(this.#uris))
      env[`${productNames(product).envPrefix}_MONGODB_URI`] = uri;
    return env;
  }
}
