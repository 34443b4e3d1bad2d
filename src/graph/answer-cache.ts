import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import type { Writer } from '../database/models.js';
import type { CommandScope, Reader, Row } from '../database/reader.js';
import { collectionOf } from '../database/schema.js';

/** What a class that keeps answers stores. */
export interface KeptAnswer {
  readonly key: string;
  readonly answer: unknown;
  readonly expiresAt: Date;
}

/**
 * Answers of expensive aggregations, kept in the product's own database and served until they expire. The key is
 * made of everything the answer depends on, so that two viewers share an answer only when they see the same rows.
 */
export class AnswerCache {
  readonly #target: ClassType<KeptAnswer>;
  readonly #reader: Reader;
  readonly #writer: Writer<KeptAnswer> | undefined;

  readonly #underWay: Map<string, Promise<Row[]>>;

  /**
   * @param writer left out where nothing may be written: then nothing new is kept.
   * @param underWay answers that are being computed in this product, shared by its operations.
   */
  constructor(
    target: ClassType<KeptAnswer>,
    reader: Reader,
    writer: Writer<KeptAnswer> | undefined,
    underWay: Map<string, Promise<Row[]>>,
  ) {
    this.#target = target;
    this.#reader = reader;
    this.#writer = writer;
    this.#underWay = underWay;
  }

  /**
   * The kept answer, or a new one, kept for `keepMs`. When it has expired, one operation computes it and the others
   * that ask meanwhile wait for it. A cache that cannot be written costs nobody the answer.
   */
  async answer(
    dependsOn: unknown,
    keepMs: number,
    command: CommandScope,
    work: () => Promise<Row[]>,
  ): Promise<Row[]> {
    const key = createHash('sha256').update(mongo.BSON.EJSON.stringify(dependsOn)).digest('hex');
    const filter = { key, expiresAt: { $gt: new Date() } };
    const [kept] = await this.#reader.find(
      { collection: collectionOf(this.#target), filter, fields: ['answer'], limit: 1 },
      command,
    );
    if (kept) return kept['answer'] as Row[];
    const leader = this.#underWay.get(key);
    if (leader) {
      try {
        return await leader;
      } catch {
        // The leader's trouble need not be ours: its client may have gone.
      }
    }
    const computing = work();
    this.#underWay.set(key, computing);
    try {
      const answer = await computing;
      const expiresAt = new Date(Date.now() + keepMs);
      await this.#writer?.upsert({ key }, { $set: { answer, expiresAt } }).catch(() => {});
      return answer;
    } finally {
      if (this.#underWay.get(key) === computing) this.#underWay.delete(key);
    }
  }
}
