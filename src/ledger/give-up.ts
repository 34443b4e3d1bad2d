import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Progress } from './transaction.js';

/** The steps of a transfer's transaction: find the key, read both accounts, store the transfer, move the credits. */
export type TransferStep = 'lookup' | 'read' | 'claim' | 'move';

const SAME_KEY = 'send it again with the same idempotency key';

/** What a caller is told whose time was up, from how far its transfer came. */
export function toGiveUpError(progress: Progress<TransferStep>): BulkheadError {
  const { obstacle, undecided } = progress;
  const more = { cause: obstacle?.error, retryAfterS: 1 };
  if (undecided) {
    return new BulkheadError(
      'PRODUCT_UNAVAILABLE',
      `The database did not say in time whether the transfer was stored: ${SAME_KEY} to learn it and, if it was not, to do it.`,
      more,
    );
  }
  if (obstacle?.step === 'claim') {
    return new BulkheadError(
      'IDEMPOTENCY_IN_FLIGHT',
      `A transfer with this idempotency key is still under way: ${SAME_KEY} for its result.`,
      more,
    );
  }
  if (obstacle && obstacle.step !== 'lookup' && obstacle.step !== 'read') {
    return new BulkheadError(
      'DEADLINE_EXCEEDED',
      `Others were moving credits of the same accounts until time was up. Nothing was moved: ${SAME_KEY}.`,
      more,
    );
  }
  return new BulkheadError(
    'PRODUCT_UNAVAILABLE',
    `The database did not answer in time. Nothing was moved: ${SAME_KEY}.`,
    more,
  );
}
