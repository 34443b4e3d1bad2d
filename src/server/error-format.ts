import { unwrapResolverError } from '@apollo/server/errors';
import type { GraphQLFormattedError } from 'graphql';
import { translateDriverError } from '../database/driver-errors.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { catalogue, isErrorCode } from '../errors/catalogue.js';

const MASKED = 'Something went wrong on our side. The request id names it in the log.';

/** What TypeGraphQL reports for an input that fails its class-validator rules: the rule and the field, never the value. */
interface ValidationFailure {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ValidationFailure[];
}

const flatten = (failures: readonly ValidationFailure[], above = ''): string[] =>
  failures.flatMap(({ property, constraints = {}, children = [] }) => [
    ...Object.values(constraints).map((text) => `${above}${text}`),
    ...flatten(children, `${above}${property}.`),
  ]);

const placeOf = ({ locations, path }: GraphQLFormattedError) => ({
  ...(locations && { locations }),
  ...(path && { path }),
});

/** Whether an error is shown as it is: it is one of the catalogue's public ones. */
export const isPublic = (code: unknown): boolean => isErrorCode(code) && catalogue[code].public;

/**
 * What a client sees of an error: one of the catalogue as it is, anything else masked. Apollo calls it for every
 * error; it never throws.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const place = placeOf(formatted);
  try {
    const original = translateDriverError(unwrapResolverError(error));
    if (original instanceof BulkheadError) {
      return {
        message: original.message,
        ...place,
        extensions: { ...original.extensions, code: original.code },
      };
    }
    const { code, validationErrors } = { ...formatted.extensions };
    if (Array.isArray(validationErrors)) {
      const problems = flatten(validationErrors as ValidationFailure[]);
      return {
        message: `Not valid: ${problems.join('; ')}.`,
        ...place,
        extensions: { code: 'BAD_USER_INPUT', problems },
      };
    }
    if (isPublic(code)) return { message: formatted.message, ...place, extensions: { code } };
  } catch {
    // Whatever it was, it is not shown.
  }
  return { message: MASKED, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
}

/** The body of a refusal before anything was parsed: the same shape as every other answer. */
export const refusalBody = (error: { readonly message: string; readonly code: string }) => ({
  errors: [{ message: error.message, extensions: { code: error.code } }],
});
