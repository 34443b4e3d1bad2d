import { knownViewer, type Viewers } from '../auth/viewers.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Composed } from '../product/gateway.js';
import type { ProductRuntime } from './product-runtime.js';

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
