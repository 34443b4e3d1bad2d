import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Difficulty, Question, Subject } from '../../../schema/aviation/index.js';

/** How long the intervals of a student's progress are. */
export enum Interval {
  DAY = 'DAY',
  WEEK = 'WEEK',
  MONTH = 'MONTH',
}
registerEnumType(Interval, {
  name: 'Interval',
  description: 'How long an interval is; weeks begin on Monday.',
});

/** How well the questions of one subject are answered. */
@ObjectType()
export class SubjectPerformance {
  @Field(() => Subject, {
    nullable: true,
    description: 'Null for answers to questions that are gone, or whose subject is.',
  })
  subject!: Subject | null;

  @Field(() => Int)
  answers!: number;

  @Field(() => Int)
  correct!: number;

  @Field(() => Float, { description: 'Correct answers per answer, from 0 to 1.' })
  rate!: number;
}

/** How many questions there are of one difficulty. */
@ObjectType()
export class DifficultyCount {
  @Field(() => Difficulty)
  difficulty!: Difficulty;

  @Field(() => Int)
  count!: number;
}

/** How a student did in one interval. */
@ObjectType()
export class ProgressPoint {
  @Field({ description: 'The first day of the interval in the time zone asked for, such as `2026-11-23`.' })
  from!: string;

  @Field(() => Int)
  answers!: number;

  @Field(() => Int)
  correct!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Correct answers per answer, from 0 to 1; null without answers.',
  })
  rate!: number | null;
}

/** How well one question is answered. */
@ObjectType()
export class QuestionPerformance {
  @Field(() => Question, { nullable: true, description: 'Null when the question is gone.' })
  question!: Question | null;

  @Field(() => Int)
  answers!: number;

  @Field(() => Int)
  correct!: number;

  @Field(() => Float, { description: 'Correct answers per answer, from 0 to 1.' })
  rate!: number;
}
