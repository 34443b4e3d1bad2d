import { isDeepStrictEqual } from 'node:util';
import { type Authenticator, createAuthenticator } from '../../auth/authenticator.js';
import type { Environment } from '../../config/environment.js';
import type { ProductKeeper, Replacement } from './product-keeper.js';
import type { ProductRuntime } from './product-runtime.js';

/** What became of surroundings that were read again. */
export interface Reloaded {
  /** By product. */
  readonly products: Readonly<Record<string, Replacement>>;
  /** Whose token keys are others now: names of products, and `operators`. */
  readonly keys: readonly string[];
  /** Variables that have changed and take effect at the next start. */
  readonly needRestart: readonly string[];
}

/** Variables that are read once. */
const READ_ONCE = {
  production: 'NODE_ENV',
  host: 'HOST',
  port: 'PORT',
  logLevel: 'BULKHEAD_LOG_LEVEL',
  trustProxy: 'BULKHEAD_TRUST_PROXY',
  introspection: 'BULKHEAD_INTROSPECTION',
  sandbox: 'BULKHEAD_SANDBOX',
  rateLimits: 'BULKHEAD_RATE_LIMITS',
  monitor: 'BULKHEAD_MONITOR',
  metrics: 'BULKHEAD_METRICS_PORT',
  composed: 'BULKHEAD_COMPOSED',
  dataDir: 'BULKHEAD_DATA_DIR',
} as const satisfies Partial<Record<keyof Environment, string>>;

/** The secrets that a gateway works with, and the one place where they change while it runs. */
export class Secrets {
  readonly #runtimes: ReadonlyMap<string, ProductRuntime>;
  readonly #started: Environment;
  #environment: Environment;
  #authenticator: Authenticator;
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(environment: Environment, runtimes: ReadonlyMap<string, ProductRuntime>) {
    this.#runtimes = runtimes;
    this.#started = environment;
    this.#environment = environment;
    this.#authenticator = this.#authenticatorOf(environment);
  }

  /** The surroundings as they were read last. */
  get environment(): Environment {
    return this.#environment;
  }

  /** Tells who is asking, by the keys of the moment. */
  readonly authenticator: Authenticator = {
    authenticate: (...asked) => this.#authenticator.authenticate(...asked),
  };

  /** Takes surroundings that were read again: token keys at once, connections as {@link ProductKeeper.replace} does. */
  replace(environment: Environment, keepers: ReadonlyMap<string, ProductKeeper>): Promise<Reloaded> {
    const reloaded = this.#reloading.then(() => this.#replace(environment, keepers));
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  async #replace(environment: Environment, keepers: ReadonlyMap<string, ProductKeeper>): Promise<Reloaded> {
    const before = this.#environment;
    const keys = [...this.#runtimes.keys()].filter(
      (name) => !isDeepStrictEqual(before.products[name]?.keys, environment.products[name]?.keys),
    );
    if (!isDeepStrictEqual(before.operatorKeys, environment.operatorKeys)) keys.push('operators');
    if (keys.length > 0) this.#authenticator = this.#authenticatorOf(environment);
    this.#environment = environment;
    const products = await Promise.all(
      [...keepers].map(
        async ([name, keeper]) => [name, await keeper.replace(environment.products[name]?.uri)] as const,
      ),
    );
    const needRestart = Object.entries(READ_ONCE).flatMap(([field, variable]) =>
      isDeepStrictEqual(this.#started[field as keyof Environment], environment[field as keyof Environment])
        ? []
        : [variable],
    );
    return { products: Object.fromEntries(products), keys, needRestart };
  }

  #authenticatorOf({ products, operatorKeys }: Environment): Authenticator {
    const keys = [...this.#runtimes.keys()].map((name) => [name, products[name]?.keys]);
    return createAuthenticator({
      products: Object.fromEntries(keys),
      ...(operatorKeys && { operators: operatorKeys }),
      sessionOf: (name) => this.#runtimes.get(name)?.sessions,
    });
  }
}
