import { buildSchema, getName } from '@typegoose/typegoose';
import mongoose, { type Schema } from 'mongoose';
import type { ClassType } from './class-type.js';

const schemas = new WeakMap<ClassType, Schema>();

/**
 * The Mongoose schema of a class, built once.
 *
 * Timestamps are switched on whatever the class says, and `autoIndex`/`autoCreate` off: the serving credential
 * may not create anything. A model gets a `clone()` of it, since Mongoose does not copy: a hook added through one
 * product's model would run in every other one that uses the class.
 */
export function schemaOf(target: ClassType): Schema {
  const known = schemas.get(target);
  if (known) return known;
  const schema = buildSchema(target as Parameters<typeof buildSchema>[0]);
  schema.set('timestamps', true);
  schema.set('autoIndex', false);
  schema.set('autoCreate', false);
  if (!schema.get('collection')) schema.set('collection', defaultCollection(modelNameOf(target)));
  schemas.set(target, schema);
  return schema;
}

/** The name a class is registered and referred to under; honours Typegoose's `customName`. */
export const modelNameOf = (target: ClassType): string => getName(target as Parameters<typeof getName>[0]);

/** Mongoose's own plural, so that the name is the one its users expect. */
const defaultCollection = (name: string): string => mongoose.pluralize()?.(name) ?? `${name.toLowerCase()}s`;

/** The collection a class is stored in: the same for reads, writes, grants and indexes. */
export const collectionOf = (target: ClassType): string => schemaOf(target).get('collection') as string;
