import { graphql, type GraphQLSchema, lexicographicSortSchema, parse, printSchema, validate } from 'graphql';
import {
  Arg,
  Args,
  ArgsType,
  Authorized,
  createUnionType,
  Field,
  FieldResolver,
  InputType,
  Int,
  InterfaceType,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { describe, expect, test } from 'vitest';
import type { ClassType } from '../database/class-type.js';
import { buildIsolatedSchema } from './type-graphql.js';

const build = (resolvers: ClassType[], classes: ClassType[] = [], allowed = false): GraphQLSchema =>
  buildIsolatedSchema({ resolvers, classes, authChecker: () => allowed }).schema;

const storeOfTheProcess = (): unknown =>
  (globalThis as { TypeGraphQLMetadataStorage?: unknown }).TypeGraphQLMetadataStorage;
const sdl = (schema: GraphQLSchema): string => printSchema(lexicographicSortSchema(schema));

/** A product of its own with one type, whose schema shows what leaked into it. */
function innocent(): ClassType {
  @ObjectType('Innocent')
  class Innocent {
    @Field()
    name!: string;
  }
  @Resolver()
  class InnocentResolver {
    @Query(() => Innocent)
    innocent(): Innocent {
      return { name: 'nobody' };
    }
  }
  return InnocentResolver;
}
const INNOCENT = 'type Innocent {\n  name: String!\n}\n\ntype Query {\n  innocent: Innocent!\n}';

@ObjectType()
class Money {
  @Field(() => Int)
  amount!: number;
}

describe('one product does not see another', () => {
  @Resolver(() => Money)
  class RichMoneyResolver {
    @Query(() => Money)
    riches(): Money {
      return { amount: 1 };
    }
    @Authorized('admin')
    @FieldResolver(() => String)
    secret(): string {
      return 'secret';
    }
    @Mutation(() => Money, { nullable: true })
    earn(): Money {
      return { amount: 2 };
    }
  }
  @Resolver(() => Money)
  class PoorMoneyResolver {
    @Query(() => Money)
    rags(): Money {
      return { amount: 0 };
    }
  }

  test('through a class that both use', () => {
    const poor = build([PoorMoneyResolver]);
    expect(sdl(poor)).toBe('type Money {\n  amount: Int!\n}\n\ntype Query {\n  rags: Money!\n}');
    expect(sdl(build([RichMoneyResolver]))).toContain('secret: String!');
    expect(sdl(build([PoorMoneyResolver]))).toBe(sdl(poor));
  });

  test('through a resolver that is in nobody’s list', () => {
    @Resolver(() => Money)
    class StrayResolver {
      @FieldResolver(() => String)
      stray(): string {
        return '';
      }
      @Query(() => String)
      strayQuery(): string {
        return '';
      }
    }
    expect(StrayResolver.name).toBe('StrayResolver');
    expect(sdl(build([PoorMoneyResolver]))).not.toContain('stray');
    expect(sdl(build([RichMoneyResolver]))).not.toContain('stray');
  });

  test('through an interface that both implement', () => {
    @InterfaceType({ resolveType: () => 'Here' })
    abstract class Named {
      @Field()
      name!: string;
    }
    @ObjectType('Here', { implements: Named })
    class Here extends Named {}
    @ObjectType('There', { implements: Named })
    class There extends Named {}
    @Resolver()
    class HereResolver {
      @Query(() => Named)
      named(): Named {
        return { name: 'here' };
      }
    }
    @Resolver()
    class ThereResolver {
      @Query(() => There)
      there(): There {
        return { name: 'there' };
      }
    }
    const here = sdl(build([HereResolver], [Here]));
    expect(here).toContain('type Here implements Named');
    expect(here).not.toContain('There');
    const there = sdl(build([ThereResolver], [There]));
    expect(there).toContain('type There implements Named');
    expect(there).not.toContain('Here');
  });

  test('through enums, inputs and classes of the same name', async () => {
    const product = (values: Record<string, string>, extra: string) => {
      const Status = { ...values };
      registerEnumType(Status, { name: 'Status' });
      @InputType('Filter')
      class Filter {
        @Field(() => Status)
        status!: string;
      }
      @ObjectType('User')
      class User {
        @Field({ name: extra })
        value!: string;
      }
      @Resolver(() => User)
      class UserResolver {
        @Query(() => User)
        user(@Arg('filter') filter: Filter): User {
          return { value: filter.status };
        }
      }
      return build([UserResolver]);
    };
    const [left, right] = [product({ ON: 'on' }, 'left'), product({ OFF: 'off' }, 'right')];
    const { data } = await graphql({ schema: left, source: '{ user(filter: { status: ON }) { left } }' });
    expect(data).toEqual({ user: { left: 'on' } });
    expect(sdl(left)).not.toMatch(/OFF|right/);
    expect(sdl(right)).not.toMatch(/\bON\b|left/);
  });

  test('one with @Authorized asks nothing of one without', () => {
    expect(sdl(build([RichMoneyResolver]))).toContain('secret');
    expect(sdl(build([innocent()]))).toBe(INNOCENT);
  });
});

describe('a product that cannot be built', () => {
  test('does not poison the next', () => {
    @ObjectType('Poison')
    class Poison {
      @Field()
      bad!: string;
    }
    @Resolver(() => Poison)
    class PoisonResolver {
      @Query(() => Poison)
      poison(): Poison {
        return { bad: '' };
      }
      // No such field, and no type: the build throws half-way.
      @FieldResolver()
      nothing(): unknown {
        return null;
      }
    }
    expect(() => build([PoisonResolver])).toThrow(/nothing|type/i);
    expect(sdl(build([innocent()]))).toBe(INNOCENT);
  });

  test('does not stop others: an input class whose constructor throws', () => {
    @InputType('Explosive')
    class Explosive {
      @Field()
      value!: string;

      constructor() {
        throw new Error('boom');
      }
    }
    @Resolver()
    class ExplosiveResolver {
      @Query(() => String)
      explode(@Arg('input') input: Explosive): string {
        return input.value;
      }
    }
    expect(() => build([ExplosiveResolver])).toThrow('boom');
    expect(sdl(build([innocent()]))).toBe(INNOCENT);
  });

  test('leaves the process-wide store as it was', () => {
    const before = storeOfTheProcess();
    @Resolver()
    class EmptyResolver {}
    expect(() => build([EmptyResolver])).toThrow('Type Query must define one or more fields');
    expect(storeOfTheProcess()).toBe(before);
    build([innocent()]);
    expect(storeOfTheProcess()).toBe(before);
  });
});

describe('arguments are converted', () => {
  function listing(): { resolver: ClassType; seen: unknown[] } {
    const seen: unknown[] = [];
    @InputType()
    class Range {
      @Field(() => Int)
      from!: number;

      span(): number {
        return 10;
      }
    }
    @ArgsType()
    class Paging {
      @Field(() => Int, { nullable: true })
      first?: number;

      @Field(() => Range, { nullable: true })
      range?: Range;

      get size(): number {
        return (this.first ?? 0) + (this.range?.span() ?? 0);
      }
    }
    @Resolver()
    class ListingResolver {
      @Query(() => Int)
      size(@Args(() => Paging) paging: Paging): number {
        seen.push(paging);
        return paging.size;
      }
    }
    return { resolver: ListingResolver, seen };
  }
  const ask = async (schema: GraphQLSchema) =>
    (await graphql({ schema, source: '{ size(first: 3, range: { from: 1 }) }' })).data?.['size'];

  test('after other products were built, and for classes that were loaded later', async () => {
    const first = build([listing().resolver]);
    build([innocent()]);
    expect(await ask(first)).toBe(13);
    const later = build([listing().resolver]);
    expect(await ask(later)).toBe(13);
    expect(await ask(first)).toBe(13);
  });
});

describe('unions and interfaces', () => {
  @ObjectType()
  class Cat {
    @Field()
    lives!: string;
  }
  @ObjectType()
  class Dog {
    @Field()
    tricks!: string;
  }
  const pets = (resolveType?: (value: object) => unknown): ClassType => {
    const Pet = createUnionType({
      name: 'Pet',
      types: () => [Cat, Dog] as const,
      ...(resolveType && { resolveType: resolveType as never }),
    });
    @Resolver()
    class PetResolver {
      @Query(() => [Pet])
      pets(): (typeof Pet)[] {
        return [{ lives: '9' }, { tricks: 'sit' }];
      }
    }
    return PetResolver;
  };

  test('without resolveType stop the start', () => {
    expect(() => build([pets()])).toThrow('Pet: a union or interface needs a synchronous `resolveType`');
    @InterfaceType()
    abstract class Vague {
      @Field()
      name!: string;
    }
    @Resolver()
    class VagueResolver {
      @Query(() => Vague)
      vague(): Vague {
        return { name: '' };
      }
    }
    expect(() => build([VagueResolver])).toThrow('Vague: a union');
  });

  test.each([
    ['a class', (value: object) => ('lives' in value ? Cat : Dog)],
    ['a name', (value: object) => ('lives' in value ? 'Cat' : 'Dog')],
  ])('tell lean documents apart by %s, synchronously', (_, resolveType) => {
    const schema = build([pets(resolveType)]);
    const source = '{ pets { __typename ... on Cat { lives } ... on Dog { tricks } } }';
    expect(validate(schema, parse(source))).toEqual([]);
    const type = schema.getType('Pet') as unknown as { resolveType(value: object): unknown };
    expect(type.resolveType({ lives: '9' })).toBe('Cat');
    return expect(graphql({ schema, source })).resolves.toEqual({
      data: {
        pets: [
          { __typename: 'Cat', lives: '9' },
          { __typename: 'Dog', tricks: 'sit' },
        ],
      },
    });
  });
});

test('subscriptions are not offered', () => {
  @Resolver()
  class NewsResolver {
    @Query(() => Int)
    count(): number {
      return 0;
    }
    @Subscription(() => Int, { topics: 'NEWS' })
    news(): number {
      return 1;
    }
  }
  expect(() => build([NewsResolver])).toThrow('NewsResolver.news: subscriptions are not offered');
});

test('guards stay on fields: simple resolvers are never used', async () => {
  @ObjectType('Vault')
  class Vault {
    @Authorized('admin')
    @Field(() => String, { nullable: true })
    gold!: string;
  }
  @Resolver(() => Vault)
  class VaultResolver {
    @Query(() => Vault)
    vault(): Vault {
      return { gold: 'all of it' };
    }
    @FieldResolver(() => String)
    label(@Root() vault: Vault): string {
      return `has ${vault.gold}`;
    }
  }
  const source = '{ vault { gold label } }';
  const closed = await graphql({ schema: build([VaultResolver]), source, contextValue: {} });
  expect(closed.data).toEqual({ vault: { gold: null, label: 'has all of it' } });
  expect(closed.errors?.map(({ path }) => path?.join('.'))).toEqual(['vault.gold']);
  const open = await graphql({ schema: build([VaultResolver], [], true), source, contextValue: {} });
  expect(open.data).toEqual({ vault: { gold: 'all of it', label: 'has all of it' } });
});
