import { mongo } from 'mongoose';
import { isRetryableRead } from '../database/driver-errors.js';
import type { CommandOutcome, SentCommand } from '../database/observed-connection.js';
import { type Origin, originOf, OWN_FIELD, withoutTail } from './comment.js';
import { BUCKETS, bucketOf } from './stats/histogram.js';
import { KnownShapes } from './shape/known-shapes.js';
import type { ShapeText } from './shape/shape.js';
import { shapeIdOf } from './stats/stats.js';
import type { ProductWatcher } from './watcher.js';

/** How often something happened and how long it took, since it was last drained. */
export interface Tally {
  calls: number;
  errors: number;
  totalMs: number;
  /** Durations by bucket. */
  readonly counts: Uint32Array;
  /** Milliseconds since the epoch. */
  readonly first: number;
  last: number;
}

/** Commands of one shape that one field of one operation sent. */
export interface CommandTally extends Tally, Origin {
  readonly shape: ShapeText;
  /** Read, or written. */
  documents: number;
  /** Of the calls, those about whose documents nothing is known. */
  uncounted?: number;
  /** Sent again by the driver after a failure. */
  retries: number;
}

/** Operations of one name. */
export interface OperationTally extends Tally {
  readonly operation: string;
}

/** A field that sends a command for each of its parents, in one operation. */
export interface UnbatchedTally extends Origin {
  /** Operations in which it did. */
  times: number;
  /** The most commands that it sent in one. */
  most: number;
  last: number;
}

/** A field that a client's documents ask for. */
export interface FieldTally {
  /** `Type.field`, by the product's own names. */
  readonly field: string;
  /** `name@version`, or `-`. */
  readonly client: string;
  calls: number;
  last: number;
}

/** What was recorded since the last time. */
export interface Recorded {
  readonly commands: readonly CommandTally[];
  readonly operations: readonly OperationTally[];
  readonly unbatched: readonly UnbatchedTally[];
  readonly fields: readonly FieldTally[];
  /** Of commands and fields that found no row: the bounds were reached. */
  readonly dropped: number;
}

/** Rows of each kind between two drains; what comes when they are full is counted and not kept. */
const MOST_ROWS = 2_000;
/** Names of operations and of applications are the clients' choice: those beyond this are one. */
const MOST_NAMES = 200;
/** Shapes of an hour. As many are looked at. */
const MOST_SHAPES = 5_000;
/** Rows of an hour: shapes by operation and field. In those beyond it operations are one. */
const MOST_PAIRS = 10_000;
const OTHERS = '(others)';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Commands of one field in one operation, from which on it counts as not batched. */
export const UNBATCHED_AT = 10;
const MOST_FAILED = 100;
const MOST_CURSORS = 1_000;

/** A command that was sent. */
interface Sent {
  readonly command: mongo.Document;
  readonly shape: ShapeText;
  readonly comment: string;
  /** The read that a `getMore` goes on with. */
  readonly cursor?: OpenCursor | undefined;
}

/** A read that has answered a part, and may be asked for more. */
interface OpenCursor {
  readonly shape: ShapeText;
  readonly comment: string;
  /** Where it was counted, and what it has taken so far. */
  readonly tally: CommandTally;
  ms: number;
}

/**
 * Counts what happens in one product, without its database: commands as its connection tells them, operations and fields as
 * the server reports them. What it holds is bounded, and holds no value.
 */
export class Recorder implements ProductWatcher {
  #commands = new Map<ShapeText, Map<string, CommandTally>>();
  #operations = new Map<string, OperationTally>();
  #unbatched = new Map<string, UnbatchedTally>();
  #fields = new Map<string, FieldTally>();
  /** The rows of a document's fields, for the client that asked last. */
  #fieldRows = new WeakMap<readonly string[], { client: string; rows: readonly FieldTally[] }>();
  #rows = 0;
  #dropped = 0;
  #droppedBefore = 0;
  // As long as a row of each is: whoever makes names up is not believed, and spoils no more than that.
  readonly #operationNames = new First(MOST_NAMES, HOUR_MS);
  readonly #clientNames = new First(MOST_NAMES, DAY_MS);
  readonly #knownShapes = new KnownShapes();
  // A row for every hour in which it came: names in its queries that are data must not fill the database.
  readonly #shapes = new First(MOST_SHAPES, HOUR_MS);
  readonly #pairs = new First(MOST_PAIRS, HOUR_MS);
  /** Commands that have failed and may come again. */
  readonly #failed = new Set<string>();
  /** Reads that have more to answer, by the server's number of the cursor. */
  readonly #cursors = new Map<string, OpenCursor>();

  command({ name, command }: SentCommand): ((outcome: CommandOutcome) => void) | undefined {
    const sent = name === 'getMore' ? this.#more(command) : this.#sent(name, command);
    return sent && ((outcome) => this.#ended(sent, outcome));
  }

  /** An operation has ended. */
  operation(name: string, ms: number, hasFailed: boolean): void {
    add(this.#operationOf(name), ms, hasFailed);
  }

  /** An operation was not let in: it is an error, and its time says nothing about the product's. */
  refused(name: string): void {
    const tally = this.#operationOf(name);
    tally.calls += 1;
    tally.errors += 1;
    tally.last = Date.now();
  }

  /** A field has sent so many commands in one operation that has ended. */
  unbatched(operation: string, field: string, commands: number): void {
    const key = `${operation} ${field}`;
    let tally = this.#unbatched.get(key);
    if (!tally) {
      if (this.#unbatched.size >= MOST_ROWS) return void (this.#dropped += 1);
      tally = { operation: this.#operationNames.nameOf(operation), field, times: 0, most: 0, last: 0 };
      this.#unbatched.set(key, tally);
    }
    tally.times += 1;
    tally.most = Math.max(tally.most, commands);
    tally.last = Date.now();
  }

  /** A client's operation asks for these fields. @param fields the same list for the same document. */
  fields(fields: readonly string[], application: string): void {
    const client = this.#clientNames.nameOf(application);
    const known = this.#fieldRows.get(fields);
    const rows = known?.client === client ? known.rows : this.#rowsOf(fields, client);
    const now = Date.now();
    for (const row of rows) {
      row.calls += 1;
      row.last = now;
    }
    this.#dropped += fields.length - rows.length;
  }

  /** What was handed over could not be kept. */
  lost({ commands, fields, dropped }: Recorded): void {
    this.#dropped += commands.length + fields.length + dropped;
    // Counted there already.
    this.#droppedBefore -= dropped;
  }

  /** What found no row, or could not be kept, ever. */
  get droppedInAll(): number {
    return this.#droppedBefore + this.#dropped;
  }

  /** Hands over what was recorded, and begins anew. */
  drain(): Recorded {
    const recorded: Recorded = {
      commands: [...this.#commands.values()].flatMap((byComment) => [...byComment.values()]),
      operations: [...this.#operations.values()],
      unbatched: [...this.#unbatched.values()],
      fields: [...this.#fields.values()],
      dropped: this.#dropped,
    };
    this.#commands = new Map();
    this.#operations = new Map();
    this.#unbatched = new Map();
    this.#fields = new Map();
    this.#fieldRows = new WeakMap();
    this.#rows = 0;
    this.#droppedBefore += this.#dropped;
    this.#dropped = 0;
    return recorded;
  }

  #operationOf(name: string): OperationTally {
    const operation = this.#operationNames.nameOf(name);
    const known = this.#operations.get(operation);
    if (known) return known;
    const tally = { operation, ...emptyTally() };
    this.#operations.set(operation, tally);
    return tally;
  }

  #rowsOf(fields: readonly string[], client: string): readonly FieldTally[] {
    const rows = fields.flatMap((field) => this.#fieldRow(field, client) ?? []);
    this.#fieldRows.set(fields, { client, rows });
    return rows;
  }

  #fieldRow(field: string, client: string): FieldTally | undefined {
    const key = `${field} ${client}`;
    let row = this.#fields.get(key);
    if (!row && this.#fields.size < MOST_ROWS) {
      row = { field, client, calls: 0, last: 0 };
      this.#fields.set(key, row);
    }
    return row;
  }

  #sent(name: string, command: mongo.Document): Sent | undefined {
    const text: unknown = command['comment'];
    const comment = typeof text === 'string' ? withoutTail(text) : '';
    const shape = this.#knownShapes.shapeOf(name, command, comment);
    return shape === undefined ? undefined : { command, shape, comment };
  }

  #more(command: mongo.Document): Sent | undefined {
    const cursor = this.#cursors.get(String(command['getMore']));
    return cursor && { command, shape: cursor.shape, comment: cursor.comment, cursor };
  }

  #ended(sent: Sent, { ms, documents, cursor: open, failure }: CommandOutcome): void {
    const { shape, comment, cursor } = sent;
    const tally = this.#tallyOf(shape, comment);
    if (!tally) return;
    if (cursor) addMore(tally, cursor, ms, failure !== undefined);
    else add(tally, ms, failure !== undefined);
    if (this.#failed.size > 0 && this.#failed.delete(attemptOf(sent))) tally.retries += 1;
    if (failure) {
      if (mayComeAgain(sent, failure)) this.#fail(attemptOf(sent));
      return;
    }
    tally.documents += documents;
    if (open !== undefined && !cursor) this.#remember(open, { shape, comment, tally, ms });
  }

  #fail(attempt: string): void {
    if (this.#failed.size >= MOST_FAILED) this.#failed.clear();
    this.#failed.add(attempt);
  }

  /** Those that nobody asks again are the first to go. */
  #remember(id: string, cursor: OpenCursor): void {
    const [oldest] = this.#cursors.size >= MOST_CURSORS ? this.#cursors.keys() : [];
    if (oldest !== undefined) this.#cursors.delete(oldest);
    this.#cursors.set(id, cursor);
  }

  #tallyOf(shape: ShapeText, comment: string): CommandTally | undefined {
    let byComment = this.#commands.get(shape);
    const known = byComment?.get(comment);
    if (known) return known;
    const origin = originOf(comment);
    if (origin.field === OWN_FIELD) return undefined;
    if (this.#rows >= MOST_ROWS || !this.#shapes.has(shape)) return void (this.#dropped += 1);
    if (!byComment) {
      byComment = new Map();
      this.#commands.set(shape, byComment);
    }
    const { field } = origin;
    const named = this.#operationNames.nameOf(origin.operation);
    const operation = this.#pairs.has(`${shapeIdOf(shape)} ${field} ${named}`) ? named : OTHERS;
    const tally = { shape, operation, field, documents: 0, retries: 0, ...emptyTally() };
    byComment.set(comment, tally);
    this.#rows += 1;
    return tally;
  }
}

/** The first of each hour or day, so many; what comes later is not told apart. */
class First {
  readonly #most: number;
  readonly #unitMs: number;
  readonly #known = new Set<string>();
  #unit = 0;

  constructor(most: number, unitMs: number) {
    this.#most = most;
    this.#unitMs = unitMs;
  }

  has(text: string): boolean {
    const unit = Math.floor(Date.now() / this.#unitMs);
    if (unit !== this.#unit) this.#known.clear();
    this.#unit = unit;
    if (this.#known.has(text)) return true;
    if (this.#known.size >= this.#most) return false;
    this.#known.add(text);
    return true;
  }

  nameOf(name: string): string {
    return this.has(name) ? name : OTHERS;
  }
}

const emptyTally = (): Tally => {
  const now = Date.now();
  return { calls: 0, errors: 0, totalMs: 0, counts: new Uint32Array(BUCKETS), first: now, last: now };
};

function add(tally: Tally, ms: number, hasFailed: boolean): void {
  tally.calls += 1;
  tally.totalMs += ms;
  if (hasFailed) tally.errors += 1;
  tally.counts[bucketOf(ms)]! += 1;
  tally.last = Date.now();
}

/** The rest of a read is no call of its own: it takes longer, and is about more. */
function addMore(tally: CommandTally, cursor: OpenCursor, ms: number, hasFailed: boolean): void {
  const [before, after] = [bucketOf(cursor.ms), bucketOf(cursor.ms + ms)];
  cursor.ms += ms;
  tally.totalMs += ms;
  if (hasFailed) tally.errors += 1;
  tally.last = Date.now();
  // What was handed over already stays as it is.
  if (tally !== cursor.tally || before === after) return;
  tally.counts[before]! -= 1;
  tally.counts[after]! += 1;
}

/** What a retryable write has alike each time that it is sent; in a transaction, the whole of it is sent again. */
function writeOf({ lsid, txnNumber, autocommit }: mongo.Document): string | undefined {
  if (lsid === undefined || txnNumber === undefined || autocommit === false) return undefined;
  const id: unknown = (lsid as { id?: { toString(encoding: 'hex'): string } }).id?.toString('hex');
  return `${String(id)}:${String(txnNumber)}`;
}

/** By what a command is known again: anything but a retryable write by what it asks, and for whom. */
const attemptOf = ({ command, comment, shape }: Sent): string => writeOf(command) ?? `${comment} ${shape}`;

/** Whether the driver, or whoever runs a transaction, sends a command that has failed once more. */
const mayComeAgain = ({ command, cursor }: Sent, failure: Error): boolean =>
  cursor === undefined &&
  (writeOf(command) !== undefined || isTransient(failure) || isRetryableRead(failure));

const isTransient = (failure: Error): boolean =>
  failure instanceof mongo.MongoError && failure.hasErrorLabel('TransientTransactionError');
