import type { Types } from 'mongoose';
import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.js';

/**
 * What every stored class extends: its identity and its two timestamps.
 *
 * `id` is the stored `_id` as text; the graph takes it from there, so that lean documents have it.
 * The registry switches Mongoose's timestamps on for every class, whatever its own options say.
 */
@ObjectType()
export abstract class Entity {
  readonly _id!: Types.ObjectId;

  @Field(() => ID)
  readonly id!: string;

  @Field(() => DateTime)
  readonly createdAt!: Date;

  @Field(() => DateTime)
  readonly updatedAt!: Date;
}
