import { BulkheadError, type ProductContext, toObjectId } from 'bulkhead';
import { Length } from 'class-validator';
import { Arg, Authorized, Ctx, Field, ID, InputType, Mutation, Resolver } from 'type-graphql';
import { Comment, Post, PostStatus, User } from '../../schema/blog/index.js';

@InputType()
export class AddCommentInput {
  @Field(() => ID)
  post!: string;

  @Field()
  @Length(1, 5_000)
  body!: string;
}

@Resolver(() => Comment)
export class CommentResolver {
  @Authorized('write')
  @Mutation(() => Comment, { nullable: true })
  async addComment(@Arg('input') input: AddCommentInput, @Ctx() context: ProductContext): Promise<Comment> {
    const { viewer, models, loaders } = context;
    if (viewer.kind !== 'session') throw new BulkheadError('FORBIDDEN', 'Only a signed-in user may comment.');
    const post = await loaders.load(Post, toObjectId(input.post, 'input.post'), ['status'], 'Comment.post');
    if (post?.['status'] !== PostStatus.PUBLISHED)
      throw new BulkheadError('NOT_FOUND', 'There is no such published post.');
    const author = await models.of(User).findUnrestricted({ _id: viewer.objectId }, ['name']);
    if (!author) throw new BulkheadError('NOT_FOUND', 'The user of this session is gone.');
    const stored = await models.of(Comment).insert({
      body: input.body,
      post: toObjectId(input.post, 'input.post'),
      author: viewer.objectId,
      authorName: author.name,
    });
    return stored as Comment;
  }
}
