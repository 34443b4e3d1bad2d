import { StartError } from '../errors/bulkhead-error.js';
import { checkDeclaration } from './check-declaration.js';
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
 * @throws StartError with all that is wrong: an option that there is none of or that is none of its words, a limit out of bounds, a
 *   list of classes that is empty, arrays that could never be within the rate; a product's name that is malformed, reserved, or
 *   collides with another after conversion; a webhook that is no address.
 */
export function defineGateway(options: GatewayOptions): Gateway {
  const problems = checkDeclaration(options);
  if (problems.length > 0) throw new StartError(problems);
  return Object.freeze({ ...options, products: Object.freeze({ ...options.products }) });
}
