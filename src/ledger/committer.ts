import type { Types } from 'mongoose';
import type { CallOptions } from './call.js';
import type { Books, StoredTransfer } from './stored.js';

/** A transfer that is asked for, its shape already checked; `issue` debits the issuance account. */
export interface TransferRequest {
  readonly kind: 'transfer' | 'issue';
  readonly from: Types.ObjectId;
  readonly to: Types.ObjectId;
  readonly amount: number;
  readonly reason: string;
  readonly idempotencyKey: string;
}

/** The stored transfer, and whether it had been there before this call. */
export interface TransferOutcome {
  readonly transfer: StoredTransfer;
  readonly replayed: boolean;
}

/**
 * The seam of the ledger: how a transfer gets into the database. Whatever stands here keeps the promises of
 * docs/ledger.md: exactly once for each key, never below zero, a refusal stores nothing, an answer in time.
 */
export interface Committer {
  commit(request: TransferRequest, call: CallOptions): Promise<TransferOutcome>;
}

/** Makes the committer of one product's ledger. */
export type CommitterFactory = (books: Books) => Committer;
