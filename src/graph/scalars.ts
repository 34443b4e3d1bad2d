import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
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

const badCredits = (got: string) =>
  new GraphQLError(
    `Credits is a whole number between -${MAX_CREDITS} and ${MAX_CREDITS}, written without quotes or fraction; got ${got}.`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  );

const isCredits = (value: unknown): value is number => Number.isSafeInteger(value);

const toCredits = (value: unknown): number => {
  if (isCredits(value)) return value === 0 ? 0 : value;
  throw badCredits(typeof value === 'number' ? String(value) : typeof value);
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
    if (node.kind !== Kind.INT) throw badCredits(node.kind);
    return toCredits(Number(node.value));
  },
});
