import type { GraphQLSchema } from 'graphql';
import type { AuthChecker } from 'type-graphql';
import type { Power } from '../auth/viewer.js';
import type { ClassType } from '../database/class-type.js';
import { translateDriverError } from '../database/driver-errors.js';
import { attachStorage } from './attach.js';
import type { ProductContext } from './context.js';
import { buildIsolatedSchema, type IsolatedSchema } from './type-graphql.js';

/** What a product's graph is built from: its own classes and those of its capabilities. */
export interface ProductGraphOptions {
  readonly classes: readonly ClassType[];
  readonly resolvers: readonly ClassType[];
  readonly authChecker: AuthChecker<ProductContext, Power>;
}

/**
 * Builds the flat schema of one product: isolated, aware of its stored classes, each root field within the
 * operation's deadline.
 */
export function buildProductGraph({ classes, resolvers, authChecker }: ProductGraphOptions): IsolatedSchema {
  const isolated = buildIsolatedSchema({ classes, resolvers, authChecker });
  attachStorage(isolated, classes, resolvers);
  guardRootFields(isolated.schema);
  return isolated;
}

/** A root field answers by the deadline, whatever its resolver waits for, and with an error of the catalogue. */
function guardRootFields(schema: GraphQLSchema): void {
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      const { resolve } = field;
      if (!resolve) continue;
      field.resolve = async (source, args, context: ProductContext, info) => {
        try {
          // Nobody waits for it any more: a write must not begin.
          context.deadline.signal.throwIfAborted();
          return await context.deadline.race(Promise.resolve(resolve(source, args, context, info)));
        } catch (error) {
          throw translateDriverError(error);
        }
      };
    }
  }
}
