import { BulkheadError } from '../errors/bulkhead-error.js';
import { MAX_CREDITS } from '../graph/scalars.js';
import type { TransferRequest } from './committer.js';
import type { StoredAccount, StoredTransfer } from './stored.js';

/** No such account; the id is shortened, since a caller may have sent anything. */
export const accountNotFound = (id: string): BulkheadError =>
  new BulkheadError('ACCOUNT_NOT_FOUND', `There is no account ${JSON.stringify(id.slice(0, 24))}.`);

/** An amount that no transfer can have. */
export const amountInvalid = (amount: number): BulkheadError =>
  new BulkheadError(
    'AMOUNT_INVALID',
    `amount: expected a whole number of credits from 1 to ${MAX_CREDITS}, got ${amount}.`,
  );

/** The ledger must not serve: without its unique index two transfers could share one key. */
export const ledgerNotReady = (product: string, found: string, cause?: unknown): BulkheadError =>
  new BulkheadError(
    'LEDGER_NOT_READY',
    `The ledger of ${product} needs the unique index "idempotency" on ledger.transfers; ${found}. ` +
      `Nothing was moved. An operator creates it: bulkhead provision ${product}.`,
    { cause, retryAfterS: 30 },
  );

/** The key was used before, with another input. */
export function assertSameInput(stored: StoredTransfer, request: TransferRequest): void {
  const differs = [
    // An issue is known by its debit side, which no transfer can name.
    !stored.from.equals(request.from) && 'from',
    !stored.to.equals(request.to) && 'to',
    stored.amount !== request.amount && 'amount',
    stored.reason !== request.reason && 'reason',
  ].filter((name) => name !== false);
  if (differs.length === 0) return;
  throw new BulkheadError(
    'IDEMPOTENCY_MISMATCH',
    `This idempotency key belongs to a transfer with another input (${differs.join(', ')}): ` +
      'send the input it was first sent with, or a new key.',
    { details: { differs } },
  );
}

/** Whether both accounts, as read in the transaction, can take part in it. */
export function assertCovered(request: TransferRequest, from: StoredAccount, to: StoredAccount): void {
  for (const account of [from, to]) {
    if (account.frozen) {
      throw new BulkheadError('ACCOUNT_FROZEN', `Account ${account._id.toHexString()} is frozen.`);
    }
  }
  const { amount } = request;
  if (request.kind === 'transfer' && from.balance - from.held < amount) {
    throw new BulkheadError(
      'INSUFFICIENT_CREDITS',
      `Account ${from._id.toHexString()} does not cover ${amount}: its balance less what is held is smaller.`,
    );
  }
  if (to.balance > MAX_CREDITS - amount || from.balance < amount - MAX_CREDITS) {
    throw new BulkheadError(
      'AMOUNT_INVALID',
      `amount: with ${amount} more a balance would pass ${MAX_CREDITS}, the largest there is.`,
    );
  }
}
