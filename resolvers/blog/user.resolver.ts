import { BulkheadError, IsLine, type ProductContext } from 'bulkhead';
import { IsOptional, Length } from 'class-validator';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Authorized, Ctx, Field, ID, Info, InputType, Mutation, Query, Resolver } from 'type-graphql';
import { User } from '../../schema/blog/index.js';

@InputType()
export class UpdateProfileInput {
  @Field(() => String, { nullable: true })
  @IsOptional()
  @IsLine(80)
  name?: string;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @Length(1, 500)
  bio?: string;
}

@Resolver(() => User)
export class UserResolver {
  @Query(() => User, { nullable: true })
  user(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<User | null> {
    return context.loaders.one(User, id, info);
  }

  @Authorized('write')
  @Mutation(() => User, {
    nullable: true,
    description:
      'Changes the own profile. `author.name` is new at once; `authorName` of a post stays until the post is edited.',
  })
  async updateProfile(
    @Arg('input') input: UpdateProfileInput,
    @Ctx() context: ProductContext,
  ): Promise<User> {
    const { viewer, models } = context;
    if (viewer.kind !== 'session')
      throw new BulkheadError('FORBIDDEN', 'Only a signed-in user has a profile.');
    const { name, bio } = input;
    const set = { ...(name && { name }), ...(bio && { bio }) };
    const changed = await models.of(User).update({ _id: viewer.objectId }, { $set: set });
    if (!changed) throw new BulkheadError('NOT_FOUND', 'The user of this session is gone.');
    return changed as User;
  }
}
