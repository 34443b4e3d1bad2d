import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql';
import type { Schema } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { requirementsOf } from '../graph/requires.js';
import { declaredFields, type DeclaredField, type HandResolvedField } from '../graph/type-graphql.js';
import { checkEnum } from './enums.js';
import { checkGetter, checkRequires, checkVirtual, hasGetter } from './getters.js';
import { checkItems, checkList, checkPresence } from './presence.js';
import type { Place, Problems } from './problem.js';
import { checkReference, referredName } from './references.js';
import { checkScalar, isAnything } from './scalars.js';
import { findPath, itemOf, type StoredPath } from './stored-path.js';

/** What the fields of a product are compared against. */
export interface Surroundings {
  readonly classes: readonly ClassType[];
  readonly classOf: ReadonlyMap<string, ClassType>;
  readonly byHand: readonly HandResolvedField[];
  readonly problems: Problems;
}

/** A class, what GraphQL makes of it and what Mongoose makes of it. */
interface Subject {
  readonly type: GraphQLObjectType;
  readonly target: ClassType;
  readonly schema: Schema;
  /** The fields that lead to an embedded class, from the outermost. */
  readonly trail: readonly string[];
  /** The classes on the way, so that a class embedded in itself ends. */
  readonly within: readonly ClassType[];
}

/** Compares each exposed field of a stored class, and of the classes embedded in it, with what is stored. */
export function checkFields(
  type: GraphQLObjectType,
  target: ClassType,
  schema: Schema,
  around: Surroundings,
): void {
  checkSubject({ type, target, schema, trail: [], within: [] }, around);
}

function checkSubject(subject: Subject, around: Surroundings): void {
  if (subject.within.includes(subject.target)) return;
  const declared = declaredFields(subject.target);
  for (const field of Object.values(subject.type.getFields())) {
    const own = declared.find((one) => one.schemaName === field.name);
    checkField(field, own, subject, around);
  }
}

function checkField(
  field: GraphQLField<unknown, unknown>,
  own: DeclaredField | undefined,
  subject: Subject,
  around: Surroundings,
): void {
  const { target, schema, trail } = subject;
  const name = own?.name ?? field.name;
  const place = around.problems.place(
    `${target.name}.${field.name}${trail.length > 0 ? ` (in ${trail.join('.')})` : ''}`,
  );
  const hand = around.byHand.find(
    (one) =>
      one.schemaName === field.name &&
      (one.type === target || target.prototype instanceof (one.type as never)),
  );
  // TypeGraphQL takes a getter for a field resolved by its own class; a resolver class of the product goes before it.
  const isGetter = hasGetter(target, name) && (!hand || hand.type === hand.resolver);
  const requires = isGetter
    ? requirementsOf(target, name)
    : hand && requirementsOf(hand.resolver, hand.method);
  if (isGetter) checkGetter(name, requires, place.say);
  checkRequires(schema, requires ?? [], place.say);
  if (isGetter || hand || isIdentity(name, schema, place)) return;
  if (checkVirtual(schema, name, place.say)) return;

  const path = findPath(schema, name);
  if (path) checkStored({ field, name, path, shown: own?.type }, place, subject, around);
  else
    place.say('neither stored nor resolved', 'add @prop, or a @FieldResolver in a resolver of the product');
}

function isIdentity(name: string, schema: Schema, { say }: Place): boolean {
  if (name !== 'id' && name !== '_id') return false;
  if (!findPath(schema, '_id'))
    say(
      'shows _id, which the class does not store',
      'take _id: false off @modelOptions, or take the field off',
    );
  return true;
}

interface StoredField {
  readonly field: GraphQLField<unknown, unknown>;
  readonly name: string;
  readonly path: StoredPath;
  /** The class that `@Field` names. */
  readonly shown: unknown;
}

function checkStored(
  { field, name, path, shown }: StoredField,
  place: Place,
  subject: Subject,
  around: Surroundings,
): void {
  const named = getNamedType(field.type);
  if (isScalarType(named) && isAnything(named.name) && !isListType(getNullableType(field.type))) {
    checkPresence(field.type, path, place.say);
    return;
  }
  if (!checkLevels(field.type, path, place)) return;
  const item = itemOf(path);
  const referred = referredName(path);
  const isFollowed = referred !== undefined && isObjectType(named);
  // Following a reference answers null, and an empty list where the items are never null, so neither needs `required`.
  const needsPresence =
    !isFollowed || (isListType(getNullableType(field.type)) && !hasNonNullItems(field.type));
  const stamped = Boolean(subject.schema.get('timestamps')) && (name === 'createdAt' || name === 'updatedAt');
  if (needsPresence && !stamped) checkPresence(field.type, path, place.say);

  if (isFollowed) {
    const single = isListType(getNullableType(field.type)) ? named : field.type;
    checkReference(single, { name: named.name, target: shown }, referred, { ...around, say: place.say });
  } else if (isObjectType(named)) checkEmbedded(named, item, field.name, place, subject, around);
  else if (isEnumType(named)) checkEnum(named, item, place.say);
  else if (isScalarType(named)) checkScalar(named, item, place.say);
}

/** Lists of lists are compared level by level. */
function checkLevels(type: GraphQLOutputType, path: StoredPath, place: Place): boolean {
  if (!checkList(type, path, place.say)) return false;
  checkItems(type, path, place.say);
  const listed = getNullableType(type);
  return !isListType(listed) || !path.embeddedSchemaType
    ? true
    : checkLevels(listed.ofType, path.embeddedSchemaType, place);
}

const hasNonNullItems = (type: GraphQLOutputType): boolean => {
  const listed = getNullableType(type);
  return isListType(listed) && isNonNullType(listed.ofType);
};

function checkEmbedded(
  type: GraphQLObjectType,
  item: StoredPath,
  fieldName: string,
  { say }: Place,
  subject: Subject,
  around: Surroundings,
): void {
  const target = around.classOf.get(type.name);
  if (item.schema && target) {
    const trail =
      subject.trail.length > 0 ? [...subject.trail, fieldName] : [`${subject.target.name}.${fieldName}`];
    const within = [...subject.within, subject.target];
    checkSubject({ type, target, schema: item.schema, trail, within }, around);
  } else if (target && around.classes.includes(target))
    say(`${type.name} in GraphQL, but stored as ${item.instance}`, `add ref: () => ${type.name} to @prop`);
  else
    say(`${type.name} in GraphQL, but stored as ${item.instance}`, `write type: () => ${type.name} in @prop`);
}
