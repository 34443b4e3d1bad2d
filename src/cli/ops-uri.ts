import type { Environment } from '../config/environment.js';
import { productNames } from '../config/names.js';
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
