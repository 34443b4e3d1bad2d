import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';

/** A schema as text, sorted by name, so that the order of declarations changes nothing. */
export const printSdl = (schema: GraphQLSchema): string =>
  `${printSchema(lexicographicSortSchema(schema))}\n`;
