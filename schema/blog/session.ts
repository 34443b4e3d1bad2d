import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { User } from './user.js';

/** A signed-in user. Only the token's hash is stored; the database deletes the document when it expires. */
@Rows<Session>(() => 'none')
@modelOptions({ schemaOptions: { collection: 'sessions' } })
@index({ tokenHash: 1 }, { unique: true })
@index({ expiresAt: 1 }, { expireAfterSeconds: 0 })
export class Session extends Entity {
  @prop({ ref: () => User, required: true })
  user!: Ref<User>;

  @prop({ type: String, required: true })
  tokenHash!: string;

  @prop({ type: Date, required: true })
  expiresAt!: Date;
}
