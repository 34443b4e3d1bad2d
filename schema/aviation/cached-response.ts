import { index, modelOptions, prop, Severity } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import mongoose from 'mongoose';

/** An answer of an analytics query, served until it expires; the database deletes it then. */
@Rows<CachedResponse>(() => 'none')
@modelOptions({ schemaOptions: { collection: 'cachedresponses' }, options: { allowMixed: Severity.ALLOW } })
@index({ key: 1 }, { unique: true })
@index({ expiresAt: 1 }, { expireAfterSeconds: 0 })
export class CachedResponse extends Entity {
  /** The query and its arguments, in one text. */
  @prop({ type: String, required: true })
  key!: string;

  @prop({ type: () => mongoose.Schema.Types.Mixed, required: true })
  answer!: unknown;

  @prop({ type: Date, required: true })
  expiresAt!: Date;
}
