import { expect, test } from 'vitest';
import { BulkheadError } from './bulkhead-error.js';
import { ofProduct } from './of-product.js';

const cause = new Error('driver');
const unavailable = (message: string) =>
  new BulkheadError('PRODUCT_UNAVAILABLE', message, { cause, retryAfterS: 2, details: { more: 1 } });

test.each([
  ['The product is not available. It is full.', 'shop is not available. It is full.'],
  ['The database did not answer in time.', 'The database of shop did not answer in time.'],
  ['The gateway holds as many answers as it can.', 'The gateway holds as many answers as it can.'],
])('%s', (message, named) => {
  const error = ofProduct(unavailable(message), 'shop');
  expect(error).toBeInstanceOf(BulkheadError);
  expect(error).toMatchObject({ message: named, code: 'PRODUCT_UNAVAILABLE', retryAfterS: 2 });
  expect(error.originalError).toBe(cause);
  expect(error.extensions).toEqual({
    code: 'PRODUCT_UNAVAILABLE',
    product: 'shop',
    more: 1,
    retryAfterSeconds: 2,
  });
  // The first to say so knows best.
  expect(ofProduct(error, 'other')).toBe(error);
});

test('what is no absence of a product stays as it is', () => {
  for (const error of [
    new BulkheadError('NOT_FOUND', 'The product is gone.'),
    new Error('x'),
    undefined,
    'x',
  ])
    expect(ofProduct(error, 'shop')).toBe(error);
});
