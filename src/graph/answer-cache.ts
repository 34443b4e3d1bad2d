import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { withinTime } from '../auth/within-time.js';
import { Places } from '../compartment/places.js';
import type { ClassType } from '../database/class-type.js';
import type { Writer } from '../database/models.js';
import type { AggregatePlan, CommandScope, Reader, Row } from '../database/reader.js';
import { collectionOf } from '../database/schema.js';
import { SharedRead, type SharedReadOptions } from '../database/shared-read.js';

/** What a class that keeps answers stores. */
export interface KeptAnswer {
  readonly key: string;
  readonly answer: unknown;
  readonly expiresAt: Date;
}

/** An aggregation whose answer is kept. */
export interface KeptPlan {
  /** `Type.field`; with the plan, everything that the answer depends on. */
  readonly coordinate: string;
  readonly plan: AggregatePlan;
  readonly keepMs: number;
}

/** What a cache works with. */
export interface AnswerCacheOptions extends SharedReadOptions {
  readonly target: ClassType<KeptAnswer>;
  readonly writer: (scope: () => CommandScope) => Pick<Writer<KeptAnswer>, 'upsert'>;
}

/** A write that takes longer is given up: the next one may be luckier. */
const WRITE_MS = 1_000;
/** At once; they take turns that mutations want. */
const WRITES = 2;
/** Answers that wait to be written; more are not kept. */
const WRITES_WAITING = 20;

/**
 * Answers of expensive aggregations, kept in the product's own database and served until they expire. The key is
 * made of everything the answer depends on, so that two viewers share an answer only when they see the same rows.
 * One for all operations of a connection.
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #underWay = new Map<string, SharedRead>();
  readonly #writes = new Places(WRITES, WRITES_WAITING);

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  /** Answers that are being computed or written. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /**
   * The kept answer, or a new one, kept for `keepMs`. When it has expired it is computed once for all that ask
   * meanwhile, whoever of them goes away. Nobody waits for it to be written, and a cache that cannot be written costs
   * nobody the answer.
   *
   * @param options `reader` reads in the turns of whoever asks, who may have begun it for all; where `mayWrite` is false
   *   nothing new is kept.
   */
  async answer(
    asked: KeptPlan,
    command: CommandScope,
    { reader, mayWrite }: { readonly reader: Reader; readonly mayWrite: boolean },
  ): Promise<Row[]> {
    const { coordinate, plan } = asked;
    const { target, limitMs } = this.#options;
    const key = createHash('sha256')
      .update(mongo.BSON.EJSON.stringify([coordinate, plan]))
      .digest('hex');
    const filter = { key, expiresAt: { $gt: new Date() } };
    const [kept] = await reader.find(
      { collection: collectionOf(target), filter, fields: ['answer'], limit: 1 },
      command,
    );
    if (kept) return kept['answer'] as Row[];
    const { comment, signal = AbortSignal.timeout(command.maxTimeMS) } = command;
    signal.throwIfAborted();
    let read = this.#underWay.get(key);
    if (!read || read.isCancelled) {
      read = new SharedRead(
        (signal) => reader.aggregate(plan, { comment, maxTimeMS: limitMs, signal }),
        this.#options,
      );
      this.#underWay.set(key, read);
      void this.#finish(key, read, mayWrite ? asked.keepMs : 0, comment);
    }
    return read.waitFor(signal);
  }

  /** Writes what was read. Until that is done, or given up, whoever asks gets it from here. */
  async #finish(key: string, read: SharedRead, keepMs: number, comment: string): Promise<void> {
    try {
      const answer = await read.rows;
      const change = { $set: { answer, expiresAt: new Date(Date.now() + keepMs) } };
      if (keepMs > 0)
        await withinTime(Math.min(keepMs, WRITE_MS), undefined, async (signal) => {
          const leave = await this.#writes.take(signal);
          try {
            const scope = { comment, maxTimeMS: WRITE_MS, signal };
            if (leave) await this.#options.writer(() => scope).upsert({ key }, change);
          } finally {
            leave?.();
          }
        });
    } catch {
      // Who waits for the answer is told why there is none; that it is not kept is nobody's trouble.
    } finally {
      if (this.#underWay.get(key) === read) this.#underWay.delete(key);
    }
  }
}
