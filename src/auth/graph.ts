import { Length } from 'class-validator';
import type { GraphQLResolveInfo } from 'graphql';
import {
  Arg,
  Ctx,
  Field,
  ID,
  Info,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Capability } from '../graph/capability.js';
import type { ProductContext, SignIns } from '../graph/context.js';
import { IsLine, IsWellFormed } from '../graph/line.js';
import { DateTime } from '../graph/scalars.js';
import type { Types } from 'mongoose';
import { addressForms, IsAddress, storedAddress } from './address.js';
import { hashPassword, verifyPassword } from './passwords.js';
import { daysOfMonth, monthRange, toTimeZone } from './months.js';

/** Who is asking. */
@ObjectType('Viewer')
export class ViewerType {
  @Field(() => ID, { nullable: true, description: "The user's id, or the subject of the token." })
  id!: string | null;

  @Field(() => [String])
  scopes!: readonly string[];
}

/** Answers who is asking; part of every product's graph. */
@Resolver()
export class ViewerResolver {
  @Query(() => ViewerType, { nullable: true, description: 'Who is asking; null for an anonymous caller.' })
  viewer(@Ctx() { viewer }: ProductContext): ViewerType | null {
    return viewer.isAnonymous ? null : { id: viewer.id, scopes: viewer.scopes };
  }
}

@InputType()
export class SignUpInput {
  @Field()
  @IsLine(80)
  name!: string;

  @Field()
  @IsAddress()
  @Length(3, 254)
  email!: string;

  @Field({ description: 'At least ten characters.' })
  @Length(10, 256)
  @IsWellFormed()
  password!: string;
}

@InputType()
export class SignInInput {
  @Field()
  @Length(3, 254)
  @IsWellFormed()
  email!: string;

  @Field()
  @Length(1, 256)
  password!: string;
}

@ObjectType()
export class SignInPayload {
  @Field({
    description: 'Send it as `Authorization: Bearer …`. Good on this product only, and shown this once.',
  })
  token!: string;

  @Field(() => DateTime)
  expiresAt!: Date;

  @Field(() => ViewerType, { description: 'Who the token belongs to.' })
  viewer!: ViewerType;
}

/** A day of a month and how many there were. */
@ObjectType()
export class DayCount {
  @Field({ description: 'Such as `2026-11-23`.' })
  day!: string;

  @Field(() => Int)
  count!: number;
}

const signInsOf = (context: ProductContext): SignIns => {
  if (!context.signIns) throw new TypeError(`${context.product} declares no sessions.`);
  return context.signIns;
};

/** The account of an address; one read for each form it may have, whether there is one or not. */
async function findAccount({ models }: ProductContext, { user }: SignIns, email: string) {
  const found = await Promise.all(
    addressForms(email).map((form) => models.of(user).findUnrestricted({ email: form }, ['passwordHash'])),
  );
  return found.find((one) => one !== null);
}

/** How long an answer about a whole month is kept. */
const KEEP_MS = 60_000;

/** Sign-up, sign-in and sign-out of a product's own users. */
@Resolver()
export class SignInResolver {
  @Mutation(() => SignInPayload, { nullable: true })
  async signUp(@Arg('input') input: SignUpInput, @Ctx() context: ProductContext): Promise<SignInPayload> {
    const signIns = signInsOf(context);
    const email = storedAddress(input.email);
    await signIns.admit(email);
    const passwordHash = await signIns.aside(() => hashPassword(input.password, signIns));
    // The unique index knows one form of it.
    if (addressForms(input.email).length > 1 && (await findAccount(context, signIns, input.email)))
      throw new BulkheadError('ALREADY_EXISTS', 'Taken: email.', { details: { fields: ['email'] } });
    const stored = await context.models.of(signIns.user).insert({ name: input.name, email, passwordHash });
    return open(context, stored._id);
  }

  @Mutation(() => SignInPayload, { nullable: true })
  async signIn(@Arg('input') input: SignInInput, @Ctx() context: ProductContext): Promise<SignInPayload> {
    const signIns = signInsOf(context);
    await signIns.admit(storedAddress(input.email));
    const found = await findAccount(context, signIns, input.email);
    const fits = await signIns.aside(() => verifyPassword(found?.passwordHash, input.password, signIns));
    if (!found || !fits)
      throw new BulkheadError('UNAUTHENTICATED', 'The address or the password is not right.');
    return open(context, found._id);
  }

  @Mutation(() => Boolean, {
    nullable: true,
    description: 'Ends the session of the token that was sent; false when there was none.',
  })
  signOut(@Ctx() context: ProductContext): Promise<boolean> {
    return signInsOf(context).close();
  }

  @Query(() => [DayCount], {
    description: 'How many users signed up on each day of a month; days without any are zero.',
    complexity: 31,
  })
  async signUpsPerDay(
    @Arg('month', { description: 'Such as `2026-11`.' }) month: string,
    @Arg('timeZone', () => String, { nullable: true, description: 'An IANA name. Default `UTC`.' })
    timeZone: string | null,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<DayCount[]> {
    const { from, until } = monthRange(month);
    const timezone = toTimeZone(timeZone ?? 'UTC');
    const pipeline = [
      { $match: { createdAt: { $gte: from, $lt: until } } },
      {
        $group: {
          _id: { $dateToString: { date: '$createdAt', format: '%Y-%m-%d', timezone } },
          count: { $sum: 1 },
        },
      },
    ];
    const options = { rows: 'every', keepMs: KEEP_MS } as const;
    const { user } = signInsOf(context);
    const counted = await context.lists.aggregate<{ _id: string; count: number }>(
      user,
      pipeline,
      info,
      options,
    );
    const counts = new Map(counted.map((one) => [one._id, one.count]));
    return daysOfMonth(month).map((day) => ({ day, count: counts.get(day) ?? 0 }));
  }
}

async function open(context: ProductContext, id: Types.ObjectId): Promise<SignInPayload> {
  const { token, expiresAt } = await signInsOf(context).open(id);
  const scopes = [`${context.product}:read`, `${context.product}:write`];
  return { token, expiresAt, viewer: { id: id.toHexString(), scopes } };
}

/** Who is asking, for every product; sign-ins for those that declare `sessions`. */
export const authCapability = (hasSessions: boolean): Capability => ({
  classes: [],
  resolvers: hasSessions ? [ViewerResolver, SignInResolver] : [ViewerResolver],
  open: () => () => ({}),
});
