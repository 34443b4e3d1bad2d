import { mongo } from 'mongoose';
import type { Environment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import { isAway } from '../database/driver-errors.js';
import { refusalOfRights, wordsOfDriverError } from '../database/driver-words.js';
import { withDatabase } from '../development/with-database.js';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';
import { NOTHING_RUNS } from './output.js';

/**
 * The ops connection string of a product.
 *
 * @param to what it is needed for, such as `to seed with`.
 * @throws StartError where it is not configured; BulkheadError where no database runs at all.
 */
export function opsUriOf({ products, production }: Environment, product: string, to: string): string {
  const { uri, opsUri } = products[product] ?? {};
  if (opsUri) return opsUri;
  if (uri || production)
    throw new StartError([`${productNames(product).envPrefix}_OPS_MONGODB_URI: expected, ${to}.`]);
  throw new BulkheadError('PRODUCT_UNAVAILABLE', `${product}: ${NOTHING_RUNS}`);
}

/**
 * Opens a product's database with its ops credential and closes it afterwards.
 *
 * @throws StartError, which names the variable, where the connection string or what it names (a file) is at fault, or a
 *   grant is missing; the driver's error where the server cannot be reached.
 */
export async function withOpsDatabase<T>(
  opsUri: string,
  product: string,
  work: (db: mongo.Db) => Promise<T>,
): Promise<T> {
  let isOpen = false;
  try {
    return await withDatabase(opsUri, product, (db) => {
      isOpen = true;
      return work(db);
    });
  } catch (error) {
    const variable = `${productNames(product).envPrefix}_OPS_MONGODB_URI`;
    const refusal = refusalOfRights(error);
    if (refusal === 'grant')
      throw new StartError([
        `${variable}: its user lacks a grant (${wordsOfDriverError(error)}). Run \`bulkhead provision ${product}\`.`,
      ]);
    if (isOpen) throw error;
    if (refusal === 'credential')
      throw new StartError([
        `${variable}: the server refuses the ops credential of ${product}. Run \`bulkhead provision ${product}\`, or correct user and password.`,
      ]);
    if (isAway(error)) throw error;
    throw new StartError([`${variable}: cannot be used: ${wordsOfDriverError(error)}`]);
  }
}
