import 'reflect-metadata';
import { modelOptions, prop } from '@typegoose/typegoose';
import mongoose from 'mongoose';
import { Field, ObjectType } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { Entity } from '../graph/entity.js';
import { check, Maker } from './check.test.support.js';

@ObjectType()
@modelOptions({ schemaOptions: { _id: false } })
class Part {
  @Field()
  @prop({ type: String, required: true })
  label!: string;
}

describe('references', () => {
  @modelOptions({ options: { customName: 'Maker' } })
  @ObjectType('OtherMaker')
  class Namesake extends Entity {}
  class Absent extends Entity {}
  @ObjectType()
  class Other extends Entity {}
  @ObjectType()
  class Referring extends Entity {
    @Field(() => Maker)
    @prop({ ref: () => Maker, required: true })
    strict!: unknown;
    @Field(() => Other, { nullable: true })
    @prop({ ref: () => Maker })
    other?: unknown;
    @Field(() => Namesake, { nullable: true })
    @prop({ ref: () => Maker })
    namesake?: unknown;
    @Field(() => Maker, { nullable: true })
    @prop({ type: mongoose.Schema.Types.ObjectId })
    plain?: unknown;
    @Field(() => Part, { nullable: true })
    @prop({ type: String })
    part?: unknown;
    @prop({ ref: () => Absent })
    hidden?: unknown;
  }
  const found = check([Referring, Maker, Other]);

  it.each([
    ['strict', 'never null', 'declare the field { nullable: true }'],
    ['other', 'GraphQL says Other, ref says Maker', 'write ref: () => Other in @prop'],
    ['namesake', 'two classes of one name', "import Maker from the product's own schema folder"],
    ['plain', 'stored as ObjectId', 'add ref: () => Maker to @prop'],
    ['part', 'stored as String', 'write type: () => Part in @prop'],
    [
      'hidden',
      'a reference to Absent, which the product does not store',
      "add Absent to the product's schema",
    ],
  ])('complains about %s', (field, wrong, remedy) => {
    const one = found.find((text) => text.startsWith(`shop: Referring.${field}: `));
    expect(one).toContain(wrong);
    expect(one).toContain(remedy);
  });

  it('complains about nothing else', () => expect(found).toHaveLength(6));
});
