import { StartError } from '../errors/bulkhead-error.js';
import { checkProductNames } from '../config/names.js';
import { isHttpUrl } from '../config/readers.js';
import type { Product } from './product.js';

/** Who may use the composed graph at `/graphql`. */
export type Composed = 'off' | 'operators' | 'public';

/** What `bulkhead.config.ts` exports: which products there are and what each may use. */
export interface GatewayOptions {
  readonly products: Readonly<Record<string, Product>>;
  /** Default: `operators` in production, `public` in development. */
  readonly composed?: Composed;
  /**
   * Where the worker posts what it has found (docs/monitoring.md). `BULKHEAD_ALERT_WEBHOOK` wins, and is the place for
   * an address that holds a secret.
   */
  readonly alerts?: { readonly webhook: string };
}

/** A declared gateway. */
export interface Gateway extends GatewayOptions {
  readonly products: Readonly<Record<string, Product>>;
}

/**
 * Declares the gateway and its products.
 *
 * @throws StartError when a product's name is malformed, reserved, or collides with another after conversion, or the webhook is
 *   no address.
 */
export function defineGateway(options: GatewayOptions): Gateway {
  const names = Object.keys(options.products);
  const problems =
    names.length === 0 ? ['products: expected at least one, got none.'] : checkProductNames(names);
  if (options.alerts && !isHttpUrl(options.alerts.webhook))
    problems.push('alerts.webhook: expected an address starting with https:// or http://.');
  if (problems.length > 0) throw new StartError(problems);
  return Object.freeze({ ...options, products: Object.freeze({ ...options.products }) });
}
