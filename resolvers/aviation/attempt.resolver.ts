import {
  BulkheadError,
  type Connection,
  connectionOf,
  findObjectId,
  PageArguments,
  type ProductContext,
  toObjectId,
} from 'bulkhead';
import { Max, Min } from 'class-validator';
import type { GraphQLResolveInfo } from 'graphql';
import type { Types } from 'mongoose';
import {
  Arg,
  Args,
  Authorized,
  Ctx,
  Field,
  ID,
  Info,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import { Attempt, Question, Student } from '../../schema/aviation/index.js';

const AttemptConnection = connectionOf(Attempt);
const MOST_AT_ONCE = 500;
/** A date in antiquity would make a chart of progress out of nothing but empty weeks. */
const EARLIEST = new Date('2000-01-01T00:00:00Z');

@InputType()
export class RecordAttemptInput {
  @Field(() => ID)
  student!: string;

  @Field(() => ID)
  question!: string;

  @Field(() => Int, { description: 'The position of the chosen answer, from 0.' })
  @Min(0)
  @Max(20)
  choice!: number;

  @Field(() => Date, {
    nullable: true,
    description: 'When it was answered; now by default, never in the future nor before the year 2000.',
  })
  answeredAt?: Date;
}

@ObjectType()
export class RecordAttemptsPayload {
  @Field(() => [Attempt])
  attempts!: Attempt[];

  @Field(() => Int)
  correct!: number;
}

@Resolver(() => Attempt)
export class AttemptResolver {
  @Query(() => AttemptConnection, { description: "A student's attempts, newest first." })
  attempts(
    @Arg('student', () => ID) student: string,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Connection<Attempt>> {
    const list = {
      filter: { student: findObjectId(student) },
      order: { key: 'answeredAt', direction: -1 },
    } as const;
    return context.lists.page(Attempt, list, page, info);
  }

  @Authorized('write')
  @Mutation(() => Attempt, { nullable: true })
  async recordAttempt(
    @Arg('input') input: RecordAttemptInput,
    @Ctx() context: ProductContext,
  ): Promise<Attempt> {
    const [attempt] = await record(context, [input]);
    return attempt!;
  }

  @Authorized('write')
  @Mutation(() => RecordAttemptsPayload, {
    nullable: true,
    description: `Records up to ${MOST_AT_ONCE} attempts: all of them, or none.`,
  })
  async recordAttempts(
    @Arg('input', () => [RecordAttemptInput]) input: RecordAttemptInput[],
    @Ctx() context: ProductContext,
  ): Promise<RecordAttemptsPayload> {
    if (input.length < 1 || input.length > MOST_AT_ONCE) {
      throw new BulkheadError(
        'BAD_USER_INPUT',
        `input: expected 1 to ${MOST_AT_ONCE} attempts, got ${input.length}.`,
      );
    }
    const attempts = await record(context, input);
    return { attempts, correct: attempts.filter((one) => one.correct).length };
  }
}

/** Checks every attempt, then stores them in one command. Whether an answer is correct is decided here, never by the client. */
async function record(context: ProductContext, inputs: readonly RecordAttemptInput[]): Promise<Attempt[]> {
  const { loaders, models } = context;
  const now = new Date();
  const made = await Promise.all(
    inputs.map(async ({ student: studentText, question: questionText, choice, answeredAt: given }) => {
      const answeredAt = given ?? now;
      // Both before either is loaded: a load that nobody waits for would fail unheard when the operation ends.
      const studentId = toObjectId(studentText, 'input.student');
      const questionId = toObjectId(questionText, 'input.question');
      const [student, question] = await Promise.all([
        loaders.load(Student, studentId, ['user'], 'Attempt.student'),
        loaders.load(Question, questionId, ['correctChoice', 'choices'], 'Attempt.question'),
      ]);
      if (!student) throw new BulkheadError('NOT_FOUND', 'There is no such student.');
      if (!question) throw new BulkheadError('NOT_FOUND', 'There is no such question.');
      if (choice >= (question['choices'] as unknown[]).length)
        throw new BulkheadError('BAD_USER_INPUT', 'input.choice: the question has no such choice.');
      if (answeredAt > now || answeredAt < EARLIEST)
        throw new BulkheadError(
          'BAD_USER_INPUT',
          'input.answeredAt: expected a moment in the past, since the year 2000.',
        );
      return {
        student: student['_id'] as Types.ObjectId,
        user: student['user'] as Types.ObjectId,
        question: question['_id'] as Types.ObjectId,
        choice,
        correct: choice === question['correctChoice'],
        answeredAt,
      };
    }),
  );
  const stored =
    made.length === 1
      ? await models.of(Attempt).insertMany(made)
      : await models.transaction((inside) => inside.of(Attempt).insertMany(made));
  return stored as Attempt[];
}
