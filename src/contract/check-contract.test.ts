import 'reflect-metadata';
import { modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { GraphQLScalarType } from 'graphql';
import mongoose from 'mongoose';
import {
  Field,
  FieldResolver,
  Float,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
} from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { aviationSchema } from '../../schema/aviation/index.js';
import { blogSchema } from '../../schema/blog/index.js';
import type { ClassType } from '../database/class-type.js';
import { attachStorage } from '../graph/attach.js';
import { Entity } from '../graph/entity.js';
import { Requires } from '../graph/requires.js';
import { Credits, DateTime } from '../graph/scalars.js';
import { buildIsolatedSchema, graphNameOf } from '../graph/type-graphql.js';
import { checkContract } from './check-contract.js';

const { BigInt, Decimal128, Mixed, UUID } = mongoose.Schema.Types;

/** A resolver that answers each class, so that the schema reaches it. */
function queriesFor(classes: readonly ClassType[]): ClassType {
  class Queries {}
  for (const target of classes) {
    const name = `find${target.name}`;
    const descriptor = { value: () => null, configurable: true };
    Object.defineProperty(Queries.prototype, name, descriptor);
    Query(() => target, { nullable: true })(Queries.prototype, name, descriptor);
  }
  const nothing = { value: () => 1 };
  Object.defineProperty(Queries.prototype, 'nothing', nothing);
  Query(() => Int)(Queries.prototype, 'nothing', nothing);
  Resolver()(Queries);
  return Queries;
}

function check(classes: readonly ClassType[], resolvers: readonly ClassType[] = []): string[] {
  const all = [queriesFor(classes.filter((one) => graphNameOf(one) !== undefined)), ...resolvers];
  const isolated = buildIsolatedSchema({ resolvers: all, classes, authChecker: () => true });
  attachStorage(isolated, classes, all);
  return checkContract({ product: 'shop', isolated, classes, resolvers: all });
}

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
class Maker extends Entity {
  @Field()
  @prop({ type: String, required: true })
  name!: string;
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

  @prop({ type: () => Mixed })
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
