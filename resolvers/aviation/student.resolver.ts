import { BulkheadError, findObjectId, IsLine, type ProductContext, toObjectId } from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import type { Types } from 'mongoose';
import { Arg, Authorized, Ctx, Field, ID, Info, InputType, Mutation, Query, Resolver } from 'type-graphql';
import { Student, User } from '../../schema/aviation/index.js';

@InputType()
export class CreateStudentInput {
  @Field()
  @IsLine(80)
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose student it is. Default: the signed-in user; only an administrator may name another.',
  })
  user?: string;
}

@Resolver(() => Student)
export class StudentResolver {
  @Query(() => Student, { nullable: true })
  student(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Student | null> {
    return context.loaders.one(Student, id, info);
  }

  @Authorized('write')
  @Mutation(() => Student, {
    nullable: true,
    description: 'Makes a student of a user and opens an account of credits: both or neither.',
  })
  async createStudent(
    @Arg('input') input: CreateStudentInput,
    @Ctx() context: ProductContext,
  ): Promise<Student> {
    const user = userOf(context, input.user ?? undefined);
    const known = await context.models.of(User).findUnrestricted({ _id: user }, ['name']);
    if (!known) throw new BulkheadError('NOT_FOUND', 'There is no such user.');
    return context.models.transaction(async (models, session) => {
      const student = await models.of(Student).insert({ name: input.name, user });
      await context.ledger?.openAccount({ owner: student._id, user }, session);
      return student as Student;
    });
  }
}

function userOf({ viewer }: ProductContext, named: string | undefined): Types.ObjectId {
  if (named !== undefined && viewer.may('admin')) return toObjectId(named, 'input.user');
  const own = viewer.kind === 'session' ? viewer.id : null;
  // An id is the same id in capitals.
  if (named !== undefined && (own === null || !findObjectId(named)?.equals(own)))
    throw new BulkheadError('FORBIDDEN', 'Only an administrator may name another user.');
  if (own === null)
    throw new BulkheadError('BAD_USER_INPUT', 'input.user: expected the id of a user; a token has none.');
  return viewer.objectId;
}
