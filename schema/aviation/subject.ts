import { index, modelOptions, prop } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';

/** One of the theoretical-knowledge subjects of the ATPL(A), by its official number. */
@ObjectType()
@Rows<Subject>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'subjects' } })
@index({ code: 1 }, { unique: true })
export class Subject extends Entity {
  /** The official number, such as `010`. */
  @Field()
  @prop({ type: String, required: true, match: /^\d{3}$/ })
  code!: string;

  @Field()
  @prop({ type: String, required: true, trim: true, maxlength: 120 })
  name!: string;
}
