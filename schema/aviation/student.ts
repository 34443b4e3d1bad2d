import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';
import { User } from './user.js';

/** A person in training. Seen by its own user, an administrator and services. */
@ObjectType()
@Rows<Student>((viewer) =>
  viewer.seesAll() ? 'all' : viewer.kind === 'session' ? { user: viewer.objectId } : 'none',
)
@modelOptions({ schemaOptions: { collection: 'students' } })
@index({ user: 1 }, { unique: true })
export class Student extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 80 })
  name!: string;

  @Field(() => User, { nullable: true })
  @prop({ ref: () => User, required: true })
  user!: Ref<User>;
}
