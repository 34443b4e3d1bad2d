import { setTimeout as sleep } from 'node:timers/promises';
import { defineProduct, type ProductContext } from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import { mongo } from 'mongoose';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { Stone } from './edge-product.js';

@ObjectType()
class Wall {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Wall)
class WallResolver {
  @Query(() => [Wall])
  walls(@Arg('count', () => Int) count: number): Wall[] {
    return Array.from({ length: count }, (_, n) => ({ id: String(n) }));
  }

  @Query(() => [Stone])
  named(
    @Arg('name', () => String) name: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Stone[]> {
    return context.lists.all(Stone, { filter: { name }, sort: { name: 1 }, limit: 5 }, info);
  }

  @Query(() => [Stone])
  async looped(
    @Arg('times', () => Int) times: number,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Stone[]> {
    const found: Stone[] = [];
    for (let n = 0; n < times; n += 1) found.push(...(await this.named(`stone${n}`, context, info)));
    return found;
  }

  /** As a resolver decides for itself. */
  @Query(() => Int)
  async known(@Arg('times', () => Int) times: number, @Ctx() { models }: ProductContext): Promise<number> {
    let found = 0;
    for (let n = 0; n < times; n += 1)
      if (await models.of(Stone).findUnrestricted({ name: `stone${n}` }, ['name'])) found += 1;
    return found;
  }

  /** By the loaders, each when the one before is there. */
  @Query(() => Int)
  async loaded(
    @Arg('times', () => Int) times: number,
    @Arg('atOnce', () => Int) atOnce: number,
    @Ctx() { loaders }: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<number> {
    for (let n = 0; n < times; n += 1)
      await Promise.all(
        Array.from({ length: atOnce }, () => loaders.one(Stone, new mongo.ObjectId().toHexString(), info)),
      );
    return times;
  }

  /** A list that is there when others are not yet; all of its walls have one stone. */
  @Query(() => [Wall])
  async later(@Arg('count', () => Int) count: number, @Arg('ms', () => Int) ms: number): Promise<Wall[]> {
    await sleep(ms);
    return this.walls(count).map(() => ({ id: String(ms) }));
  }

  @FieldResolver(() => Stone, { nullable: true })
  stone(
    @Root() { id }: Wall,
    @Ctx() { loaders }: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Stone | null> {
    return loaders.one(Stone, id.padStart(24, '0'), info);
  }

  /** A list that is there when that of the wall before is; all of its walls have one stone. */
  @FieldResolver(() => [Wall])
  inTurn(@Ctx() { models }: ProductContext): Promise<Wall[]> {
    const id = new mongo.ObjectId().toHexString();
    this.before = this.before.then(() => models.of(Stone).findUnrestricted({ name: id }, ['name']));
    return this.before.then(() => this.walls(3).map(() => ({ id })));
  }
  before: Promise<unknown> = Promise.resolve();

  /** By the loaders, each when the one before is there. */
  @FieldResolver(() => Stone, { nullable: true })
  waits(@Ctx() { loaders }: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Stone | null> {
    const id = new mongo.ObjectId().toHexString();
    const next = this.last.then(() => loaders.one(Stone, id, info));
    this.last = next;
    return next;
  }
  last: Promise<unknown> = Promise.resolve();

  @FieldResolver(() => Int)
  async counted(@Ctx() { lists }: ProductContext, @Info() info: GraphQLResolveInfo): Promise<number> {
    return (await lists.aggregate(Stone, [{ $limit: 1 }], info)).length;
  }

  @FieldResolver(() => Boolean)
  async isNamed(@Root() { id }: Wall, @Ctx() { models }: ProductContext): Promise<boolean> {
    return (await models.of(Stone).findUnrestricted({ name: id }, ['name'])) !== null;
  }

  @Mutation(() => [Wall], { nullable: true })
  build(@Arg('count', () => Int) count: number): Wall[] {
    return this.walls(count);
  }

  @Mutation(() => Int, { nullable: true })
  async retried(@Arg('times', () => Int) times: number, @Ctx() { models }: ProductContext): Promise<number> {
    let tries = 0;
    return models.transaction(async (inside) => {
      tries += 1;
      for (let n = 0; n < 4; n += 1) await inside.of(Stone).findUnrestricted({ name: 'none' }, ['name']);
      if (tries < times)
        throw new mongo.MongoServerError({ message: 'again', errorLabels: ['TransientTransactionError'] });
      return tries;
    });
  }

  @Query(() => [Stone])
  @FieldResolver(() => [Stone])
  stones(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Stone[]> {
    return context.lists.all(Stone, { filter: {}, sort: { _id: 1 }, limit: 5 }, info);
  }
}

/** A product whose fields send their commands in every way: for each parent, in loops, by loaders, at once. */
export const wallProduct = defineProduct({ schema: [Stone], resolvers: [WallResolver], public: 'read' });
