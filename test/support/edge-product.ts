import { setTimeout as sleep } from 'node:timers/promises';
import { modelOptions, prop } from '@typegoose/typegoose';
import { BulkheadError, defineProduct, Entity, type Product, type ProductOptions, Rows } from 'bulkhead';
import { Arg, Field, ID, Int, Mutation, ObjectType, Query, registerEnumType, Resolver } from 'type-graphql';

/** Something that stands in a database, so that the product is one. */
@ObjectType()
@Rows<Stone>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'stones' } })
export class Stone extends Entity {
  @Field()
  @prop({ type: String, required: true })
  name!: string;
}

/** A thing without end, to nest queries in. */
@ObjectType()
export class Doll {
  @Field(() => ID)
  id!: string;

  @Field(() => Doll, { nullable: true })
  inner?: Doll;
}

/** What `boom` throws, by name; a test adds its own. */
export const explosions: Record<string, () => unknown> = {
  error: () => new Error('no route'),
};

/** How many calls have begun, by field. */
export const calls = { slow: 0, touch: 0 };

export enum Colour {
  RED = 'RED',
  GREEN = 'GREEN',
}
registerEnumType(Colour, { name: 'Colour' });

@Resolver()
export class EdgeResolver {
  @Query(() => String, { nullable: true })
  boom(@Arg('how', () => String) how: string): string {
    throw explosions[how]!();
  }

  @Query(() => Int)
  async slow(@Arg('ms', () => Int) ms: number): Promise<number> {
    calls.slow += 1;
    await sleep(ms);
    return ms;
  }

  @Query(() => String)
  echo(@Arg('text', () => String) text: string): string {
    return text;
  }

  @Query(() => String)
  long(@Arg('length', () => Int) length: number): string {
    return 'all work and no play '.repeat(length / 21 + 1).slice(0, length);
  }

  @Query(() => Int)
  sum(@Arg('numbers', () => [[Int]]) numbers: number[][]): number {
    return numbers.flat().reduce((sum, one) => sum + one, 0);
  }

  @Query(() => Colour)
  paint(@Arg('colour', () => Colour) colour: Colour): Colour {
    return colour;
  }

  @Query(() => Doll, { nullable: true })
  doll(): Doll {
    return { id: '1', inner: { id: '2' } };
  }

  @Query(() => [Doll], { nullable: true })
  dolls(@Arg('count', () => Int) count: number): Doll[] {
    return Array.from({ length: count }, () => ({ id: '1' }));
  }

  @Query(() => [Doll], { nullable: true, complexity: 1_000 })
  shelf(@Arg('count', () => Int) count: number): Doll[] {
    return this.dolls(count);
  }

  @Mutation(() => Boolean, { nullable: true })
  touch(@Arg('refuse', () => Boolean, { nullable: true }) refuse?: boolean): boolean {
    calls.touch += 1;
    if (refuse) throw new BulkheadError('ALREADY_EXISTS', 'Taken: name.');
    return true;
  }
}

/** A product for tests of the edge: what it answers needs no data. */
export const edgeProduct = (options: Partial<ProductOptions> = {}): Product =>
  defineProduct({ schema: [Stone], resolvers: [EdgeResolver], public: 'read', ...options });

/** The same, for callers with a token only. */
export const closedProduct = (): Product => defineProduct({ schema: [Stone], resolvers: [EdgeResolver] });
