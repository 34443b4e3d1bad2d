import 'reflect-metadata';
import { prop } from '@typegoose/typegoose';
import { Field, FieldResolver, Int, ObjectType, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { Entity } from '../graph/entity.js';
import { Requires } from '../graph/requires.js';
import { check, Maker } from './check.test.support.js';

describe('defaults, getters and fields from nowhere', () => {
  @ObjectType()
  class Computed extends Entity {
    @prop({ type: Date, default: new Date() })
    frozen?: Date;
    @prop({ type: Date, default: Date.now() })
    counted?: Date;
    @prop({ type: Date, default: Date.now })
    fresh?: Date;
    @Field(() => String)
    get silent(): string {
      return '';
    }
    @Field(() => String)
    @Requires('fresh', 'gone')
    get wrong(): string {
      return '';
    }
    @Field(() => String, { nullable: true })
    @prop({ type: String, get: (value: string) => value.trim() })
    trimmed?: string;
    @Field(() => [Maker], { nullable: true })
    @prop({ ref: () => Maker, foreignField: 'made', localField: '_id' })
    virtual?: unknown;
    @Field(() => String, { nullable: true })
    nowhere?: string;
  }
  @Resolver(() => Computed)
  class ComputedFields {
    @FieldResolver(() => Int)
    @Requires('missing')
    size(): number {
      return 0;
    }
  }
  const found = check([Computed, Maker], [ComputedFields]);

  it.each([
    ['frozen', 'computed once', 'default: () => new Date()'],
    ['counted', 'computed once', 'default: () => new Date()'],
    ['silent', 'does not say which stored fields it reads', "add @Requires('…')"],
    ['wrong', '@Requires names gone, which is not stored', 'name a property that has @prop'],
    ['trimmed', 'get in @prop is not applied', 'expose a getter with @Requires'],
    ['virtual', 'a virtual', 'write a getter with @Requires, or a @FieldResolver'],
    ['nowhere', 'neither stored nor resolved', 'add @prop, or a @FieldResolver'],
    ['size', '@Requires names missing, which is not stored', 'name a property that has @prop'],
  ])('complains about %s', (field, wrong, remedy) => {
    const one = found.find((text) => text.startsWith(`shop: Computed.${field}: `));
    expect(one).toContain(wrong);
    expect(one).toContain(remedy);
  });

  it('complains about nothing else', () => expect(found).toHaveLength(8));
});
