import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { DateTime, Entity, Rows } from 'bulkhead';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { User } from './user.js';

export enum PostStatus {
  DRAFT = 'DRAFT',
  PUBLISHED = 'PUBLISHED',
  ARCHIVED = 'ARCHIVED',
}
registerEnumType(PostStatus, { name: 'PostStatus' });

/**
 * An article. It *embeds* the author's name, which is shown with every post and is part of the text as it was
 * published; it *references* the author, whose profile changes on its own.
 */
@ObjectType()
@Rows<Post>((viewer) =>
  viewer.may('admin')
    ? 'all'
    : viewer.kind === 'session'
      ? { $or: [{ status: PostStatus.PUBLISHED }, { author: viewer.objectId }] }
      : { status: PostStatus.PUBLISHED },
)
@modelOptions({ schemaOptions: { collection: 'posts' } })
@index({ status: 1, publishedAt: -1, _id: -1 })
// `status` stands last: it filters keys, so that no document is read only to find that it may not be shown.
@index({ tags: 1, publishedAt: -1, _id: -1, status: 1 })
@index({ author: 1, publishedAt: -1, _id: -1, status: 1 })
@index({ publishedAt: -1, _id: -1 })
export class Post extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 200 })
  title!: string;

  @Field()
  @prop({ type: String, required: true, minlength: 1, maxlength: 100_000 })
  body!: string;

  @Field(() => PostStatus)
  @prop({ type: String, enum: PostStatus, required: true })
  status!: PostStatus;

  @Field(() => [String])
  @prop({ type: () => [String], required: true })
  tags!: string[];

  /** The author's name when the post was last edited. */
  @Field()
  @prop({ type: String, required: true, maxlength: 80 })
  authorName!: string;

  @Field(() => User, { nullable: true })
  @prop({ ref: () => User, required: true })
  author!: Ref<User>;

  @Field(() => DateTime, { nullable: true })
  @prop({ type: Date })
  publishedAt?: Date;
}
