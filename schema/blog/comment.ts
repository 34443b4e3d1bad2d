import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';
import { Post } from './post.js';
import { User } from './user.js';

/** A reader's remark under a post. */
@ObjectType()
@Rows<Comment>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'comments' } })
@index({ post: 1, createdAt: 1, _id: 1 })
export class Comment extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 5_000 })
  body!: string;

  /** The author's name when the comment was written. */
  @Field()
  @prop({ type: String, required: true, maxlength: 80 })
  authorName!: string;

  @Field(() => User, { nullable: true })
  @prop({ ref: () => User, required: true })
  author!: Ref<User>;

  @Field(() => Post, { nullable: true })
  @prop({ ref: () => Post, required: true })
  post!: Ref<Post>;
}
