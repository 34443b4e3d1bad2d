import type { mongo } from 'mongoose';
import type { TransferRequest } from './committer.js';
import { toInt64, toStored, type StoredAccount } from './stored.js';

/** The accounts of a transfer as one transaction read them. */
export interface Sides {
  readonly from: StoredAccount;
  readonly to: StoredAccount;
  /** Whether the issuance account has to be stored: before the first issue there is none. */
  readonly opensIssuance: boolean;
}

/**
 * Debit and credit as one ordered batch of two writes. Their conditions have been checked on reading; the filters
 * say them once more, so that no mistake above can overdraw an account or move credits of a frozen one.
 */
export function toMoves(
  request: TransferRequest,
  sides: Sides,
  now: Date,
): readonly mongo.AnyBulkWriteOperation<StoredAccount>[] {
  const { from, to, amount } = request;
  const change = (credits: number) => ({ $inc: { balance: toInt64(credits) }, $set: { updatedAt: now } });
  const covered = { $expr: { $gte: [{ $subtract: ['$balance', '$held'] }, toInt64(amount)] } };
  const debit = sides.opensIssuance
    ? { insertOne: { document: toStored({ ...sides.from, balance: -amount }) } }
    : {
        updateOne: {
          filter: { _id: from, frozen: false, ...(request.kind === 'transfer' && covered) },
          update: change(-amount),
        },
      };
  return [debit, { updateOne: { filter: { _id: to, frozen: false }, update: change(amount) } }];
}
