import mongoose, { type Types } from 'mongoose';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { MAX_CREDITS } from '../graph/scalars.js';
import { isLine, LINE_IS } from '../graph/line.js';
import { ISSUANCE_ID } from './account.js';
import type { TransferRequest } from './committer.js';
import { accountNotFound, amountInvalid } from './refusals.js';

/** What `issueCredits` takes: the account that receives, by its id as text. */
export interface IssueInput {
  readonly to: string;
  readonly amount: number;
  readonly reason: string;
  /** Chosen by the caller, 1 to 255 characters; the same key again answers the same transfer. */
  readonly idempotencyKey: string;
}

/** What `transferCredits` takes. */
export interface TransferInput extends IssueInput {
  readonly from: string;
}

/** An account's id; one that cannot be an id is the id of no account. @throws BulkheadError `ACCOUNT_NOT_FOUND`. */
export function toAccountId(id: string): Types.ObjectId {
  if (!/^[0-9a-f]{24}$/i.test(id)) throw accountNotFound(id);
  return new mongoose.Types.ObjectId(id);
}

function checkText(name: string, text: string, max: number): string {
  // Counted in characters as people count them, not in UTF-16 units; twice as many units cannot be few enough.
  const length = text.length > 2 * max ? text.length : Array.from(text).length;
  if (length < 1 || length > max) {
    throw new BulkheadError('BAD_USER_INPUT', `${name}: expected 1 to ${max} characters, got ${length}.`);
  }
  if (!isLine(text)) throw new BulkheadError('BAD_USER_INPUT', `${name}: expected ${LINE_IS}.`);
  return text;
}

function checkCommon(input: IssueInput) {
  const { amount } = input;
  if (!Number.isInteger(amount) || amount < 1 || amount > MAX_CREDITS) throw amountInvalid(amount);
  return {
    amount,
    reason: checkText('reason', input.reason, 500),
    idempotencyKey: checkText('idempotencyKey', input.idempotencyKey, 255),
  };
}

/** The request of a transfer between two owners' accounts. System accounts are never named here. */
export function toTransferRequest(input: TransferInput): TransferRequest {
  const common = checkCommon(input);
  const from = toAccountId(input.from);
  const to = toAccountId(input.to);
  for (const id of [from, to]) if (id.equals(ISSUANCE_ID)) throw accountNotFound(id.toHexString());
  if (from.equals(to)) {
    throw new BulkheadError(
      'SAME_ACCOUNT',
      `Both sides are account ${from.toHexString()}: name two accounts.`,
    );
  }
  return { kind: 'transfer', from, to, ...common };
}

/** The request of an issue: credits come from the issuance account. */
export function toIssueRequest(input: IssueInput): TransferRequest {
  const common = checkCommon(input);
  const to = toAccountId(input.to);
  if (to.equals(ISSUANCE_ID)) throw accountNotFound(input.to);
  return { kind: 'issue', from: ISSUANCE_ID, to, ...common };
}
