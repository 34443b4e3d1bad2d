import { isObjectType } from 'graphql';
import type { ClassType } from '../database/class-type.js';
import { schemaOf } from '../database/schema.js';
import { handResolvedFields, type IsolatedSchema } from '../graph/type-graphql.js';
import { checkFields } from './check-fields.js';
import { checkClasses } from './classes.js';
import { checkDefaults } from './defaults.js';
import { Problems } from './problem.js';
import { checkReferredClasses } from './references.js';
import { checkArguments, checkMutations } from './root-fields.js';

/** What is compared: the product's schema, its stored classes and its resolvers. */
export interface ContractOptions {
  readonly product: string;
  /** The product's schema, after `attachStorage`. */
  readonly isolated: IsolatedSchema;
  readonly classes: readonly ClassType[];
  readonly resolvers: readonly ClassType[];
}

/**
 * Compares what the classes of a product say to GraphQL with what they say to Mongoose (docs/contract.md).
 *
 * Answers the problems, none when the contract holds. Each is one sentence that names the product, the class, the
 * field and the remedy: `blog: Post.status: PostStatus! in GraphQL, but a stored document may lack it: add
 * required: true to @prop, or …`. A lost argument is found in the whole process and so names no product: join the
 * lists of several products through a `Set`.
 */
export function checkContract({ product, isolated, classes, resolvers }: ContractOptions): string[] {
  const problems = new Problems();
  const byHand = handResolvedFields(resolvers);
  checkClasses(classes, problems);
  for (const target of new Set(classes)) {
    checkDefaults(target, problems);
    checkReferredClasses(target, classes, problems);
  }
  for (const type of Object.values(isolated.schema.getTypeMap())) {
    const target = isolated.classOf.get(type.name);
    if (!isObjectType(type) || !target || !classes.includes(target)) continue;
    checkFields(type, target, schemaOf(target), { classes, classOf: isolated.classOf, byHand, problems });
  }
  checkMutations(isolated.schema, problems);

  const everywhere = new Problems();
  checkArguments(everywhere);
  return [...problems.list().map((one) => `${product}: ${one}`), ...everywhere.list()];
}
