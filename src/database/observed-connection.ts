import { createRequire } from 'node:module';
import type { mongo } from 'mongoose';

/** A command that is about to be sent. */
export interface SentCommand {
  /** `find`, `update`, … */
  readonly name: string;
  /** As it goes over the wire, users' values and all: whoever listens must not keep it, nor change it. */
  readonly command: mongo.Document;
}

/** How a command ended. */
export interface CommandOutcome {
  /** From sending it to its answer, in milliseconds. */
  readonly ms: number;
  /** Returned, or written. */
  readonly documents: number;
  /** The server's number of the cursor that has more to answer. */
  readonly cursor?: string | undefined;
  /** Why there is no answer: the server's error, or the connection's. */
  readonly failure?: Error | undefined;
}

/**
 * Hears a command before it is sent. What it answers is called once, when the command has ended. Neither may throw:
 * they run inside the driver.
 */
export type CommandListener = (sent: SentCommand) => ((outcome: CommandOutcome) => void) | undefined;

/**
 * Hears how many bytes an answer has, before any of it is decoded, and for whom it is: the signal that the command was
 * sent with. The command fails with what it throws.
 */
export type AnswerGate = (bytes: number, signal: AbortSignal) => void;

/** What a connection is looked at by. */
export interface Observers {
  readonly onCommand?: CommandListener | undefined;
  readonly onAnswer?: AnswerGate | undefined;
}

/** What of the driver's connection is overridden here. It carries one command at a time. */
interface DriverConnection {
  prepareCommand(database: string, command: mongo.Document, options: object): { command: mongo.Document };
  command(namespace: unknown, command: mongo.Document, options: object, type: unknown): Promise<unknown>;
}

/** An answer of which nothing was decoded yet. */
interface Response {
  readonly bson: Uint8Array;
  get(name: string, type: number): Response | bigint | null;
  getNumber(name: string): number | null;
  /** Where a value is: the fourth of the numbers. */
  getElement(name: string): { readonly element: readonly number[] } | null;
}

const requireFromMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
const { Connection } = requireFromMongoose('mongodb/lib/cmap/connection.js') as {
  Connection: new (socket: unknown, options: unknown) => DriverConnection;
};

/** https://bsonspec.org/spec.html */
const BSON = { document: 3, int64: 18 };

/**
 * The kind of connection with which a client tells others of its commands and answers, for the driver's option
 * `connectionType` (its client-side encryption works by the same). Handshakes, credentials and heartbeats are not told.
 *
 * The driver's own events tell the same, for 12 µs of the 160 that a small read takes: they copy each command and decode
 * each answer once more. This takes 1 µs, and decodes nothing.
 */
export const observedConnection = ({ onCommand, onAnswer }: Observers): typeof Connection =>
  class ObservedConnection extends Connection {
    #isHeard = false;
    #ended: ReturnType<CommandListener>;

    override prepareCommand(
      database: string,
      command: mongo.Document,
      options: object,
    ): { command: mongo.Document } {
      const message = super.prepareCommand(database, command, options);
      if (this.#isHeard) this.#ended = onCommand?.(sentBy(message.command));
      return message;
    }

    override async command(
      namespace: unknown,
      command: mongo.Document,
      options: { readonly signal?: AbortSignal },
      type: unknown,
    ): Promise<unknown> {
      // What a connection says for itself asks for no type of answer.
      this.#isHeard = type !== undefined;
      const began = performance.now();
      let response: Response;
      try {
        response = (await super.command(namespace, command, options, type)) as Response;
        if (this.#ended) this.#end({ ms: performance.now() - began, ...contentOf(response) });
      } catch (error) {
        this.#end({ ms: performance.now() - began, documents: 0, failure: error as Error });
        throw error;
      }
      if (onAnswer && this.#isHeard && options.signal) onAnswer(response.bson.byteLength, options.signal);
      return response;
    }

    #end(outcome: CommandOutcome): void {
      const ended = this.#ended;
      this.#ended = undefined;
      ended?.(outcome);
    }
  };

function sentBy(command: mongo.Document): SentCommand {
  for (const name in command) return { name, command };
  return { name: '', command };
}

/** How many documents an answer is about, and where there are more. */
function contentOf(response: Response): { documents: number; cursor?: string } {
  const cursor = response.get('cursor', BSON.document) as Response | null;
  if (!cursor)
    return { documents: response.getNumber('n') ?? (response.get('value', BSON.document) ? 1 : 0) };
  const batch = cursor.getElement('firstBatch') ?? cursor.getElement('nextBatch');
  const documents = batch ? documentsAt(cursor.bson, batch.element[3]!) : 0;
  const id = cursor.get('id', BSON.int64) as bigint | null;
  return id ? { documents, cursor: String(id) } : { documents };
}

/** Counts an array of documents by their sizes: the driver would make five numbers of each. */
function documentsAt(bson: Uint8Array, array: number): number {
  let count = 0;
  let at = array + 4;
  while (bson[at] === BSON.document) {
    at = bson.indexOf(0, at) + 1;
    at += bson[at]! | (bson[at + 1]! << 8) | (bson[at + 2]! << 16) | (bson[at + 3]! << 24);
    count += 1;
  }
  return count;
}
