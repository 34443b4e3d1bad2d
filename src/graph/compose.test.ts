import { graphql, type GraphQLEnumType, GraphQLScalarType, printSchema, printType } from 'graphql';
import {
  Arg,
  Authorized,
  Ctx,
  Field,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
} from 'type-graphql';
import { describe, expect, test } from 'vitest';
import type { ClassType } from '../database/class-type.js';
import { StartError } from '../errors/bulkhead-error.js';
import { compose, type ComposedProduct } from './compose.js';
import { connectionOf } from './connection.js';
import { productNames } from '../config/names.js';
import { buildIsolatedSchema } from './type-graphql.js';
import { attachStorage } from './attach.js';

function product(
  name: string,
  resolvers: ClassType[],
  authChecker: (data: { context: unknown }) => boolean = () => true,
): ComposedProduct {
  const isolated = buildIsolatedSchema({ resolvers, classes: [], authChecker });
  attachStorage(isolated, [], resolvers);
  const { field, typePrefix } = productNames(name);
  return { name, field, typePrefix, schema: isolated.schema };
}

/** A resolver with one query and, by their names, mutations. */
function simple(types: readonly string[], mutations: readonly string[] = []): ClassType {
  @Resolver()
  class SimpleResolver {
    @Mutation(() => Int, { nullable: true, name: mutations[0] ?? 'nothing' })
    change(): number {
      return 1;
    }
  }
  for (const name of types) {
    @ObjectType(name)
    class Anything {
      @Field(() => ID)
      id!: string;
    }
    const answer = { value: () => ({ id: '1' }), writable: true };
    Object.defineProperty(SimpleResolver.prototype, `get${name}`, answer);
    Query(() => Anything)(SimpleResolver.prototype, `get${name}`, answer);
  }
  return SimpleResolver;
}

const problemsOf = (products: ComposedProduct[]): readonly string[] => {
  try {
    compose(products);
    return [];
  } catch (error) {
    if (error instanceof StartError) return error.problems;
    throw error;
  }
};

enum Mood {
  SUNNY = 'sunny',
  GREY = 'grey',
}
registerEnumType(Mood, {
  name: 'Mood',
  description: 'How it looks.',
  valuesConfig: { GREY: { deprecationReason: 'Look again.', description: 'Clouds.' } },
});

@ObjectType({ description: 'A day.' })
class Day {
  @Field(() => Mood, { description: 'Its mood.' })
  mood!: Mood;

  @Field({ deprecationReason: 'Use mood.' })
  weather!: string;

  @Field(() => Date)
  date!: Date;
}
const DayConnection = connectionOf(Day);

@InputType({ description: 'Which days.' })
class DayFilter {
  @Field(() => Mood, { defaultValue: Mood.SUNNY, description: 'Of this mood.' })
  mood!: Mood;

  @Field(() => [Int], { nullable: true, defaultValue: [1, 2] })
  hours?: number[];
}

@Resolver()
class DayResolver {
  @Query(() => DayConnection)
  days(): object {
    return { nodes: [], edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } };
  }
  @Query(() => String, { description: 'What was asked.', deprecationReason: 'Say it yourself.' })
  echo(
    @Arg('filter', () => DayFilter, { defaultValue: { mood: Mood.GREY } }) filter: DayFilter,
    @Arg('mood', () => Mood, { defaultValue: Mood.GREY, description: 'A mood.' }) mood: Mood,
  ): string {
    return JSON.stringify({ filter, mood });
  }
}

const context = { enter: async () => ({}), entered: () => ({}) };

describe('types of the composed graph', () => {
  const days = product('day-book', [DayResolver]);
  const schema = compose([days, product('blog', [simple(['Post'], ['createPost'])])]);

  test('carry the product’s prefix, and nothing of them is lost', () => {
    expect(printSchema(schema)).toMatchInlineSnapshot(`
      "type DayBookQuery {
        days: DayBookDayConnection!

        """What was asked."""
        echo(
          """A mood."""
          mood: DayBookMood! = GREY
          filter: DayBookDayFilter! = {mood: GREY}
        ): String! @deprecated(reason: "Say it yourself.")
      }

      type DayBookDayConnection {
        edges: [DayBookDayEdge!]!
        nodes: [DayBookDay!]!
        pageInfo: PageInfo!
      }

      type DayBookDayEdge {
        cursor: String!
        node: DayBookDay!
      }

      """A day."""
      type DayBookDay {
        """Its mood."""
        mood: DayBookMood!
        weather: String! @deprecated(reason: "Use mood.")
        date: DateTime!
      }

      """A moment in time: ISO 8601 in UTC, such as \`2026-11-23T08:00:00.000Z\`."""
      scalar DateTime

      """How it looks."""
      enum DayBookMood {
        SUNNY

        """Clouds."""
        GREY @deprecated(reason: "Look again.")
      }

      """Which days."""
      input DayBookDayFilter {
        """Of this mood."""
        mood: DayBookMood! = SUNNY
        hours: [Int!] = [1, 2]
      }

      type BlogQuery {
        getPost: BlogPost!
      }

      type BlogPost {
        id: ID!
      }

      type PageInfo {
        hasNextPage: Boolean!
        hasPreviousPage: Boolean!
        startCursor: String
        endCursor: String
      }

      type Query {
        """What day-book answers; null when it is not available."""
        dayBook: DayBookQuery

        """What blog answers; null when it is not available."""
        blog: BlogQuery
      }

      type Mutation {
        blogCreatePost: Int
      }"
    `);
  });

  test('share what belongs to the engine', () => {
    const other = compose([product('a', [DayResolver]), product('b', [DayResolver])]);
    const names = Object.keys(other.getTypeMap()).filter((name) => /PageInfo|DateTime/.test(name));
    expect(names.sort()).toEqual(['DateTime', 'PageInfo']);
  });

  test('keep the internal values of enums, and defaults as they were', async () => {
    const flat = await graphql({ schema: days.schema, source: '{ echo }' });
    expect(flat.data).toEqual({
      echo: '{"filter":{"mood":"grey"},"mood":"grey"}',
    });
    const source = '{ dayBook { echo } }';
    expect((await graphql({ schema, source, contextValue: context })).data).toEqual({ dayBook: flat.data });
    expect((schema.getType('DayBookMood') as GraphQLEnumType).getValue('SUNNY')?.value).toBe('sunny');
  });

  test('a product’s own PageInfo is its own', () => {
    @ObjectType('PageInfo')
    class BookPage {
      @Field(() => Int)
      number!: number;
    }
    @Resolver()
    class BookResolver {
      @Query(() => BookPage)
      page(): BookPage {
        return { number: 7 };
      }
    }
    const both = compose([days, product('book', [BookResolver])]);
    expect(printType(both.getType('BookPageInfo')!)).toBe('type BookPageInfo {\n  number: Int!\n}');
    expect(printType(both.getType('PageInfo')!)).toContain('hasNextPage: Boolean!');
  });
});

describe('two things of one name stop the start', () => {
  test('types of two products', () => {
    expect(
      problemsOf([product('blog', [simple(['PostTag'])]), product('blog-post', [simple(['Tag'])])]),
    ).toEqual([
      'BlogPostTag: PostTag of blog and Tag of blog-post come to this name in the composed graph; rename one of them.',
    ]);
  });

  test('mutations of two products', () => {
    expect(
      problemsOf([
        product('blog', [simple(['A'], ['postCreate'])]),
        product('blog-post', [simple(['B'], ['create'])]),
      ]),
    ).toEqual([
      'Mutation.blogPostCreate: postCreate of blog and create of blog-post come to this name in the composed graph; rename one of them.',
    ]);
  });

  test('a type and one that all products share', () => {
    const days = product('days', [DayResolver]);
    expect(problemsOf([days, product('page', [simple(['Info'])])])).toEqual([
      expect.stringContaining('PageInfo: Info of page and a type that all products share'),
    ]);
    expect(problemsOf([days, product('date', [simple(['Time'])])])).toEqual([
      expect.stringContaining('DateTime: Time of date and a type that all products share'),
    ]);
  });

  test('two scalars', () => {
    const withScalar = (name: string): ComposedProduct => {
      const Colour = new GraphQLScalarType({ name: 'Colour' });
      @Resolver()
      class ColourResolver {
        @Query(() => Colour)
        colour(): string {
          return 'red';
        }
      }
      return product(name, [ColourResolver]);
    };
    expect(problemsOf([withScalar('a'), withScalar('b')])).toEqual([
      expect.stringContaining('Colour: another scalar of b and a type that all products share'),
    ]);
  });
});

test('a resolver and a guard get their own product’s context, and nothing of the gateway’s', async () => {
  const seen: [string, unknown][] = [];
  const spy = (name: string): ComposedProduct => {
    @Resolver()
    class SpyResolver {
      @Authorized()
      @Query(() => String)
      spy(@Ctx() context: object): string {
        seen.push([name, context]);
        return name;
      }
    }
    const guard = ({ context }: { context: unknown }) => seen.push([name, context]) > 0;
    return product(name, [SpyResolver], guard);
  };
  const contexts: Record<string, object> = { left: { product: 'left' }, right: { product: 'right' } };
  const entered: string[] = [];
  const contextValue = {
    enter: async (name: string) => entered.push(name),
    entered: (name: string) => contexts[name],
  };
  const schema = compose([spy('left'), spy('right')]);
  const { data } = await graphql({ schema, source: '{ left { spy } right { spy } }', contextValue });
  expect(data).toEqual({ left: { spy: 'left' }, right: { spy: 'right' } });
  expect(entered).toEqual(['left', 'right']);
  // The guard and the resolver of each.
  expect(seen).toHaveLength(4);
  for (const [name, given] of seen) expect(given).toBe(contexts[name]);
});
