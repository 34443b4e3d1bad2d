import type { mongo } from 'mongoose';
import type { CommandListener, SentCommand } from '../database/observed-connection.js';
import { originOf, ownComment } from './comment.js';
import { type ExplainedPlan, readExplain } from './explain/read-explain.js';
import { shapeOf } from './shape/shape.js';
import type { ProductWatcher } from './watcher.js';
import { atLeastWritten, statementsOf, writtenBy } from './explain/written.js';

/** What one command cost. */
export interface CommandCost {
  /** `Type.field`. */
  readonly field: string;
  readonly command: string;
  readonly collection: string;
  /** Of a read in parts, by all of them. Of a write, at least: what it has changed or deleted, or what explaining it finds now. */
  readonly documentsExamined: number;
  readonly keysExamined: number;
  readonly collectionScan: boolean;
  readonly inMemorySort: boolean;
  readonly indexes: readonly string[];
}

/** What one operation cost in one product. */
export interface OperationCost {
  /** Sent to the database: also the `getMore` of a read in parts, and what the driver has sent once more. */
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

/** A command that was sent. */
interface Seen {
  readonly name: string;
  readonly command: mongo.Document;
  /** Documents that it has changed or deleted. */
  written: number;
}

/** Hears the commands that carry one comment's beginning, and tells what they cost. */
export class CostMeter implements ProductWatcher {
  readonly #prefix: string;
  readonly #seen: Seen[] = [];

  /** @param prefix of the comments of one operation. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  command({ name, command }: SentCommand): ReturnType<CommandListener> {
    const comment: unknown = command['comment'];
    if (typeof comment !== 'string' || !comment.startsWith(this.#prefix)) return undefined;
    const seen: Seen = { name, command, written: 0 };
    this.#seen.push(seen);
    return ({ documents }) => {
      seen.written = writtenBy(name, documents);
    };
  }

  /**
   * Asks the server to explain each command. Reads are done again for it, writes are only
   * explained: as they are planned now that they are done.
   *
   * @throws the driver's error where it cannot be asked.
   */
  async read(db: mongo.Db, product: string): Promise<OperationCost> {
    const list: CommandCost[] = [];
    for (const seen of this.#seen) list.push(await costOf(db, product, seen));
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

async function costOf(db: mongo.Db, product: string, { name, command, written }: Seen): Promise<CommandCost> {
  const collection = String(command[name === 'getMore' ? 'collection' : name]);
  const question = explainableOf(name, command);
  const plans: ExplainedPlan[] = [];
  for (const statement of question ? statementsOf(question) : [])
    plans.push(
      readExplain(
        await db.command({
          explain: statement,
          verbosity: 'executionStats',
          comment: ownComment(product),
          maxTimeMS: EXPLAIN_MS,
        }),
      ),
    );
  const sum = (of: (plan: ExplainedPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const cost: CommandCost = {
    field: originOf(command['comment']).field,
    command: name,
    collection,
    documentsExamined: sum((plan) => plan.documentsExamined),
    keysExamined: sum((plan) => plan.keysExamined),
    collectionScan: plans.some((plan) => plan.collectionScan),
    inMemorySort: plans.some((plan) => plan.inMemorySort),
    indexes: [...new Set(plans.flatMap(({ indexes }) => indexes))],
  };
  return atLeastWritten(cost, written);
}

/** What of a command the server can explain; undefined for one that is not planned, such as an insert or a `getMore`. */
export function explainableOf(name: string, command: mongo.Document): mongo.Document | undefined {
  if (name === 'insert' || shapeOf(name, command) === undefined) return undefined;
  const question: mongo.Document = { [name]: command[name] };
  for (const key of QUESTION) if (key !== name && command[key] !== undefined) question[key] = command[key];
  return question;
}
