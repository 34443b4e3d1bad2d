import { isIP } from 'node:net';
import { StartError } from '../errors/bulkhead-error.js';
import { readDataDir } from './data-dir.js';
import { findMisspellings } from './misspellings.js';
import { readProducts, type ProductEnvironment } from './product-environment.js';
import { readBoolean, readChoice, readHttpUrl, readInteger, readUri } from './readers.js';
import { readTokenKeys, type TokenKeys } from './token-keys.js';
import { VariableSource } from './variable-source.js';

export type { ProductEnvironment } from './product-environment.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const composedModes = ['off', 'operators', 'public'] as const;
/** Who may use the composed graph at `/graphql`. */
export type ComposedMode = (typeof composedModes)[number];

/** Everything the surroundings tell the gateway, read and checked once, at start. Deeply frozen. */
export interface Environment {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  /** Which proxies' `X-Forwarded-*` are believed: none, all, or a list of addresses. */
  readonly trustProxy: boolean | string;
  readonly introspection: boolean;
  readonly sandbox: boolean;
  /** Whether clients are counted: the products' `requestsPerMinute` and `signInsPerMinute`. */
  readonly rateLimits: boolean;
  /** Whether the gateway counts what happens in its products. */
  readonly monitor: boolean;
  /** Where figures for Prometheus are served, without a question who asks. Left out, nowhere. */
  readonly metrics?: { readonly host: string; readonly port: number };
  /** Set only where `BULKHEAD_COMPOSED` is. */
  readonly composed?: ComposedMode;
  readonly dataDir: string;
  /** Path of the `mongod` for embedded servers. */
  readonly mongod?: string;
  /** Hosts and options for products without a connection string of their own. */
  readonly mongodbUri?: string;
  readonly adminUri?: string;
  readonly scratchUri?: string;
  readonly operatorKeys?: TokenKeys;
  /** Where alarms are posted; a secret. */
  readonly alertWebhook?: string;
  /** By product name. */
  readonly products: Readonly<Record<string, ProductEnvironment>>;
}

/** What `readEnvironment` reads, and from where. */
export interface ReadEnvironmentOptions {
  /** Names that `checkProductNames` has found good. */
  readonly products: readonly string[];
  /** Default: `process.env`, which is never changed. */
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of `.env`, and of relative paths. Default: the working directory. */
  readonly cwd?: string;
  /** The mode the gateway's declaration asks for; `BULKHEAD_COMPOSED` wins. */
  readonly composed?: ComposedMode;
  /** Whether it is read to serve. Default: true. Jobs need neither serving connection strings nor keys, in production too. */
  readonly serves?: boolean;
}

/**
 * Reads every variable (docs/configuration.md), or throws one `StartError` with all that is wrong.
 * No message repeats a value, since any value may be a secret in the wrong place.
 *
 * @example const environment = readEnvironment({ products: ['blog', 'aviation'] })
 */
export function readEnvironment(options: ReadEnvironmentOptions): Environment {
  const cwd = options.cwd ?? process.cwd();
  const source = new VariableSource(options.env ?? process.env, cwd);
  const nodeEnv = readChoice(source, 'NODE_ENV', ['development', 'test', 'production']);
  const production = nodeEnv === 'production';
  const composed = readChoice(source, 'BULKHEAD_COMPOSED', composedModes);

  const gateway = {
    production,
    host: readHost(source, 'HOST'),
    port: readInteger(source, 'PORT', { from: 0, to: 65_535, otherwise: 4000 }),
    logLevel: readChoice(source, 'BULKHEAD_LOG_LEVEL', logLevels) ?? 'info',
    trustProxy: readTrustProxy(source),
    introspection: readBoolean(source, 'BULKHEAD_INTROSPECTION', !production),
    sandbox: readBoolean(source, 'BULKHEAD_SANDBOX', !production),
    rateLimits: readBoolean(source, 'BULKHEAD_RATE_LIMITS', production),
    monitor: readBoolean(source, 'BULKHEAD_MONITOR', true),
    dataDir: readDataDir(source, cwd),
  };
  const optional = {
    composed,
    metrics: readMetrics(source),
    mongod: source.get('BULKHEAD_MONGOD'),
    mongodbUri: readUri(source, 'MONGODB_URI'),
    adminUri: readUri(source, 'BULKHEAD_ADMIN_URI'),
    scratchUri: readUri(source, 'BULKHEAD_SCRATCH_URI'),
    operatorKeys: readTokenKeys(source, 'BULKHEAD', { production }),
    alertWebhook: readHttpUrl(source, 'BULKHEAD_ALERT_WEBHOOK'),
  };
  const { serves = true } = options;
  const operatorsServed = (composed ?? options.composed) !== 'off';
  if (production && serves && operatorsServed && !hasKey(source, 'BULKHEAD')) {
    source.problem(
      'BULKHEAD_JWT_SECRET, BULKHEAD_JWT_PUBLIC_KEY or BULKHEAD_JWKS_URL: expected in production, unless BULKHEAD_COMPOSED is off.',
    );
  }
  const products = readProducts(source, options.products, {
    production,
    serves,
    operatorKeys: optional.operatorKeys,
  });
  source.problems.push(...findMisspellings(source.names, options.products));

  if (source.problems.length) throw new StartError(source.problems);
  return freeze({ ...gateway, ...withoutUndefined(optional), products });
}

const hasKey = (source: VariableSource, prefix: string): boolean =>
  ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWKS_URL'].some((name) => source.has(`${prefix}_${name}`));

function readHost(source: VariableSource, name: string): string {
  const host = source.get(name) ?? '127.0.0.1';
  if (host === 'localhost' || isIP(host)) return host;
  source.problem(`${name}: expected an address to listen on, such as 127.0.0.1, 0.0.0.0 or ::.`);
  return host;
}

function readMetrics(source: VariableSource): Environment['metrics'] {
  const host = readHost(source, 'BULKHEAD_METRICS_HOST');
  const port = readInteger(source, 'BULKHEAD_METRICS_PORT', { from: 0, to: 65_535, otherwise: -1 });
  return port < 0 ? undefined : { host, port };
}

function readTrustProxy(source: VariableSource): boolean | string {
  const value = source.get('BULKHEAD_TRUST_PROXY') ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  const addresses = value.split(',').map((address) => address.trim());
  if (addresses.every(isProxyAddress)) return addresses.join(',');
  source.problem('BULKHEAD_TRUST_PROXY: expected true, false, or addresses such as 10.0.0.0/8,loopback.');
  return false;
}

function isProxyAddress(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (!version || rest.length) return false;
  if (bits === undefined) return true;
  // Everybody is `true`. A mapped address counts as the one within it, of whose bits one has to count.
  const from = version === 4 ? 1 : address.toLowerCase().startsWith('::ffff:') ? 97 : 1;
  return /^\d{1,3}$/.test(bits) && Number(bits) >= from && Number(bits) <= (version === 4 ? 32 : 128);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** With exact optional properties, a missing value is a missing key. */
const withoutUndefined = <T extends object>(object: T): Defined<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;

function freeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) if (typeof value === 'object' && value !== null) freeze(value);
  return Object.freeze(object);
}
