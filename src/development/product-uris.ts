import type { Environment, ProductEnvironment } from '../config/environment.js';
import { type UserPassword, uriFor } from '../product/credential-uris.js';
import { findPasswords, type ProductPasswords } from './credentials.js';
import { findRunningServer } from './running-server.js';

/** A product's two connection strings. */
export interface ProductUris {
  readonly uri: string;
  readonly opsUri: string;
}

/** The database users of a product on a developer's machine. */
export const developmentUsers = (
  product: string,
  passwords: ProductPasswords,
): { readonly serve: UserPassword; readonly ops: UserPassword } => ({
  serve: { user: `${product}-serve`, password: passwords.serve },
  ops: { user: `${product}-ops`, password: passwords.ops },
});

/** The connection strings of a product's users on a developer's server. */
export function developmentUris(base: string, product: string, passwords: ProductPasswords): ProductUris {
  const { serve, ops } = developmentUsers(product, passwords);
  return { uri: uriFor(base, product, serve), opsUri: uriFor(base, product, ops) };
}

/** The server a developer works with: the one that is configured, or the embedded one if it runs. */
export const findDevelopmentServer = ({ adminUri, mongodbUri, dataDir }: Environment): string | undefined =>
  adminUri ?? mongodbUri ?? findRunningServer(dataDir);

/** Who says which server that is, for messages. */
export const developmentServerFrom = ({ adminUri, mongodbUri, dataDir }: Environment): string =>
  adminUri ? 'BULKHEAD_ADMIN_URI' : mongodbUri ? 'MONGODB_URI' : `the embedded server of ${dataDir}`;

/**
 * The products' connection strings for a command: those that are configured; outside production also those of the
 * users that `npm start` made, on the server it uses. What is not known is left out.
 */
export function withDevelopmentUris(environment: Environment): Environment {
  if (environment.production) return environment;
  const base = findDevelopmentServer(environment);
  const known = findPasswords(environment.dataDir);
  if (!base) return environment;
  const products = Object.entries(environment.products).map(
    ([name, product]): [string, ProductEnvironment] => {
      const passwords = Object.hasOwn(known, name) ? known[name] : undefined;
      // A product with a connection string of its own lives elsewhere.
      if (product.uri || product.opsUri || !passwords) return [name, product];
      return [name, Object.freeze({ ...developmentUris(base, name, passwords), ...product })];
    },
  );
  return Object.freeze({ ...environment, products: Object.freeze(Object.fromEntries(products)) });
}
