import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import mongoose, { type Types } from 'mongoose';
import { Field, ObjectType } from 'type-graphql';
import { Rows } from '../auth/rows.js';
import { Entity } from '../graph/entity.js';
import { Credits } from '../graph/scalars.js';
import { Account } from './account.js';

/** Where the transfers of a product are stored. */
export const TRANSFERS = 'ledger.transfers';

/** The name of the unique index that every transfer depends on; the ledger asks for it by this name. */
export const IDEMPOTENCY_INDEX = 'idempotency';

/** The keys of {@link IDEMPOTENCY_INDEX}: one transfer for each principal and key, for ever. */
export const IDEMPOTENCY_KEYS = { actor: 1, idempotencyKey: 1 } as const;

/** One movement of credits, written once and never changed: both sides, the amount, who did it and under which key. */
@ObjectType()
@Rows<Transfer>((viewer) =>
  viewer.seesAll() ? 'all' : viewer.kind === 'session' ? { users: viewer.objectId } : 'none',
)
@modelOptions({ schemaOptions: { collection: TRANSFERS } })
@index({ ...IDEMPOTENCY_KEYS }, { name: IDEMPOTENCY_INDEX, unique: true })
@index({ from: 1, createdAt: -1, _id: -1 })
@index({ to: 1, createdAt: -1, _id: -1 })
export class Transfer extends Entity {
  @Field(() => Account, { nullable: true })
  @prop({ ref: () => Account, required: true })
  from!: Ref<Account>;

  @Field(() => Account, { nullable: true })
  @prop({ ref: () => Account, required: true })
  to!: Ref<Account>;

  @Field(() => Credits)
  @prop({ type: () => mongoose.Schema.Types.BigInt, required: true })
  amount!: number;

  @Field()
  @prop({ type: String, required: true })
  reason!: string;

  /** The principal that asked for it, from the token: `operator:<subject>`, `service:<subject>`, `session:<user id>`. */
  @Field()
  @prop({ type: String, required: true })
  actor!: string;

  @Field()
  @prop({ type: String, required: true })
  idempotencyKey!: string;

  /** The users of both accounts: who may see the transfer. */
  @prop({ type: () => [mongoose.Schema.Types.ObjectId], required: true })
  users!: Types.ObjectId[];
}
