import type { Deadline } from '../compartment/deadline.js';
import type { GraphQLResolveInfo, ResponsePath } from 'graphql';
import type { mongo } from 'mongoose';
import type { Viewer } from '../auth/viewer.js';
import type { ClassType } from '../database/class-type.js';
import type { Writer } from '../database/models.js';
import type { Loaders } from './loaders.js';
import type { Lists } from './lists.js';
import type { Pieces, PIECES } from './pieces.js';
import { coordinateOf } from './read-scope.js';

/** Where a context has the way to the one that a field's resolver is given; not a resolver's affair. */
export const IN_FIELD = Symbol('in field');

/**
 * What a resolver receives: its own product, and no path to another.
 *
 * A mutation field gets a context of its own, so that its loaders never answer what was true before it.
 */
export interface ProductContext {
  readonly product: string;
  readonly viewer: Viewer;
  /** Reads of lists, connections and aggregations, with the viewer's row rules applied. */
  readonly lists: Lists;
  /** Reads by id and by parent, batched: one command per level. */
  readonly loaders: Loaders;
  /** Writes. `models.of(Post).insert({…})`. */
  readonly models: Models;
  /** Sign-ins of the product's users; only in products that declare `sessions`. */
  readonly signIns?: SignIns;
  /** The time the operation has left in this product. */
  readonly deadline: Deadline;
  /** Names a response key under a heading of the response's `extensions`, such as `replayed`. */
  readonly report: (heading: string, responseKey: string) => void;
  /** The same context, whose models send their commands for a field, at a place of the answer. */
  readonly [IN_FIELD]?: (coordinate: string, place: ResponsePath) => ProductContext;
  /** In which the operation is completed. */
  readonly [PIECES]?: Pieces;
}

/** The context as the resolver of a field gets it: `models` know who sends their commands. */
export const contextIn = (
  context: ProductContext,
  info: Pick<GraphQLResolveInfo, 'parentType' | 'fieldName' | 'path'>,
): ProductContext => context[IN_FIELD]?.(coordinateOf(info), info.path) ?? context;

/** The product's models, as resolvers write through them. */
export interface Models {
  of<T extends object>(target: ClassType<T>): Writer<T>;
  /** Runs writes of one or more models in one transaction: all of them, or none. Retried with fresh reads on transient errors. */
  transaction<T>(work: (models: Models, session: mongo.ClientSession) => Promise<T>): Promise<T>;
}

/** Opens and closes sessions for the caller. */
export interface SignIns {
  /** The class of the product's users. */
  readonly user: ClassType<UserRecord>;
  /** In which the attempt is made. */
  readonly product: string;
  /** Where the attempt comes from, for taking turns. */
  readonly client: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
  /** Does what keeps the operation waiting and is no work of the product's. */
  aside<T>(work: () => Promise<T>): Promise<T>;
  /** Counts an attempt. @throws BulkheadError `RATE_LIMITED` after too many from the caller's address. */
  admit(email: string): Promise<void>;
  /** Signs a user in and answers the token, which is shown this once. */
  open(userId: mongo.ObjectId): Promise<{ readonly token: string; readonly expiresAt: Date }>;
  /** Signs the caller out; false when the caller has no session. */
  close(): Promise<boolean>;
}

/** What a product's `User` stores for signing in; further fields are its own. */
export interface UserRecord {
  readonly _id: mongo.ObjectId;
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
}
