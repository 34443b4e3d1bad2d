import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { Subject } from './subject.js';

export enum Difficulty {
  EASY = 'EASY',
  MEDIUM = 'MEDIUM',
  HARD = 'HARD',
}
registerEnumType(Difficulty, { name: 'Difficulty' });

/** A possible answer, embedded in its question: it has no life of its own. */
@ObjectType()
@modelOptions({ schemaOptions: { _id: false } })
export class Choice {
  @Field()
  @prop({ type: String, required: true, maxlength: 500 })
  text!: string;
}

/** An examination question with its choices. Which one is correct never leaves the database. */
@ObjectType()
@Rows<Question>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'questions' } })
@index({ subject: 1, _id: 1 })
@index({ difficulty: 1, _id: 1 })
@index({ subject: 1, difficulty: 1, _id: 1 })
export class Question extends Entity {
  @Field(() => Subject, { nullable: true })
  @prop({ ref: () => Subject, required: true })
  subject!: Ref<Subject>;

  @Field()
  @prop({ type: String, required: true, maxlength: 1_000 })
  text!: string;

  @Field(() => [Choice])
  @prop({ type: () => [Choice], required: true })
  choices!: Choice[];

  @Field(() => Difficulty)
  @prop({ type: String, enum: Difficulty, required: true })
  difficulty!: Difficulty;

  /** The position of the correct choice, from 0. */
  @prop({ type: Number, required: true, min: 0 })
  correctChoice!: number;
}
