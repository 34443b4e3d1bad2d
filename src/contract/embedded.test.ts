import 'reflect-metadata';
import { modelOptions, prop } from '@typegoose/typegoose';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { Entity } from '../graph/entity.js';
import { check } from './check.test.support.js';

describe('embedded classes', () => {
  @ObjectType()
  @modelOptions({ schemaOptions: { _id: false } })
  class Inner {
    @Field(() => ID, { nullable: true })
    id?: string;
    @Field(() => Int)
    @prop({ type: Date, default: new Date(), required: true })
    at!: unknown;
  }
  @ObjectType()
  class Middle {
    @Field(() => [Inner])
    @prop({ type: () => [Inner], required: true })
    inner!: Inner[];
    @Field()
    @prop({ type: String })
    title!: string;
  }
  @ObjectType()
  class Outer extends Entity {
    @Field(() => Middle)
    @prop({ type: () => Middle, required: true })
    middle!: Middle;
  }
  const found = check([Outer]);

  it.each([
    'shop: Middle.title (in Outer.middle): String! in GraphQL, but a stored document may lack it: add required: true',
    'shop: Inner.at (in Outer.middle.inner): Int in GraphQL, but stored as Date: declare',
    'shop: Inner.id (in Outer.middle.inner): shows _id, which the class does not store: take _id: false off',
    'shop: Outer.middle.inner.at: its default is a moment computed once',
  ])('are compared, too: %s', (text) => {
    expect(found).toContainEqual(expect.stringContaining(text));
  });

  it('draw no other complaint', () => expect(found).toHaveLength(4));
});
