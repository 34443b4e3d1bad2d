import 'reflect-metadata';
import { modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { GraphQLScalarType } from 'graphql';
import mongoose from 'mongoose';
import { Field, FieldResolver, Float, ID, Int, ObjectType, registerEnumType, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { aviationSchema } from '../../schema/aviation/index.js';
import { blogSchema } from '../../schema/blog/index.js';
import { Entity } from '../graph/entity.js';
import { Requires } from '../graph/requires.js';
import { Credits, DateTime } from '../graph/scalars.js';
import { check, Maker } from './check.test.support.js';

const { BigInt, Decimal128, UUID } = mongoose.Schema.Types;

enum Size {
  SMALL = 'SMALL',
  LARGE = 'LARGE',
}
registerEnumType(Size, { name: 'Size' });

const Colour = new GraphQLScalarType<string, string>({ name: 'Colour' });

@ObjectType()
@modelOptions({ schemaOptions: { _id: false } })
class Part {
  @Field()
  @prop({ type: String, required: true })
  label!: string;
}

@ObjectType()
class Sound extends Entity {
  @Field()
  @prop({ type: String, required: [true, 'A thing has a title.'], default: 'Untitled' })
  title!: string;

  @Field(() => String, { nullable: true })
  @prop({ type: String })
  note?: string;

  @Field(() => Float)
  @prop({ type: Number, required: true })
  weight!: number;

  @Field(() => Credits)
  @prop({ type: BigInt, required: true })
  price!: bigint;

  @Field(() => ID)
  @prop({ type: UUID, required: true })
  serial!: mongoose.Types.UUID;

  @Field(() => Size)
  @prop({ type: String, enum: Size, required: true })
  size!: Size;

  @Field(() => [Size])
  @prop({ type: () => [String], enum: Size, required: true })
  sizes!: Size[];

  @Field(() => [[Int]])
  @prop({ type: () => [[Number]], required: true })
  grid!: number[][];

  @Field(() => Colour, { nullable: true })
  @prop({ type: String })
  colour?: string;

  @Field(() => DateTime, { nullable: true })
  @prop({ type: Date, default: () => new Date() })
  soldAt?: Date;

  @Field(() => Maker, { nullable: true })
  @prop({ ref: () => Maker, required: true })
  maker!: Ref<Maker>;

  @Field(() => ID, { name: 'makerId', nullable: true })
  @prop({ ref: () => Maker })
  origin?: Ref<Maker>;

  @Field(() => [Maker])
  @prop({ ref: () => Maker })
  suppliers!: Ref<Maker>[];

  @Field(() => [Part])
  @prop({ type: () => [Part], required: true })
  parts!: Part[];

  @Field(() => String)
  @Requires('title', 'maker', 'parts.label')
  get headline(): string {
    return this.title.toUpperCase();
  }

  @prop({ type: Buffer })
  hidden?: unknown;
}

@Resolver(() => Sound)
class SoundFields {
  @FieldResolver(() => Int)
  @Requires('parts')
  partCount(): number {
    return 0;
  }
}

describe('a sound class', () => {
  it('draws no complaint', () => {
    expect(check([Sound, Maker], [SoundFields])).toEqual([]);
  });

  it('is each one of the products shipped', () => {
    expect(check(blogSchema)).toEqual([]);
    expect(check(aviationSchema)).toEqual([]);
  });
});

describe('presence', () => {
  @ObjectType()
  class Loose extends Entity {
    @Field()
    @prop({ type: String })
    bare!: string;
    @Field()
    @prop({ type: String, default: 'x' })
    defaulted!: string;
    @Field()
    @prop({ type: String, required: () => false })
    sometimes!: string;
    @Field(() => [String])
    @prop({ type: () => [String] })
    list!: string[];
    @Field(() => [Maker], { nullable: 'items' })
    @prop({ ref: () => Maker })
    makers!: Ref<Maker>[];
  }
  const found = check([Loose, Maker]);

  it.each([
    ['bare', 'a stored document may lack it'],
    ['defaulted', 'its default is not applied to documents that are read lean'],
    ['sometimes', 'required is a function'],
    ['list', ''],
    ['makers', ''],
  ])('complains about %s', (field, wrong) => {
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^shop: Loose\\.${field}: .*${wrong}.*: add required: true to @prop`)),
    );
  });

  it('complains about nothing else', () => expect(found).toHaveLength(5));
});

describe('lists', () => {
  @ObjectType()
  class Listed extends Entity {
    @Field(() => [String], { nullable: true })
    @prop({ type: () => String })
    single?: unknown;
    @Field(() => String, { nullable: true })
    @prop({ type: () => [String] })
    many?: unknown;
    @Field(() => [[Int]], { nullable: true })
    @prop({ type: () => [Number] })
    flat?: unknown;
    @Field(() => [String], { nullable: true })
    @prop({ type: () => [String], innerOptions: { required: false } })
    holes?: unknown;
  }
  const found = check([Listed]);

  it.each([
    ['single', 'a list in GraphQL', 'write type: () => [Type] in @prop'],
    ['many', 'stored as a list', 'put brackets into @Field'],
    ['flat', 'a list in GraphQL', 'write type: () => [Type] in @prop'],
    ['holes', 'allows null among them', 'add innerOptions: { required: true } to @prop'],
  ])('complains about %s', (field, wrong, remedy) => {
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^shop: Listed\\.${field}: `)));
    const one = found.find((text) => text.includes(`Listed.${field}:`));
    expect(one).toContain(wrong);
    expect(one).toContain(remedy);
  });

  it('complains about nothing else', () => expect(found).toHaveLength(4));
});

describe('scalars', () => {
  @ObjectType()
  class Typed extends Entity {
    @Field(() => Int, { nullable: true })
    @prop({ type: Date })
    moment?: unknown;
    @Field(() => Float, { nullable: true })
    @prop({ type: Decimal128 })
    amount?: unknown;
    @Field(() => Credits, { nullable: true })
    @prop({ type: Number })
    credits?: unknown;
    @Field(() => Int, { nullable: true })
    @prop({ type: BigInt })
    large?: unknown;
    @Field(() => DateTime, { nullable: true })
    @prop({ type: String })
    text?: unknown;
    @Field(() => [Boolean], { nullable: true })
    @prop({ type: () => [String] })
    flags?: unknown;
    @Field(() => Int, { nullable: true })
    @prop({ ref: () => Maker })
    maker?: unknown;
  }
  const found = check([Typed, Maker]);

  it.each([
    ['moment', 'Int in GraphQL, but stored as Date: declare @Field(() => DateTime)'],
    [
      'amount',
      'Float in GraphQL, but stored as Decimal128: write type: Number in @prop, or a @FieldResolver',
    ],
    [
      'credits',
      'Credits in GraphQL, but stored as Number: declare @Field(() => Int), or type: mongoose.Schema.Types.BigInt',
    ],
    ['large', 'Int in GraphQL, but stored as BigInt: declare @Field(() => Credits)'],
    [
      'text',
      'DateTime in GraphQL, but stored as String: declare @Field(() => String), or type: Date in @prop',
    ],
    ['flags', 'Boolean in GraphQL, but stored as String'],
    ['maker', 'Int in GraphQL, but stored as ObjectId: declare @Field(() => ID)'],
  ])('complains about %s', (field, text) => {
    expect(found).toContainEqual(expect.stringContaining(`shop: Typed.${field}: ${text}`));
  });

  it('complains about nothing else', () => expect(found).toHaveLength(7));
});

describe('enums', () => {
  @ObjectType()
  class Sized extends Entity {
    @Field(() => Size, { nullable: true })
    @prop({ type: String })
    open?: unknown;
    @Field(() => Size, { nullable: true })
    @prop({ type: String, enum: ['SMALL', 'LARGE', 'HUGE'] })
    nameless?: unknown;
    @Field(() => Size, { nullable: true })
    @prop({ type: String, enum: ['SMALL'] })
    refused?: unknown;
    @Field(() => [Size], { nullable: true })
    @prop({ type: () => [String], enum: ['SMALL', 'LARGE', null] })
    holes?: unknown;
  }
  const found = check([Sized]);

  it.each([
    ['open', 'any String can be stored', 'add enum: Size to @prop'],
    ['nameless', 'stored value HUGE has no name in enum Size', 'add it to the enum'],
    ['refused', 'value LARGE of enum Size is refused by storage', 'add it to enum in @prop'],
    ['holes', 'storage allows null among them', 'add innerOptions: { required: true } to @prop'],
  ])('complains about %s', (field, wrong, remedy) => {
    const one = found.find((text) => text.startsWith(`shop: Sized.${field}: `));
    expect(one).toContain(wrong);
    expect(one).toContain(remedy);
  });

  it('complains about nothing else', () => expect(found).toHaveLength(4));
});
