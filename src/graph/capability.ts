import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import type { CommandScope } from '../database/reader.js';
import type { WriteTurn } from '../database/write-turn.js';
import type { ProductContext } from './context.js';

/** The product's database, as a capability reaches it. */
export interface CapabilityHost {
  readonly product: string;
  readonly client: () => mongo.MongoClient;
  readonly db: () => mongo.Db;
  readonly writing: WriteTurn;
}

/** Builds a capability's part of one operation's context. */
export type BindCapability = (
  context: ProductContext,
  command: () => CommandScope,
) => Partial<ProductContext>;

/**
 * A room that adds classes, fields and a part of the context to the products that ask for it. Rooms export one from
 * their `graph.ts`; the composition root in `server/` hands them to the products, and `graph/` knows none of them.
 */
export interface Capability {
  readonly classes: readonly ClassType[];
  readonly resolvers: readonly ClassType[];
  readonly open: (host: CapabilityHost) => BindCapability;
}
