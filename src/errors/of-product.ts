import { BulkheadError } from './bulkhead-error.js';

/**
 * The same error, with the product in whose part of the operation it arose: one graph may hold several, and a client has
 * to know which of them it may ask again. Only `PRODUCT_UNAVAILABLE` that does not say so yet is another then.
 */
export function ofProduct<E>(error: E, product: string): E | BulkheadError {
  if (!(error instanceof BulkheadError) || error.code !== 'PRODUCT_UNAVAILABLE') return error;
  const { message, extensions, originalError: cause, retryAfterS } = error;
  if (extensions['product'] !== undefined) return error;
  return new BulkheadError(
    error.code,
    message.replace(/^The product\b/, product).replace(/^The database\b/, `The database of ${product}`),
    { details: { ...extensions, product }, cause, ...(retryAfterS !== undefined && { retryAfterS }) },
  );
}
