import { index, modelOptions, prop } from '@typegoose/typegoose';
import mongoose, { type Types } from 'mongoose';
import { Field, ID, ObjectType } from 'type-graphql';
import { Rows } from '../auth/rows.js';
import { Entity } from '../graph/entity.js';
import { Credits } from '../graph/scalars.js';

/** The system account that issued credits come from: the text `issuance` as an id. Only it may go below zero. */
export const ISSUANCE_ID: Types.ObjectId = new mongoose.Types.ObjectId('69737375616e636500000000');

/** Where the accounts of a product are stored. */
export const ACCOUNTS = 'ledger.accounts';

/**
 * Credits that somebody holds. `owner` is whatever the product opened the account for; `user` is the user whose
 * account it is, kept here so that visibility is one indexed comparison.
 *
 * Amounts are int64 in the database: plain numbers in lean documents, `bigint` only where Mongoose hydrates one.
 */
@ObjectType()
@Rows<Account>((viewer) =>
  viewer.seesAll() ? 'all' : viewer.kind === 'session' ? { user: viewer.objectId } : 'none',
)
@modelOptions({ schemaOptions: { collection: ACCOUNTS } })
@index({ owner: 1, _id: 1 })
@index({ user: 1 })
export class Account extends Entity {
  @Field(() => ID, { nullable: true })
  @prop({ type: () => mongoose.Schema.Types.ObjectId, default: null })
  owner!: Types.ObjectId | null;

  /** Null for a system account and for one that belongs to no user. */
  @prop({ type: () => mongoose.Schema.Types.ObjectId, default: null })
  user!: Types.ObjectId | null;

  @Field()
  @prop({ type: String, required: true })
  unit!: string;

  @Field(() => Credits)
  @prop({ type: () => mongoose.Schema.Types.BigInt, required: true })
  balance!: number;

  /** The part of the balance that is set aside; a debit needs `balance - held`. */
  @Field(() => Credits)
  @prop({ type: () => mongoose.Schema.Types.BigInt, required: true })
  held!: number;

  @Field()
  @prop({ type: Boolean, required: true })
  frozen!: boolean;

  /** What the account is to the ledger itself; absent on an owner's account. */
  @prop({ type: String, enum: ['issuance'] })
  system?: 'issuance';
}
