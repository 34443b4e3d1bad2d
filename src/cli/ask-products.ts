import type { mongo } from 'mongoose';
import { productNames } from '../config/names.js';
import { refusalOfRights, wordsOfDriverError } from '../database/driver-words.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { withDatabase } from '../development/with-database.js';
import { StartError } from '../errors/bulkhead-error.js';
import type { Project } from '../server/load-project.js';
import { NOTHING_RUNS } from './output.js';

const UNAUTHORIZED = 13;

/** What a product's database answered, or why it could not be asked. */
export type Asked<T> =
  | { readonly product: string; readonly answer: T }
  | { readonly product: string; readonly problem: string; readonly isConfiguration: boolean };

/** Asks the databases of all products of a project, with their ops credentials. Never rejects for one of them. */
export function askProducts<T>(
  { environment, runtimes }: Project,
  ask: (db: mongo.Db, product: string) => Promise<T>,
): Promise<Asked<T>[]> {
  const { products } = withDevelopmentUris(environment);
  return Promise.all(
    [...runtimes.keys()].map(async (product): Promise<Asked<T>> => {
      const { uri, opsUri } = products[product] ?? {};
      if (!opsUri) {
        const variable = `${productNames(product).envPrefix}_OPS_MONGODB_URI`;
        const isConfiguration = uri !== undefined || environment.production;
        return {
          product,
          problem: isConfiguration ? `${variable}: expected, to ask with.` : NOTHING_RUNS,
          isConfiguration,
        };
      }
      try {
        return {
          product,
          answer: await withDatabase(opsUri, product, (db) => ask(db, product)),
        };
      } catch (error) {
        if (error instanceof StartError) throw error;
        return { product, problem: problemOf(error, product), isConfiguration: false };
      }
    }),
  );
}

/** Why a product's database could not be asked, in words. @param credential the one that was used. */
export function problemOf(error: unknown, product: string, credential = 'ops'): string {
  const { code, name } = error as { code?: unknown; name?: string };
  if (code === UNAUTHORIZED)
    return `its ${credential} credential may not read the statistics: run \`bulkhead provision ${product}\`.`;
  if (refusalOfRights(error) === 'credential')
    return `the server refuses user or password of its ${credential} credential: correct them, or run \`bulkhead provision ${product}\`.`;
  if (name === 'MongoServerSelectionError') return 'its database does not answer.';
  return wordsOfDriverError(error);
}
