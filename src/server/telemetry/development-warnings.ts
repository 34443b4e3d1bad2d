import type { mongo } from 'mongoose';
import type { Logger } from 'pino';
import type { SentCommand } from '../../database/observed-connection.js';
import { explainableOf } from '../../monitor/command-cost.js';
import { originOf, OWN_FIELD, ownComment } from '../../monitor/comment.js';
import { readExplain } from '../../monitor/explain/read-explain.js';
import { shapeOf } from '../../monitor/shape/shape.js';
import { unbatchedWords } from '../../monitor/rules/unbatched.js';
import { wordsOf } from '../../monitor/shape/shape-words.js';
import type { ProductWatcher } from '../../monitor/watcher.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';

/** Shapes and fields that are remembered as told; more than any product has. */
const MOST_TOLD = 2_000;
const EXPLAIN_MS = 1_000;

/**
 * Warns a developer at the first command of a shape that scans its collection or sorts in memory, and at the first
 * field that sends a command for each of its parents: each once. A command is explained (and not run again) when its
 * shape is first seen, one at a time.
 */
export class DevelopmentWarnings implements ProductWatcher {
  readonly #runtime: ProductRuntime;
  readonly #logger: Logger;
  readonly #told = new Set<string>();
  #explaining: Promise<void> = Promise.resolve();

  constructor(runtime: ProductRuntime, logger: Logger) {
    this.#runtime = runtime;
    this.#logger = logger;
  }

  command({ name, command }: SentCommand): undefined {
    const shape = shapeOf(name, command);
    if (shape === undefined || this.#told.has(shape)) return;
    const { operation, field } = originOf(command['comment']);
    if (field === OWN_FIELD || !this.#isNew(shape)) return;
    const question = explainableOf(name, command);
    // A read of everything in no order has no better plan.
    if (!question || !/"(?:filter|query|q|sort|\$match|\$sort)":/.test(shape)) return;
    this.#explaining = this.#explaining.then(() => this.#examine(question, { shape, operation, field }));
  }

  unbatched(operation: string, field: string, commands: number): void {
    if (!this.#isNew(field)) return;
    const { name: product } = this.#runtime;
    this.#logger.warn(
      { product, operation, field, commands },
      `${field} ${unbatchedWords(field)} (N+1): load references with context.loaders, all of them before one is awaited, and declare child lists`,
    );
  }

  async #examine(
    question: mongo.Document,
    { shape, operation, field }: { shape: string; operation: string; field: string },
  ): Promise<void> {
    const { name: product, link } = this.#runtime;
    try {
      const { collectionScan, inMemorySort } = readExplain(
        await link.db.command({
          explain: question,
          verbosity: 'queryPlanner',
          comment: ownComment(product),
          maxTimeMS: EXPLAIN_MS,
        }),
      );
      if (!collectionScan && !inMemorySort) return;
      const what = collectionScan ? 'scans the whole collection' : 'is sorted in memory';
      this.#logger.warn(
        { product, operation, field },
        `${wordsOf(shape)} ${what}: no index fits; \`bulkhead indexes advise ${product}\` says which would`,
      );
    } catch {
      // The operation itself says what is wrong with its database; this is a word of advice.
    }
  }

  #isNew(what: string): boolean {
    if (this.#told.has(what) || this.#told.size >= MOST_TOLD) return false;
    this.#told.add(what);
    return true;
  }
}
