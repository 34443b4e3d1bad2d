import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { GraphQLDateTimeISO } from 'graphql-scalars';

/** A moment as ISO 8601 text in UTC; stored as a BSON date. */
export const DateTime = new GraphQLScalarType<Date, string>({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'A moment in time: ISO 8601 in UTC, such as `2026-11-23T08:00:00.000Z`.',
  serialize: (value) => {
    const date = value instanceof Date ? value : new Date(value as string | number);
    return date.toISOString();
  },
});

/** The largest amount that is exact as a JSON number, 2^53 − 1. */
export const MAX_CREDITS = Number.MAX_SAFE_INTEGER;

const badCredits = (got: string, node?: ValueNode) =>
  new GraphQLError(
    `Credits is a whole number between -${MAX_CREDITS} and ${MAX_CREDITS}, written without quotes or fraction; got ${got}.`,
    { extensions: { code: 'BAD_USER_INPUT' }, ...(node && { nodes: node }) },
  );

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'a boolean',
  object: 'an object',
};
const LITERALS: Readonly<Record<string, string>> = {
  [Kind.STRING]: 'a string',
  [Kind.BOOLEAN]: 'a boolean',
  [Kind.ENUM]: 'a name',
  [Kind.LIST]: 'a list',
  [Kind.OBJECT]: 'an object',
};

const isCredits = (value: unknown): value is number => Number.isSafeInteger(value);

const toCredits = (value: unknown, node?: ValueNode): number => {
  if (isCredits(value)) return value === 0 ? 0 : value;
  throw badCredits(typeof value === 'number' ? String(value) : (WORDS[typeof value] ?? typeof value), node);
};

/** Whole credits within ±(2^53−1); stored as int64. */
export const Credits = new GraphQLScalarType<number, number>({
  name: 'Credits',
  description: 'Whole credits, within ±(2^53 − 1).',
  serialize: (value) => {
    const amount = typeof value === 'bigint' || typeof value === 'object' ? Number(value) : value;
    // A fault of ours, not of the client's input.
    if (!isCredits(amount)) throw new TypeError('A stored amount is no whole number of credits.');
    return amount;
  },
  parseValue: toCredits,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT) return toCredits(Number(node.value), node);
    throw badCredits(node.kind === Kind.FLOAT ? node.value : (LITERALS[node.kind] ?? 'something else'), node);
  },
});
