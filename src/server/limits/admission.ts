import { knownViewer, type Viewers } from '../../auth/viewers.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import type { Composed } from '../../product/gateway.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';
import type { RequestRate } from './rate-limits.js';
import type { RequestScope } from '../request-scope.js';

/** Who may ask a product: anybody where it is public, else whoever brings a token. @throws BulkheadError `UNAUTHENTICATED` */
export const admitToProduct =
  ({ name, product }: ProductRuntime) =>
  (viewers: Viewers): void => {
    if (product.public !== 'read' && viewers(name).isAnonymous) {
      throw new BulkheadError('UNAUTHENTICATED', `${name} answers callers with a token only.`);
    }
  };

/** Who may ask the composed graph. @throws BulkheadError `UNAUTHENTICATED` */
export const admitToComposed =
  (composed: Composed, runtimes: ReadonlyMap<string, ProductRuntime>) =>
  (viewers: Viewers): void => {
    if (composed === 'public') return;
    const isOperator = [...runtimes.keys()].some((name) => knownViewer(viewers, name)?.kind === 'operator');
    if (!isOperator) throw new BulkheadError('UNAUTHENTICATED', 'The composed graph answers operators only.');
  };

/** Lets an operation on the composed graph enter a product. @throws BulkheadError what the product refuses it with */
export type Entrance = (runtime: ProductRuntime, request: RequestScope) => Promise<void>;

/** How products are entered from the composed graph. */
export interface EntranceOptions {
  readonly production: boolean;
  /** By product, shared with its own endpoint; left out where rates are not limited. */
  readonly rates: ReadonlyMap<string, RequestRate> | undefined;
}

/**
 * The door of each product in the composed graph: whom a product does not answer at its own endpoint, it does not answer
 * there, and what it is asked counts together. Of a safelist, only operators pass: what they send has no hash there.
 *
 * @throws BulkheadError `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`
 */
export const entranceOf =
  ({ production, rates }: EntranceOptions): Entrance =>
  async (runtime, { viewers, network }) => {
    const { name, product } = runtime;
    admitToProduct(runtime)(viewers);
    if (production && product.operations === 'safelist' && viewers(name).kind !== 'operator')
      throw new BulkheadError(
        'FORBIDDEN',
        `${name} answers registered operations only, at its own endpoint.`,
      );
    await rates?.get(name)?.count(network, viewers, 1);
  };
