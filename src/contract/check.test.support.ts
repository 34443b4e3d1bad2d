import 'reflect-metadata';
import { prop } from '@typegoose/typegoose';
import { Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { ClassType } from '../database/class-type.js';
import { attachStorage } from '../graph/attach.js';
import { Entity } from '../graph/entity.js';
import { buildIsolatedSchema, graphNameOf } from '../graph/type-graphql.js';
import { checkContract } from './check-contract.js';

/** A resolver that answers each class, so that the schema reaches it. */
function queriesFor(classes: readonly ClassType[]): ClassType {
  class Queries {}
  for (const target of classes) {
    const name = `find${target.name}`;
    const descriptor = { value: () => null, configurable: true };
    Object.defineProperty(Queries.prototype, name, descriptor);
    Query(() => target, { nullable: true })(Queries.prototype, name, descriptor);
  }
  const nothing = { value: () => 1 };
  Object.defineProperty(Queries.prototype, 'nothing', nothing);
  Query(() => Int)(Queries.prototype, 'nothing', nothing);
  Resolver()(Queries);
  return Queries;
}

/** The problems of classes and resolvers, checked as a product named `shop`. */
export function check(classes: readonly ClassType[], resolvers: readonly ClassType[] = []): string[] {
  const all = [queriesFor(classes.filter((one) => graphNameOf(one) !== undefined)), ...resolvers];
  const isolated = buildIsolatedSchema({ resolvers: all, classes, authChecker: () => true });
  attachStorage(isolated, classes, all);
  return checkContract({ product: 'shop', isolated, classes, resolvers: all });
}

/** A class without fault, to refer to. */
@ObjectType()
export class Maker extends Entity {
  @Field()
  @prop({ type: String, required: true })
  name!: string;
}
