import type { ProductEnvironment } from '../../config/environment.js';
import { serversOf } from '../../config/mongodb-uri.js';

/** The other products whose serving connection string names a host that this product's names, too. */
export function neighboursOf(
  product: string,
  products: Readonly<Record<string, ProductEnvironment>>,
): string[] {
  const own = new Set(serversOf(products[product]?.uri));
  return Object.keys(products).filter(
    (other) => other !== product && serversOf(products[other]?.uri).some((host) => own.has(host)),
  );
}
