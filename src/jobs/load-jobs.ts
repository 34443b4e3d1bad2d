import 'reflect-metadata';
import { type Environment, readEnvironment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import type { ClassType } from '../database/class-type.js';
import { withDevelopmentUris } from '../development/product-uris.js';
import { StartError, UsageError } from '../errors/bulkhead-error.js';
import type { Gateway } from '../product/gateway.js';
import { capabilitiesOf } from '../server/runtime/capabilities.js';
import { loadGateway } from '../server/load-project.js';

/** What the worker works on: no graph is built for it, and no serving credential kept. */
export interface Jobs {
  readonly environment: Environment;
  /** By product, in the order of the declaration. */
  readonly products: ReadonlyMap<string, readonly ClassType[]>;
  /** The ops connection strings by product. */
  readonly uris: Readonly<Record<string, string>>;
  readonly webhook: string | undefined;
  /** Reads the surroundings again. @throws StartError with all that is wrong in them. */
  readonly readAgain: () => Pick<Jobs, 'uris' | 'webhook'>;
}

/** What is loaded. */
export interface LoadJobsOptions {
  readonly config?: string;
  /** Default: all. */
  readonly only?: readonly string[];
}

/** Loads the declaration and the surroundings, as far as jobs need them. @throws StartError with all that is wrong. */
export async function loadJobs({ config, only = [] }: LoadJobsOptions): Promise<Jobs> {
  const gateway = await loadGateway(config);
  const unknown = only.filter((name) => !Object.hasOwn(gateway.products, name));
  if (unknown.length > 0)
    throw new UsageError(
      unknown.map(
        (name) => `${name}: no such product; there are ${Object.keys(gateway.products).join(', ')}.`,
      ),
    );
  const products = new Map(
    Object.entries(gateway.products)
      .filter(([name]) => only.length === 0 || only.includes(name))
      .map(([name, product]) => [
        name,
        [...product.schema, ...capabilitiesOf(product).flatMap(({ classes }) => classes)],
      ]),
  );
  const environment = surroundings(gateway);
  const read = (found: Environment): Pick<Jobs, 'uris' | 'webhook'> => ({
    uris: Object.fromEntries(
      Object.entries(found.products).flatMap(([name, { opsUri }]) =>
        opsUri === undefined ? [] : [[name, opsUri]],
      ),
    ),
    webhook: found.alertWebhook ?? gateway.alerts?.webhook,
  });
  const first = read(environment);
  const missing = [...products.keys()].filter((name) => !Object.hasOwn(first.uris, name));
  if (environment.production && missing.length > 0)
    throw new StartError(
      missing.map((name) => `${productNames(name).envPrefix}_OPS_MONGODB_URI: expected, to work with.`),
    );
  return { environment, products, ...first, readAgain: () => read(surroundings(gateway)) };
}

const surroundings = ({ products }: Gateway): Environment =>
  withDevelopmentUris(readEnvironment({ products: Object.keys(products), serves: false }));
