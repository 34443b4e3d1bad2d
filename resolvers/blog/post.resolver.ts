import {
  BulkheadError,
  type Connection,
  connectionOf,
  findObjectId,
  ForwardPageArguments,
  type Models,
  PageArguments,
  type ProductContext,
  Requires,
  type Stored,
  toObjectId,
} from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import type { Types } from 'mongoose';
import {
  Arg,
  Args,
  Authorized,
  Ctx,
  FieldResolver,
  ID,
  Info,
  Mutation,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { AuditEntry, Comment, Post, PostStatus, User } from '../../schema/blog/index.js';
import { CreatePostInput, PostFilter, PostSort, UpdatePostInput } from './post.inputs.js';

const PostConnection = connectionOf(Post);
const CommentConnection = connectionOf(Comment);

/** An empty text is a value that nothing has, not one that was left out. */
const isGiven = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

const notFound = () => new BulkheadError('NOT_FOUND', 'There is no such post.');

/** The name that is embedded in a post. */
async function nameOf(context: ProductContext, user: Types.ObjectId): Promise<string> {
  const found = await context.models.of(User).findUnrestricted({ _id: user }, ['name']);
  if (!found) throw new BulkheadError('NOT_FOUND', 'There is no such author.');
  return found.name;
}

/** The post, if the viewer may see it and change it: its author or an administrator. */
async function editable(context: ProductContext, id: string): Promise<Stored<Post>> {
  const post = (await context.loaders.load(
    Post,
    toObjectId(id, 'id'),
    undefined,
    'Post.author',
  )) as Stored<Post> | null;
  if (!post) throw notFound();
  const isAuthor =
    context.viewer.kind === 'session' && (post.author as Types.ObjectId).equals(context.viewer.id);
  if (!isAuthor && !context.viewer.may('admin'))
    throw new BulkheadError('FORBIDDEN', 'Only its author or an administrator may change a post.');
  return post;
}

@Resolver(() => Post)
export class PostResolver {
  @Query(() => Post, { nullable: true })
  post(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Post | null> {
    return context.loaders.one(Post, id, info);
  }

  @Query(() => PostConnection)
  posts(
    @Arg('filter', () => PostFilter, { nullable: true }) filter: PostFilter | null,
    @Arg('sort', () => PostSort, { nullable: true, defaultValue: PostSort.NEWEST }) sort: PostSort | null,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Connection<Post>> {
    const { status, tag, author } = filter ?? {};
    const list = {
      ...(isGiven(status) && { status }),
      ...(isGiven(tag) && { tags: tag }),
      ...(isGiven(author) && { author: toObjectId(author, 'filter.author') }),
    };
    const direction = sort === PostSort.OLDEST ? 1 : -1;
    return context.lists.page(Post, { filter: list, order: { key: 'publishedAt', direction } }, page, info);
  }

  @FieldResolver(() => CommentConnection, { description: 'The comments, oldest first.' })
  @Requires()
  comments(
    @Root() post: Stored<Post>,
    @Args(() => ForwardPageArguments) page: ForwardPageArguments,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Connection<Comment>> {
    const list = { path: 'post', parent: post._id, order: { key: 'createdAt', direction: 1 } } as const;
    return context.loaders.children(Comment, list, page, info);
  }

  @Authorized('write')
  @Mutation(() => Post, { nullable: true, description: 'Makes a draft.' })
  async createPost(@Arg('input') input: CreatePostInput, @Ctx() context: ProductContext): Promise<Post> {
    const author = authorOf(context, input.author ?? undefined);
    const authorName = await nameOf(context, author);
    const { title, body, tags } = input;
    const post = { title, body, tags: tags ?? [], status: PostStatus.DRAFT, author, authorName };
    return audited(context, author, 'createPost', (models) => models.of(Post).insert(post));
  }

  @Authorized('write')
  @Mutation(() => Post, {
    nullable: true,
    description: "Edits a post; the embedded author's name becomes the author's name of today.",
  })
  async updatePost(
    @Arg('id', () => ID) id: string,
    @Arg('input') input: UpdatePostInput,
    @Ctx() context: ProductContext,
  ): Promise<Post> {
    const post = await editable(context, id);
    const { title, body, tags } = input;
    const change = { ...(title && { title }), ...(body && { body }), ...(tags && { tags }) };
    return changed(
      context,
      post,
      { ...change, authorName: await nameOf(context, post.author as Types.ObjectId) },
      'updatePost',
    );
  }

  @Authorized('write')
  @Mutation(() => Post, { nullable: true })
  async publishPost(@Arg('id', () => ID) id: string, @Ctx() context: ProductContext): Promise<Post> {
    const post = await editable(context, id);
    const publishedAt = post.publishedAt ?? new Date();
    return changed(context, post, { status: PostStatus.PUBLISHED, publishedAt }, 'publishPost');
  }

  @Authorized('write')
  @Mutation(() => Post, { nullable: true })
  async archivePost(@Arg('id', () => ID) id: string, @Ctx() context: ProductContext): Promise<Post> {
    const post = await editable(context, id);
    return changed(context, post, { status: PostStatus.ARCHIVED }, 'archivePost');
  }
}

const asPost = (post: Stored<Post>): Post => post as Post;

function authorOf({ viewer }: ProductContext, named: string | undefined): Types.ObjectId {
  if (named !== undefined && viewer.may('admin')) return toObjectId(named, 'input.author');
  const own = viewer.kind === 'session' ? viewer.id : null;
  // An id is the same id in capitals.
  if (named !== undefined && (own === null || !findObjectId(named)?.equals(own)))
    throw new BulkheadError('FORBIDDEN', 'Only an administrator may write for somebody else.');
  if (own === null)
    throw new BulkheadError('BAD_USER_INPUT', 'input.author: expected the id of a user; a token has none.');
  return viewer.objectId;
}

/** Writes a post and, where somebody else than its author did it, says so in the audit log: both or neither. */
async function audited(
  { viewer, models }: ProductContext,
  author: Types.ObjectId,
  action: string,
  write: (models: Models) => Promise<Stored<Post>>,
): Promise<Post> {
  if (viewer.kind === 'session' && String(author) === viewer.id) return asPost(await write(models));
  return models.transaction(async (inside) => {
    const post = await write(inside);
    await inside
      .of(AuditEntry)
      .insert({ actor: viewer.principal, action, target: `Post ${post._id.toHexString()}` });
    return asPost(post);
  });
}

const changed = (
  context: ProductContext,
  post: Stored<Post>,
  set: Record<string, unknown>,
  action: string,
): Promise<Post> =>
  audited(context, post.author as Types.ObjectId, action, async (models) => {
    const after = await models.of(Post).update({ _id: post._id }, { $set: set });
    if (!after) throw notFound();
    return after;
  });
