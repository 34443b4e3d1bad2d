import mongoose, { type mongo, type Types } from 'mongoose';
import { translateDriverError } from '../database/driver-errors.js';
import type { CallOptions } from './call.js';
import type { Committer, TransferOutcome, TransferRequest } from './committer.js';
import { toGiveUpError, type TransferStep } from './give-up.js';
import { Lanes } from './lanes.js';
import { toMoves, type Sides } from './moves.js';
import { accountNotFound, assertCovered, assertSameInput, ledgerNotReady } from './refusals.js';
import { createIssuance, toInt64, type Books, type StoredTransfer } from './stored.js';
import { OutOfTime, TimeLimit } from './time-limit.js';
import { inTransaction, type Progress } from './transaction.js';
import { IDEMPOTENCY_INDEX } from './transfer.js';

/** What the server answers to a hint that names no index. */
const BAD_HINT = 2;

type Command = () => {
  readonly session: mongo.ClientSession;
  readonly maxTimeMS: number;
  readonly comment: string;
};

/** One transaction for each transfer; those of this process that touch the same account go one after the other. */
export class TransactionCommitter implements Committer {
  readonly #books: Books;
  readonly #lanes = new Lanes();

  constructor(books: Books) {
    this.#books = books;
  }

  async commit(request: TransferRequest, call: CallOptions): Promise<TransferOutcome> {
    const time = new TimeLimit(call);
    const progress: Progress<TransferStep> = { step: 'lookup', undecided: false };
    // One id for all attempts: a transfer found under it is our own, stored by a commit whose answer was lost.
    const id = new mongoose.Types.ObjectId();
    let leave: (() => void) | undefined;
    try {
      leave = await this.#enter(request, call.actor, time, progress);
      return await inTransaction(
        this.#books.client,
        time,
        progress,
        (options) =>
          this.#attempt(id, request, call.actor, progress, () => ({ ...options(), comment: call.comment })),
        call.turn,
      );
    } catch (error) {
      if (error instanceof OutOfTime) throw toGiveUpError(progress);
      if (
        error instanceof mongoose.mongo.MongoServerError &&
        error.code === BAD_HINT &&
        progress.step === 'lookup'
      ) {
        throw ledgerNotReady(this.#books.product, 'it is gone', error);
      }
      throw translateDriverError(error);
    } finally {
      leave?.();
    }
  }

  /** Waits for the turn of this key and these accounts; until then the one in the way is the obstacle. */
  async #enter(
    request: TransferRequest,
    actor: string,
    time: TimeLimit,
    progress: Progress<TransferStep>,
  ): Promise<() => void> {
    const key = JSON.stringify([actor, request.idempotencyKey]);
    progress.obstacle = { step: this.#lanes.isTaken(key) ? 'claim' : 'move', error: undefined };
    const names = [key, request.from.toHexString(), request.to.toHexString()];
    const leave = await this.#lanes.enter(names, time);
    delete progress.obstacle;
    return leave;
  }

  async #attempt(
    _id: Types.ObjectId,
    request: TransferRequest,
    actor: string,
    progress: Progress<TransferStep>,
    command: Command,
  ): Promise<TransferOutcome> {
    const { transfers } = this.#books;
    const { from, to, amount, reason, idempotencyKey } = request;

    // The hint is the guard: without the index the server refuses here, before anything is written.
    const stored = await transfers.findOne(
      { actor, idempotencyKey },
      { ...command(), hint: IDEMPOTENCY_INDEX },
    );
    if (stored) {
      assertSameInput(stored, request);
      // Committed like a write: only that proves that a majority has what was read.
      return { transfer: stored, replayed: !stored._id.equals(_id) };
    }
    progress.undecided = false;

    progress.step = 'read';
    const now = new Date();
    const sides = await this.#read(request, now, command);
    assertCovered(request, sides.from, sides.to);

    // Before the credits, so that whoever sends the same key meanwhile collides here and not on an account.
    progress.step = 'claim';
    const users = [sides.from.user, sides.to.user].filter((user) => user !== null);
    const transfer: StoredTransfer = {
      _id,
      from,
      to,
      amount,
      reason,
      actor,
      idempotencyKey,
      users,
      createdAt: now,
      updatedAt: now,
    };
    await transfers.insertOne({ ...transfer, amount: toInt64(amount) }, command());
    if (progress.obstacle?.step === 'claim') delete progress.obstacle;

    progress.step = 'move';
    await this.#move(request, sides, now, command);
    return { transfer, replayed: false };
  }

  /** Both accounts in one command. @throws BulkheadError `ACCOUNT_NOT_FOUND`. */
  async #read(request: TransferRequest, now: Date, command: Command): Promise<Sides> {
    const { accounts, unit } = this.#books;
    const ids = [request.from, request.to];
    const found = await accounts.find({ _id: { $in: ids } }, { ...command(), batchSize: 3 }).toArray();
    const get = (id: Types.ObjectId) => found.find((one) => one._id.equals(id));
    const issuing = request.kind === 'issue';
    const stored = get(request.from);
    const from = stored ?? (issuing ? createIssuance(unit, now) : undefined);
    const to = get(request.to);
    // System accounts move only through what the ledger itself does for them.
    if (!from || (from.system && !issuing)) throw accountNotFound(request.from.toHexString());
    if (!to || to.system) throw accountNotFound(request.to.toHexString());
    return { from, to, opensIssuance: stored === undefined };
  }

  async #move(request: TransferRequest, sides: Sides, now: Date, command: Command): Promise<void> {
    const moves = toMoves(request, sides, now);
    const writing = this.#books.accounts.bulkWrite([...moves], { ...command(), ordered: true });
    const moved = await writing.catch((error: unknown) => {
      // The driver wraps the error of a whole batch in one of its own, which hides a lost connection.
      const inner: unknown =
        error instanceof mongoose.mongo.MongoBulkWriteError ? error.errorResponse : undefined;
      throw inner instanceof Error ? inner : error;
    });
    if (moved.matchedCount + moved.insertedCount !== moves.length) {
      throw new Error(`The ledger of ${this.#books.product} changed inside one snapshot: nothing was moved.`);
    }
  }
}
