import { BulkheadError } from '../errors/bulkhead-error.js';
import { Viewer } from './viewer.js';

/** Who is asking, as each product sees it. Throws for a product that could not be asked about its session. */
export type Viewers = (product: string) => Viewer;

/**
 * Viewers from what is known of some products, and one made on demand for any other (default: anonymous).
 * Remembers what it made, so that a request has one viewer per product.
 */
export function viewersOf(
  known: Map<string, Viewer | BulkheadError>,
  otherwise: (product: string) => Viewer = (product) => Viewer.anonymous(product),
): Viewers {
  return (product) => {
    const viewer = known.get(product) ?? otherwise(product);
    if (viewer instanceof BulkheadError) throw viewer;
    known.set(product, viewer);
    return viewer;
  };
}

/** Who is asking, as far as it is known: undefined where the product could not be asked about its session. */
export function knownViewer(viewers: Viewers, product: string): Viewer | undefined {
  try {
    return viewers(product);
  } catch (error) {
    if (error instanceof BulkheadError) return undefined;
    throw error;
  }
}
