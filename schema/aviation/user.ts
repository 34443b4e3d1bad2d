import { index, modelOptions, prop } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';

/** A person with a sign-in. Seen by that person, an administrator and services; the address and the password never leave the database. */
@ObjectType()
@Rows<User>((viewer) =>
  viewer.seesAll() ? 'all' : viewer.kind === 'session' ? { _id: viewer.objectId } : 'none',
)
@modelOptions({ schemaOptions: { collection: 'users' } })
@index({ email: 1 }, { unique: true })
@index({ createdAt: 1 })
export class User extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 80 })
  name!: string;

  @prop({ type: String, required: true, lowercase: true, trim: true, maxlength: 254 })
  email!: string;

  @prop({ type: String, required: true })
  passwordHash!: string;
}
