import type { mongo } from 'mongoose';

/** Somebody who looks on at what happens in a product. It must not throw, and is called for every operation. */
export interface ProductWatcher {
  /** Hears the commands of a client for as long as it lives; called for each new connection, before its first command. */
  observe(client: mongo.MongoClient): void;
  /** An operation has ended. */
  operation?(name: string, ms: number, hasFailed: boolean): void;
  /** In an operation that has ended a field has sent so many commands, one for each of its parents. */
  unbatched?(operation: string, field: string, commands: number): void;
}
