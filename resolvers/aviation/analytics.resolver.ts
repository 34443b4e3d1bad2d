import { BulkheadError, type ProductContext, toObjectId, toTimeZone } from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Int, Query, Resolver } from 'type-graphql';
import { Attempt, Question } from '../../schema/aviation/index.js';
import {
  type Counted,
  difficultyDistribution,
  everyDifficulty,
} from './analytics/difficulty-distribution.js';
import {
  DifficultyCount,
  Interval,
  ProgressPoint,
  QuestionPerformance,
  SubjectPerformance,
} from './analytics/payloads.js';
import { performanceBySubject } from './analytics/performance-by-subject.js';
import {
  type ActiveInterval,
  everyInterval,
  MOST_POINTS,
  studentProgress,
} from './analytics/student-progress.js';
import { topQuestions, topQuestionsOf } from './analytics/top-questions.js';

/** Counts over everybody's rows: the answer holds none of them, so that it is the same for every viewer. */
const ABOUT_EVERYBODY = { rows: 'every', keepMs: 60_000 } as const;
/** Counts over the rows that the viewer may see. */
const ABOUT_A_STUDENT = { rows: 'visible', keepMs: 10_000 } as const;

const MOST_QUESTIONS = 100;
const DEFAULT_MINIMUM = 50;
const DEFAULT_FIRST = 10;

/** Questions about many rows, each answered by one aggregation in the database. */
@Resolver()
export class AnalyticsResolver {
  @Query(() => [SubjectPerformance], {
    description:
      "How well each subject is answered: by everybody, or by one student (nobody's answers where the student is not the viewer's to see).",
  })
  performanceBySubject(
    @Arg('student', () => ID, { nullable: true }) student: string | null,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SubjectPerformance[]> {
    const of = idOf(student, 'student');
    const options = of ? ABOUT_A_STUDENT : ABOUT_EVERYBODY;
    return context.lists.aggregate(Attempt, performanceBySubject(of), info, options);
  }

  @Query(() => [DifficultyCount], {
    description: 'How many questions there are of each difficulty, in all subjects or in one.',
  })
  async difficultyDistribution(
    @Arg('subject', () => ID, { nullable: true }) subject: string | null,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<DifficultyCount[]> {
    const pipeline = difficultyDistribution(idOf(subject, 'subject'));
    return everyDifficulty(await context.lists.aggregate<Counted>(Question, pipeline, info, ABOUT_EVERYBODY));
  }

  @Query(() => [ProgressPoint], {
    description: `A student's answers by interval, from the first with any to the last: at most ${MOST_POINTS}.`,
    complexity: MOST_POINTS,
  })
  async studentProgress(
    @Arg('student', () => ID) student: string,
    @Arg('interval', () => Interval, { nullable: true, defaultValue: Interval.WEEK })
    interval: Interval | null,
    @Arg('timeZone', () => String, { nullable: true, description: 'An IANA name. Default `UTC`.' })
    timeZone: string | null,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ProgressPoint[]> {
    const unit = interval ?? Interval.WEEK;
    const pipeline = studentProgress(toObjectId(student, 'student'), unit, toTimeZone(timeZone ?? 'UTC'));
    const active = await context.lists.aggregate<ActiveInterval>(Attempt, pipeline, info, ABOUT_A_STUDENT);
    return everyInterval(active, unit);
  }

  @Query(() => [QuestionPerformance], {
    description: 'The questions that are answered worst, of all subjects or of one.',
  })
  topQuestions(
    @Arg('subject', () => ID, { nullable: true }) subject: string | null,
    @Arg('minimumAnswers', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_MINIMUM,
      description: 'Questions with fewer answers are left out.',
    })
    minimumAnswers: number | null,
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_FIRST,
      description: `From 1 to ${MOST_QUESTIONS}.`,
    })
    first: number | null,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<QuestionPerformance[]> {
    const wanted = {
      minimumAnswers: between('minimumAnswers', minimumAnswers ?? DEFAULT_MINIMUM, 1),
      first: between('first', first ?? DEFAULT_FIRST, 1, MOST_QUESTIONS),
    };
    const of = idOf(subject, 'subject');
    return of
      ? context.lists.aggregate(Question, topQuestionsOf(of, wanted), info, ABOUT_EVERYBODY)
      : context.lists.aggregate(Attempt, topQuestions(wanted), info, ABOUT_EVERYBODY);
  }
}

/** An empty text is an id that is malformed, not one that was left out. */
const idOf = (id: string | null | undefined, argument: string) =>
  typeof id === 'string' ? toObjectId(id, argument) : undefined;

function between(argument: string, value: number, least: number, most?: number): number {
  if (value >= least && (most === undefined || value <= most)) return value;
  const range = most === undefined ? `at least ${least}` : `${least} to ${most}`;
  throw new BulkheadError('BAD_USER_INPUT', `${argument}: expected ${range}, got ${value}.`);
}
