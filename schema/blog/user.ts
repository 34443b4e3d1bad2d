import { index, modelOptions, prop } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';

/** A person who writes or comments. Names are public; the address and the password never leave the database. */
@ObjectType()
@Rows<User>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'users' } })
@index({ email: 1 }, { unique: true })
@index({ createdAt: 1 })
export class User extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 80 })
  name!: string;

  @Field(() => String, { nullable: true })
  @prop({ type: String, maxlength: 500 })
  bio?: string;

  @prop({ type: String, required: true, lowercase: true, trim: true, maxlength: 254 })
  email!: string;

  @prop({ type: String, required: true })
  passwordHash!: string;
}
