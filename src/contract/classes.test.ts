import 'reflect-metadata';
import { modelOptions, prop } from '@typegoose/typegoose';
import { Int, Mutation, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { Entity } from '../graph/entity.js';
import { check, Maker } from './check.test.support.js';

describe('classes and root fields', () => {
  class Homeless {
    @prop({ type: String })
    text?: string;
  }
  @modelOptions({ schemaOptions: { collection: 'makers' } })
  class Twin extends Entity {}
  @modelOptions({ options: { customName: 'Maker' }, schemaOptions: { collection: 'elsewhere' } })
  class Alias extends Entity {}
  @Resolver()
  class Mutations {
    @Mutation(() => Int)
    strict(): number {
      return 1;
    }
    @Mutation(() => Int, { nullable: true })
    lenient(): number {
      return 1;
    }
  }
  const found = check([Maker, Homeless, Twin, Alias, Homeless], [Mutations]);

  it.each([
    ['Homeless', 'a stored class without identity and timestamps: write class Homeless extends Entity'],
    ['Homeless', 'the same class, listed twice: list it once'],
    ['Twin', 'its collection makers is already that of Maker: name another: @modelOptions'],
    ['Alias', 'its model name Maker is already that of Maker: name another: @modelOptions'],
    ['Mutation.strict', 'Int! would take the answers'],
    ['Mutation.strict', 'add { nullable: true } to @Mutation'],
  ])('complains about %s: %s', (at, text) => {
    expect(found.filter((one) => one.startsWith(`shop: ${at}: `)).join('\n')).toContain(text);
  });

  it('does not complain about a nullable mutation', () => {
    expect(found.join('\n')).not.toContain('lenient');
  });
});
