import type { Connection, Model, mongo, Schema, UpdateQuery } from 'mongoose';
import type { ClassType } from './class-type.js';
import { translating } from './driver-errors.js';
import type { CommandScope, Filter, Reader, Row } from './reader.js';
import { modelNameOf, schemaOf } from './schema.js';
import type { WriteTurn } from './write-turn.js';

/**
 * The models of one product, each bound to that product's connection and to nothing else.
 *
 * `connection.model()` gets a clone of the class's schema; Typegoose's own model cache, which looks classes up by
 * name before it looks at the connection, is never asked.
 */
export class ModelRegistry {
  readonly #models = new Map<ClassType, Model<Row>>();

  constructor(connection: Connection, classes: readonly ClassType[]) {
    for (const target of classes) {
      const schema = schemaOf(target).clone() as Schema<Row>;
      this.#models.set(target, connection.model<Row>(modelNameOf(target), schema));
    }
  }

  get classes(): readonly ClassType[] {
    return [...this.#models.keys()];
  }

  /** @throws TypeError when the class is not in the product's schema. */
  model(target: ClassType): Model<Row> {
    const model = this.#models.get(target);
    if (!model) throw new TypeError(`${target.name} is not a class of this product: add it to its schema.`);
    return model;
  }
}

/** What is written when a document is made: the class's own fields; identity and timestamps are given by the gateway. */
export type NewDocument<T> = Omit<
  { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: T[K] },
  'id' | '_id' | 'createdAt' | 'updatedAt'
> & {
  readonly _id?: mongo.ObjectId;
};

/** A stored document, lean. */
export type Stored<T> = Omit<T, 'id'>;

/**
 * Writes of one class: validated by its Mongoose schema, stamped with its timestamps, and each command with the
 * operation's comment, time limit and session. This is the only way resolvers write.
 */
export class Writer<T extends object> {
  readonly #model: Model<Row>;
  readonly #reader: Reader;
  readonly #scope: () => CommandScope;
  readonly #turn: WriteTurn;
  readonly #onRead: (() => void) | undefined;

  /**
   * @param turn `noTurn` inside a transaction, which has its own.
   * @param onRead hears each read.
   */
  constructor(
    model: Model<Row>,
    reader: Reader,
    scope: () => CommandScope,
    turn: WriteTurn,
    onRead?: () => void,
  ) {
    this.#model = model;
    this.#reader = reader;
    this.#scope = scope;
    this.#turn = turn;
    this.#onRead = onRead;
  }

  /**
   * Reads one document *whatever the viewer may see*: for a resolver's own decision (whose is it? does the password
   * fit?), never to be handed to the client unexamined.
   */
  async findUnrestricted(filter: Filter, fields: readonly (keyof T & string)[]): Promise<Stored<T> | null> {
    const plan = { collection: this.#model.collection.collectionName, filter, fields, limit: 1 };
    this.#onRead?.();
    const [found] = await this.#reader.find(plan, this.#scope());
    return (found as unknown as Stored<T> | undefined) ?? null;
  }

  /** Stores one document and answers it. @throws BulkheadError `BAD_USER_INPUT` or `ALREADY_EXISTS`. */
  async insert(document: NewDocument<T>): Promise<Stored<T>> {
    const [stored] = await this.insertMany([document]);
    return stored!;
  }

  /** Stores documents, in one command, in order; stops at the first that is refused. */
  insertMany(documents: readonly NewDocument<T>[]): Promise<Stored<T>[]> {
    return this.#run(async () => {
      const made = await this.#model.insertMany(documents as unknown as Row[], {
        ...this.#options(),
        lean: false,
      });
      return made.map((one) => one.toObject() as unknown as Stored<T>);
    });
  }

  /** Changes the one document that matches and answers it as it is afterwards, or null. */
  update(filter: Filter, change: UpdateQuery<Row>): Promise<Stored<T> | null> {
    return this.#run(async () => {
      const found = await this.#model
        .findOneAndUpdate(filter as never, change, {
          ...this.#options(),
          returnDocument: 'after',
          runValidators: true,
          lean: true,
        })
        .exec();
      return found as unknown as Stored<T> | null;
    });
  }

  /** Changes the one document that matches, or makes it. */
  async upsert(filter: Filter, change: UpdateQuery<Row>): Promise<void> {
    await this.#run(() =>
      this.#model
        .updateOne(filter as never, change, { ...this.#options(), upsert: true, runValidators: true })
        .exec(),
    );
  }

  /** Deletes what matches and answers how many. */
  delete(filter: Filter): Promise<number> {
    return this.#run(async () => {
      const { deletedCount } = await this.#model.deleteMany(filter as never, this.#options()).exec();
      return deletedCount;
    });
  }

  #run<R>(work: () => Promise<R>): Promise<R> {
    const scope = this.#scope();
    return translating(() => this.#turn(work, scope.signal), scope);
  }

  #options() {
    const { comment, maxTimeMS, session } = this.#scope();
    return { comment, maxTimeMS, ...(session && { session }) };
  }
}
