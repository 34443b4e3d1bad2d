import { type Connection, connectionOf, PageArguments, type ProductContext, toObjectId } from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, Field, ID, Info, InputType, Query, Resolver } from 'type-graphql';
import { Difficulty, Question, Subject } from '../../schema/aviation/index.js';

const QuestionConnection = connectionOf(Question);

@InputType()
export class QuestionFilter {
  @Field(() => ID, { nullable: true })
  subject?: string;

  @Field(() => Difficulty, { nullable: true })
  difficulty?: Difficulty;
}

/** There are thirteen subjects; the limit is for whoever adds some. */
const MOST_SUBJECTS = 100;

@Resolver(() => Question)
export class QuestionResolver {
  @Query(() => [Subject], { description: 'The subjects, by their official number.' })
  subjects(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Subject[]> {
    return context.lists.all(Subject, { sort: { code: 1 }, limit: MOST_SUBJECTS }, info);
  }

  @Query(() => Question, { nullable: true })
  question(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Question | null> {
    return context.loaders.one(Question, id, info);
  }

  @Query(() => QuestionConnection)
  questions(
    @Arg('filter', () => QuestionFilter, { nullable: true }) filter: QuestionFilter | null,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Connection<Question>> {
    const { subject, difficulty } = filter ?? {};
    const list = {
      // An empty text is an id that is malformed, not one that was left out.
      ...(typeof subject === 'string' && { subject: toObjectId(subject, 'filter.subject') }),
      ...(difficulty && { difficulty }),
    };
    return context.lists.page(Question, { filter: list, order: { key: '_id', direction: 1 } }, page, info);
  }
}
