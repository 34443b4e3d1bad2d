import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { DateTime, Entity, Rows } from 'bulkhead';
import { Field, Int, ObjectType } from 'type-graphql';
import { Question } from './question.js';
import { Student } from './student.js';
import { User } from './user.js';

/**
 * One answer a student gave. It embeds the student's user, whose rows these are, so that visibility is one
 * indexed comparison and needs no join.
 */
@ObjectType()
@Rows<Attempt>((viewer) =>
  viewer.seesAll() ? 'all' : viewer.kind === 'session' ? { user: viewer.objectId } : 'none',
)
@modelOptions({ schemaOptions: { collection: 'attempts' } })
@index({ student: 1, answeredAt: -1, _id: -1 })
@index({ question: 1, correct: 1 })
export class Attempt extends Entity {
  @Field(() => Student, { nullable: true })
  @prop({ ref: () => Student, required: true })
  student!: Ref<Student>;

  @prop({ ref: () => User, required: true })
  user!: Ref<User>;

  @Field(() => Question, { nullable: true })
  @prop({ ref: () => Question, required: true })
  question!: Ref<Question>;

  /** The position of the chosen answer, from 0. */
  @Field(() => Int)
  @prop({ type: Number, required: true, min: 0 })
  choice!: number;

  @Field()
  @prop({ type: Boolean, required: true })
  correct!: boolean;

  @Field(() => DateTime)
  @prop({ type: Date, required: true })
  answeredAt!: Date;
}
