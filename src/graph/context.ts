import type { mongo } from 'mongoose';
import type { Viewer } from '../auth/viewer.js';
import type { ClassType } from '../database/class-type.js';
import type { Writer } from '../database/models.js';
import type { Loaders } from './loaders.js';
import type { Lists } from './lists.js';

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
  /** Facts for `extensions` of the response. */
  readonly report: (key: string, responseKey: string) => void;
}

/** The product's models, as resolvers write through them. */
export interface Models {
  of<T extends object>(target: ClassType<T>): Writer<T>;
  /** Runs writes of one or more models in one transaction: all of them, or none. Retried with fresh reads on transient errors. */
  transaction<T>(work: (models: Models, session: mongo.ClientSession) => Promise<T>): Promise<T>;
}
