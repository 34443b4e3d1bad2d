import type { mongo } from 'mongoose';
import type { SentCommand } from '../database/observed-connection.js';
import { originOf, ownComment } from './comment.js';
import { readExplain } from './read-explain.js';
import { shapeOf } from './shape.js';
import type { ProductWatcher } from './watcher.js';

/** What one command cost. */
export interface CommandCost {
  /** `Type.field`. */
  readonly field: string;
  readonly command: string;
  readonly collection: string;
  readonly documentsExamined: number;
  readonly keysExamined: number;
  readonly collectionScan: boolean;
  readonly inMemorySort: boolean;
  readonly indexes: readonly string[];
}

/** What one operation cost in one product. */
export interface OperationCost {
  /** Sent to the database. */
  readonly commands: number;
  readonly documentsExamined: number;
  readonly keysExamined: number;
  readonly collectionScans: number;
  readonly inMemorySorts: number;
  readonly list: readonly CommandCost[];
}

/** Parts of commands that are about the question, not about the connection it came on. */
const QUESTION = [
  'filter',
  'query',
  'q',
  'sort',
  'projection',
  'limit',
  'skip',
  'hint',
  'collation',
  'let',
  'key',
  'pipeline',
  'cursor',
  'allowDiskUse',
  'updates',
  'deletes',
  'update',
  'remove',
] as const;

const EXPLAIN_MS = 5_000;

/** Hears the commands that carry one comment's beginning, and tells what they cost. */
export class CostMeter implements ProductWatcher {
  readonly #prefix: string;
  readonly #seen: SentCommand[] = [];

  /** @param prefix of the comments of one operation. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  command(sent: SentCommand): undefined {
    const comment: unknown = sent.command['comment'];
    if (
      typeof comment === 'string' &&
      comment.startsWith(this.#prefix) &&
      shapeOf(sent.name, sent.command) !== undefined
    )
      this.#seen.push(sent);
  }

  /**
   * Asks the server to explain each command. Reads are done again for it, writes are only
   * explained.
   *
   * @throws the driver's error where it cannot be asked.
   */
  async read(db: mongo.Db, product: string): Promise<OperationCost> {
    const list: CommandCost[] = [];
    for (const { name, command } of this.#seen) list.push(await costOf(db, product, name, command));
    const sum = (of: (one: CommandCost) => number | boolean) =>
      list.reduce((total, one) => total + Number(of(one)), 0);
    return {
      commands: list.length,
      documentsExamined: sum((one) => one.documentsExamined),
      keysExamined: sum((one) => one.keysExamined),
      collectionScans: sum((one) => one.collectionScan),
      inMemorySorts: sum((one) => one.inMemorySort),
      list,
    };
  }
}

async function costOf(
  db: mongo.Db,
  product: string,
  name: string,
  command: mongo.Document,
): Promise<CommandCost> {
  const collection = String(command[name]);
  const about = { field: originOf(command['comment']).field, command: name, collection };
  const question = explainableOf(name, command);
  const plan = readExplain(
    question &&
      (await db.command({
        explain: question,
        verbosity: 'executionStats',
        comment: ownComment(product),
        maxTimeMS: EXPLAIN_MS,
      })),
  );
  const { documentsExamined, keysExamined, collectionScan, inMemorySort, indexes } = plan;
  return { ...about, documentsExamined, keysExamined, collectionScan, inMemorySort, indexes };
}

/** What of a command the server can explain; undefined for one that is not planned, such as an insert. */
export function explainableOf(name: string, command: mongo.Document): mongo.Document | undefined {
  if (name === 'insert') return undefined;
  const question: mongo.Document = { [name]: command[name] };
  for (const key of QUESTION) if (key !== name && command[key] !== undefined) question[key] = command[key];
  return question;
}
