import mongoose, { type mongo, type Types } from 'mongoose';
import { translateDriverError } from '../database/driver-errors.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { CallOptions } from './call.js';
import type { CommitterFactory, TransferOutcome, TransferRequest } from './committer.js';
import {
  toAccountId,
  toIssueRequest,
  toTransferRequest,
  type IssueInput,
  type TransferInput,
} from './input.js';
import { Readiness } from './readiness.js';
import { accountNotFound } from './refusals.js';
import { createAccount, openBooks, toStored, type Books, type StoredAccount } from './stored.js';
import { OutOfTime, TimeLimit } from './time-limit.js';
import { TransactionCommitter } from './transaction-committer.js';

/** What {@link createLedger} takes. */
export interface LedgerOptions {
  /** The product's own client: the ledger opens no connection. */
  readonly client: mongo.MongoClient;
  readonly database: string;
  readonly product: string;
  /** What is counted, such as `credit`; written on every account. */
  readonly unit: string;
  /** Default: one transaction for each transfer. */
  readonly committer?: CommitterFactory;
}

/** Whose account is opened. */
export interface AccountInput {
  readonly owner: Types.ObjectId;
  /** The user who sees the account; left out, nobody does but services and operators. */
  readonly user?: Types.ObjectId;
}

/** A call that may be part of a transaction of the caller. */
export type AccountCall = CallOptions & { readonly session?: mongo.ClientSession };

/** The ledger of one product: accounts, and transfers between them. */
export interface Ledger {
  readonly unit: string;
  /**
   * Opens an account without credits. With a session it happens inside the caller's transaction, and errors of the
   * driver come out as they are: their labels tell the caller whether to retry.
   */
  openAccount(input: AccountInput, call: AccountCall): Promise<StoredAccount>;
  /** Moves credits between two owners' accounts, exactly once for each principal and key. */
  transfer(input: TransferInput, call: CallOptions): Promise<TransferOutcome>;
  /** Gives an account new credits, debiting the issuance account. */
  issue(input: IssueInput, call: CallOptions): Promise<TransferOutcome>;
  /** Stops an account from taking part in transfers, or lets it again; transfers already stored stand. */
  setFrozen(accountId: string, frozen: boolean, call: CallOptions): Promise<void>;
  /** @throws BulkheadError `LEDGER_NOT_READY` when the unique index is missing or not what it must be. */
  checkReady(call: CallOptions): Promise<void>;
  /** How many accounts there are and what they sum to, at one moment: the sum is always zero. */
  totals(call: CallOptions): Promise<{ readonly accounts: number; readonly sum: number }>;
}

const DURABLE = { writeConcern: { w: 'majority', j: true } } as const;

/** Opens the ledger of one product. Nothing is sent before it is used, and it creates no collection and no index. */
export function createLedger(options: LedgerOptions): Ledger {
  return new MongoLedger(openBooks(options.client, options), options.committer);
}

class MongoLedger implements Ledger {
  readonly unit: string;
  readonly #books: Books;
  readonly #committer;
  readonly #readiness;

  constructor(books: Books, committer: CommitterFactory = (own) => new TransactionCommitter(own)) {
    this.unit = books.unit;
    this.#books = books;
    this.#committer = committer(books);
    this.#readiness = new Readiness(books);
  }

  async openAccount(input: AccountInput, call: AccountCall): Promise<StoredAccount> {
    const _id = new mongoose.Types.ObjectId();
    const { owner, user = null } = input;
    const account = createAccount({ _id, owner, user, unit: this.unit }, new Date());
    const { session } = call;
    await this.#run(call, (time) =>
      // A time limit and a write concern belong to the caller's transaction, where there is one.
      this.#books.accounts.insertOne(toStored(account), {
        comment: call.comment,
        ...(session ? { session } : { ...DURABLE, maxTimeMS: time.remainingMs }),
      }),
    );
    return account;
  }

  async transfer(input: TransferInput, call: CallOptions): Promise<TransferOutcome> {
    return await this.#commit(toTransferRequest(input), call);
  }

  async issue(input: IssueInput, call: CallOptions): Promise<TransferOutcome> {
    return await this.#commit(toIssueRequest(input), call);
  }

  async setFrozen(accountId: string, frozen: boolean, call: CallOptions): Promise<void> {
    const _id = toAccountId(accountId);
    const { matchedCount } = await this.#run(call, (time) =>
      this.#books.accounts.updateOne(
        { _id },
        { $set: { frozen, updatedAt: new Date() } },
        { ...DURABLE, comment: call.comment, maxTimeMS: time.remainingMs },
      ),
    );
    if (matchedCount === 0) throw accountNotFound(accountId);
  }

  async checkReady(call: CallOptions): Promise<void> {
    this.#readiness.forget();
    await this.#run(call, (time) => this.#readiness.ensure(time, call.comment));
  }

  async totals(call: CallOptions): Promise<{ readonly accounts: number; readonly sum: number }> {
    // One snapshot: between a debit and its credit the sum would not be zero.
    const [totals] = await this.#run(call, (time) =>
      this.#books.accounts
        .aggregate<{
          accounts: number;
          sum: number;
        }>([{ $group: { _id: null, accounts: { $sum: 1 }, sum: { $sum: '$balance' } } }, { $unset: '_id' }], {
          comment: call.comment,
          maxTimeMS: time.remainingMs,
          readConcern: { level: 'snapshot' },
        })
        .toArray(),
    );
    return totals ?? { accounts: 0, sum: 0 };
  }

  async #commit(request: TransferRequest, call: CallOptions): Promise<TransferOutcome> {
    await this.#run(call, (time) => this.#readiness.ensure(time, call.comment));
    try {
      return await this.#committer.commit(request, call);
    } catch (error) {
      if (error instanceof BulkheadError && error.code === 'LEDGER_NOT_READY') this.#readiness.forget();
      throw error;
    }
  }

  /** One command that is no transfer, within the time of its call, its errors out of the catalogue. */
  async #run<T>(call: AccountCall, work: (time: TimeLimit) => Promise<T>): Promise<T> {
    const time = new TimeLimit(call);
    try {
      time.check();
      return await time.race(work(time));
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw call.session ? error : translateDriverError(error);
      throw new BulkheadError('PRODUCT_UNAVAILABLE', 'The database did not answer in time.', {
        cause: error,
        retryAfterS: 1,
      });
    }
  }
}
