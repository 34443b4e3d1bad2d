import type { ProductEnvironment } from '../config/environment.js';
import { parseMongodbUri } from '../config/mongodb-uri.js';

const LOOPBACK = /^(?:localhost|\[?::1\]?|127(?:\.\d{1,3}){3})(?=:\d+$)/;

const hostsOf = (uri: string | undefined): string[] =>
  (uri === undefined ? undefined : parseMongodbUri(uri)?.hosts)?.map((host) =>
    host.toLowerCase().replace(LOOPBACK, 'localhost'),
  ) ?? [];

/** The other products whose serving connection string names a host that this product's names, too. */
export function neighboursOf(
  product: string,
  products: Readonly<Record<string, ProductEnvironment>>,
): string[] {
  const own = new Set(hostsOf(products[product]?.uri));
  return Object.keys(products).filter(
    (other) => other !== product && hostsOf(products[other]?.uri).some((host) => own.has(host)),
  );
}
