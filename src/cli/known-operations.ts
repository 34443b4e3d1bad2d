import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../config/environment.js';
import { redact } from '../config/secrets.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { withDatabase } from '../development/with-database.js';
import { StartError } from '../errors/bulkhead-error.js';
import { readRegisteredOperations } from '../product/registered-operations.js';
import { readManifest } from './manifest.js';

/** The operations of a graph's clients, as far as they are known here. */
export interface KnownOperations {
  /** By their hash. */
  readonly texts: ReadonlyMap<string, string>;
  /** Where they were read. */
  readonly from: readonly string[];
  /** Why the list in the product's database is not among them. */
  readonly unread?: string;
}

/** Why it is unread where nothing is wrong. */
export const NOT_CONFIGURED = 'no connection string is configured';

/** The operations of a manifest; none where there is no such file. What is wrong with it goes to `problems`. */
export function readManifestOf(dir: string, graph: string, problems: string[]): KnownOperations {
  const path = join(dir, `${graph}.json`);
  return existsSync(path)
    ? { texts: readManifest(path, problems), from: [path] }
    : { texts: new Map(), from: [] };
}

/**
 * What is registered in the products' databases. One that is away says so, and takes nothing from the others.
 *
 * @param isNeeded whether surroundings that are wrong are an error; otherwise they are why nothing was read.
 * @throws StartError
 */
export async function readDatabases(
  products: readonly string[],
  declared: readonly string[],
  isNeeded = false,
): Promise<ReadonlyMap<string, KnownOperations>> {
  const unread = (why: string): KnownOperations => ({ texts: new Map(), from: [], unread: why });
  const read = async (name: string, uri: string | undefined): Promise<KnownOperations> => {
    if (!uri) return unread(NOT_CONFIGURED);
    try {
      const texts = await withDatabase(uri, name, (db) => readRegisteredOperations(db, name));
      return { texts, from: ['the database'] };
    } catch (error) {
      return unread(redact(error instanceof Error ? error.message : String(error)));
    }
  };
  try {
    const { products: of } = withDevelopmentUris(readEnvironment({ products: declared, serves: false }));
    const found = await Promise.all(products.map((name) => read(name, of[name]?.opsUri ?? of[name]?.uri)));
    return new Map(products.map((name, i) => [name, found[i]!]));
  } catch (error) {
    if (isNeeded || !(error instanceof StartError)) throw error;
    // Comparing needs no configuration, as where images are built.
    return new Map(products.map((name) => [name, unread(error.problems.join(' '))]));
  }
}

/** What several sources know together. */
export function joinKnown(...sources: readonly (KnownOperations | undefined)[]): KnownOperations {
  const known = sources.filter((one) => one !== undefined);
  const unread = known.find((one) => one.unread !== undefined)?.unread;
  return {
    texts: new Map(known.flatMap(({ texts }) => [...texts])),
    from: known.flatMap(({ from }) => from),
    ...(unread !== undefined && { unread }),
  };
}
