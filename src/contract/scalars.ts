import type { GraphQLScalarType } from 'graphql';
import type { Say } from './problem.js';
import type { StoredPath } from './stored-path.js';

const JSON_SCALARS = ['JSON', 'JSONObject'];

/** Which scalars can show what is stored as which Mongoose type. */
const SHOWN_AS: Readonly<Record<string, readonly string[]>> = {
  String: ['String', 'ID'],
  Number: ['Int', 'Float'],
  Int32: ['Int', 'Float'],
  Double: ['Float'],
  BigInt: ['Credits', 'BigInt', 'SafeInt'],
  Boolean: ['Boolean'],
  Date: ['DateTime', 'DateTimeISO', 'Timestamp'],
  ObjectId: ['ID', 'String'],
  UUID: ['ID', 'String'],
  Buffer: ['Byte'],
  // Its JSON is an object (`{ $numberDecimal }`), which no scalar of the gateway prints.
  Decimal128: [],
  Mixed: JSON_SCALARS,
  Map: JSON_SCALARS,
  Embedded: JSON_SCALARS,
  DocumentArrayElement: JSON_SCALARS,
};

const STORED_AS: Readonly<Record<string, string>> = {
  String: 'String',
  ID: 'String',
  Int: 'Number',
  Float: 'Number',
  Boolean: 'Boolean',
  DateTime: 'Date',
  DateTimeISO: 'Date',
  Timestamp: 'Date',
  Credits: 'mongoose.Schema.Types.BigInt',
  BigInt: 'mongoose.Schema.Types.BigInt',
  SafeInt: 'mongoose.Schema.Types.BigInt',
  Byte: 'Buffer',
  JSON: 'mongoose.Schema.Types.Mixed',
  JSONObject: 'mongoose.Schema.Types.Mixed',
};

/** A scalar must be able to show the stored type. A scalar of the product's own is the product's own business. */
export function checkScalar(scalar: GraphQLScalarType, item: StoredPath, say: Say): void {
  const allowed = SHOWN_AS[item.instance];
  const stored = STORED_AS[scalar.name];
  if (!allowed || !stored || allowed.includes(scalar.name)) return;
  const change =
    allowed.length > 0
      ? `declare @Field(() => ${allowed[0]}), or type: ${stored} in @prop`
      : `write type: ${stored} in @prop, or a @FieldResolver that converts it`;
  say(`${scalar.name} in GraphQL, but stored as ${item.instance}`, change);
}

/** Whether a scalar shows any value at all, lists included. */
export const isAnything = (name: string): boolean => JSON_SCALARS.includes(name);
