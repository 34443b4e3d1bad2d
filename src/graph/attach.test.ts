import { prop } from '@typegoose/typegoose';
import { Kind, type OperationDefinitionNode, parse } from 'graphql';
import { Authorized, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { expect, test } from 'vitest';
import { Deadline } from '../compartment/deadline.js';
import type { ClassType } from '../database/class-type.js';
import { Entity } from './entity.js';
import { Executor } from './execute.js';
import { planOf } from './field-plan.js';
import { buildProductGraph } from './product-graph.js';
import { Requires } from './requires.js';

const graphOf = (classes: ClassType[], resolvers: ClassType[]) =>
  buildProductGraph({ classes, resolvers, authChecker: () => false }).schema;

/** Answers a query three times: interpreted, compiled, compiled again. */
async function thrice(schema: ReturnType<typeof graphOf>, query: string) {
  const document = parse(query);
  const definition = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  )!;
  const executor = new Executor(schema);
  const deadline = new Deadline('test', 1_000);
  const answers = [];
  for (let time = 0; time < 3; time += 1)
    answers.push(
      await executor.execute({ document, definition, variables: {}, context: () => ({ deadline }) }),
    );
  deadline.close();
  return answers.map(({ data, errors }) => ({
    data: JSON.parse(JSON.stringify(data)) as unknown,
    failed: errors?.map(({ path }) => path?.join('.')),
  }));
}

test('a field that a class declares anew has the guard of the class, not of its ancestor', async () => {
  abstract class Base extends Entity {
    @Field(() => String, { nullable: true })
    @prop({ type: String })
    secret?: string;
  }
  @ObjectType('Guarded')
  class Guarded extends Base {
    @Authorized('admin')
    @Field(() => String, { nullable: true })
    @prop({ type: String })
    declare secret?: string;
  }
  @Resolver()
  class GuardedResolver {
    @Query(() => Guarded)
    guarded(): object {
      return { secret: 'told' };
    }
  }
  const answers = await thrice(graphOf([Guarded], [GuardedResolver]), '{ guarded { secret } }');
  for (const one of answers)
    expect(one).toEqual({ data: { guarded: { secret: null } }, failed: ['guarded.secret'] });
});

test('what is not stored may be a promise, a getter or a method, compiled too', async () => {
  @ObjectType('Report')
  class Report {
    @Field(() => Int)
    count!: number;

    @Field(() => Int)
    later!: Promise<number>;

    @Field(() => Int)
    @Requires()
    get twice(): number {
      return this.count * 2;
    }

    @Field(() => Int)
    sum(): number {
      return this.count + this.twice;
    }
  }
  @Resolver()
  class ReportResolver {
    @Query(() => Report)
    report(): object {
      return { count: 2, later: Promise.resolve(3) };
    }
  }
  const answers = await thrice(graphOf([], [ReportResolver]), '{ report { count later twice sum } }');
  for (const one of answers) expect(one.data).toEqual({ report: { count: 2, later: 3, twice: 4, sum: 6 } });
});

test('a guard that needs more than its field says so', () => {
  @ObjectType('Deed')
  class Deed extends Entity {
    @Authorized('admin')
    @Field(() => String, { nullable: true })
    @Requires('owner')
    @prop({ type: String })
    text?: string;

    @prop({ type: String })
    owner?: string;
  }
  @Resolver()
  class DeedResolver {
    @Query(() => Deed, { nullable: true })
    deed(): null {
      return null;
    }
  }
  const type = graphOf([Deed], [DeedResolver]).getType('Deed') as unknown as {
    getFields(): Record<string, Parameters<typeof planOf>[0]>;
  };
  expect(planOf(type.getFields()['text']!)).toEqual({ coordinate: 'Deed.text', needs: ['text', 'owner'] });
  expect(planOf(type.getFields()['id']!)).toEqual({ coordinate: 'Deed.id', needs: [] });
});
