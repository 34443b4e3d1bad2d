import mongoose, { type mongo, type Types } from 'mongoose';
import { ACCOUNTS, ISSUANCE_ID } from './account.js';
import { TRANSFERS } from './transfer.js';

/** An account as the driver reads it. */
export interface StoredAccount {
  readonly _id: Types.ObjectId;
  readonly owner: Types.ObjectId | null;
  readonly user: Types.ObjectId | null;
  readonly unit: string;
  readonly balance: number;
  readonly held: number;
  readonly frozen: boolean;
  readonly system?: 'issuance';
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A transfer as the driver reads it. */
export interface StoredTransfer {
  readonly _id: Types.ObjectId;
  readonly from: Types.ObjectId;
  readonly to: Types.ObjectId;
  readonly amount: number;
  readonly reason: string;
  readonly actor: string;
  readonly idempotencyKey: string;
  readonly users: readonly Types.ObjectId[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The ledger of one product as it lies in the database: what a committer works on. */
export interface Books {
  readonly client: mongo.MongoClient;
  readonly accounts: mongo.Collection<StoredAccount>;
  readonly transfers: mongo.Collection<StoredTransfer>;
  readonly product: string;
  readonly unit: string;
}

/** The collections of one product's ledger. Int64 values are read as numbers, whatever the client's own settings. */
export function openBooks(
  client: mongo.MongoClient,
  options: { readonly database: string; readonly product: string; readonly unit: string },
): Books {
  const reading = {
    promoteValues: true,
    promoteLongs: true,
    useBigInt64: false,
    readPreference: 'primary',
  } as const;
  const database = client.db(options.database);
  return {
    client,
    accounts: database.collection<StoredAccount>(ACCOUNTS, reading),
    transfers: database.collection<StoredTransfer>(TRANSFERS, reading),
    product: options.product,
    unit: options.unit,
  };
}

/**
 * An amount as int64. Typed as the number it is read back as: the driver would store a plain number below 2^31 as
 * int32, and one type for all amounts is what validators and indexes rely on.
 */
export const toInt64 = (credits: number): number =>
  mongoose.mongo.Long.fromNumber(credits) as unknown as number;

/** A new account without credits. */
export const createAccount = (
  fields: Pick<StoredAccount, '_id' | 'owner' | 'user' | 'unit'>,
  now: Date,
): StoredAccount => ({ ...fields, balance: 0, held: 0, frozen: false, createdAt: now, updatedAt: now });

/** The issuance account before the first issue. */
export const createIssuance = (unit: string, now: Date): StoredAccount => ({
  ...createAccount({ _id: ISSUANCE_ID, owner: null, user: null, unit }, now),
  system: 'issuance',
});

/** A document with its amounts as int64, ready to be inserted. */
export const toStored = (account: StoredAccount): StoredAccount => ({
  ...account,
  balance: toInt64(account.balance),
  held: toInt64(account.held),
});
