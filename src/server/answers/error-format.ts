import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { translateDriverError } from '../../database/driver-errors.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { catalogue, isErrorCode } from '../../errors/catalogue.js';

/** What a client reads instead of an error that is none of its business. */
export const MASKED = 'Something went wrong on our side. The request id names it in the log.';

/** What TypeGraphQL reports for an input that fails its class-validator rules: the rule and the field, never the value. */
interface ValidationFailure {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ValidationFailure[];
}

/** Messages quote what the client has sent, which may be as long as a body; nobody reads more of them. */
const MOST_CHARACTERS = 500;
/** Rules of an input that are named, of those that failed. */
const MOST_PROBLEMS = 20;

const shortened = (message: string): string =>
  message.length > MOST_CHARACTERS
    ? `${message.slice(0, MOST_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '')}…`
    : message;

/** What graphql-js says after it looks like a suggestion, also where none are to be made. */
const NO_SELECTION = 'must have a selection of subfields.';

const withoutHint = (message: string): string => {
  const at = message.indexOf(NO_SELECTION);
  return at < 0 ? message : message.slice(0, at + NO_SELECTION.length);
};

type Shown = Pick<GraphQLFormattedError, 'message' | 'extensions'>;

const flatten = (failures: readonly ValidationFailure[], above = ''): string[] =>
  failures.flatMap(({ property, constraints = {}, children = [] }) => [
    ...Object.values(constraints).map((text) => `${above}${text}`),
    ...flatten(children, `${above}${property}.`),
  ]);

const isPublic = (code: unknown): boolean => isErrorCode(code) && catalogue[code].public;

/** How Apollo says that a request was no GraphQL request, where it gives no code of its own. */
const isBadRequest = ({ extensions }: GraphQLError): boolean => {
  const { status } = { ...(extensions['http'] as { status?: unknown } | undefined) };
  return typeof status === 'number' && status >= 400 && status < 500;
};

/** Apollo's word for what our check of it has found wrong, too. */
const NO_PERSISTED_QUERY = 'Unsupported persisted query version';
const PERSISTED_QUERY_FORM =
  'Expected a persisted query of version 1 with `sha256Hash`, 64 hexadecimal digits in small letters.';

/** How graphql-js says that a document is too large for it: in words, without a code. */
function tooLargeFor(message: string, code: unknown): string | undefined {
  if (code === 'GRAPHQL_PARSE_FAILED') {
    const [, tokens] = /^Syntax Error: Document contains more tha[nt] (\d+) tokens/.exec(message) ?? [];
    if (tokens) return `The document has more than ${tokens} tokens.`;
    // The parser calls itself for every level, and 2,000 tokens can be that many.
    if (message.startsWith('Maximum call stack')) return 'The document is nested too deeply.';
  }
  return code === 'GRAPHQL_VALIDATION_FAILED' && message === 'Validation aborted.'
    ? 'The document repeats its fields too often to be checked.'
    : undefined;
}

/** One of Apollo's, of graphql-js, of TypeGraphQL, or a `GraphQLError` that a resolver made on purpose. */
function shownGraphQLError(error: GraphQLError, isResolvers: boolean): Shown | undefined {
  const { message, originalError } = error;
  const { code, validationErrors, validationErrorCode } = error.extensions;
  if (Array.isArray(validationErrors)) {
    const problems = flatten(validationErrors as ValidationFailure[])
      .slice(0, MOST_PROBLEMS)
      .map(shortened);
    return {
      message: `Not valid: ${problems.join('; ')}.`,
      extensions: { code: 'BAD_USER_INPUT', problems },
    };
  }
  const tooLarge = tooLargeFor(message, code);
  if (tooLarge) return { message: tooLarge, extensions: { code: 'OPERATION_TOO_LARGE' } };
  // Apollo gives every error of validation one code; a rule and a scalar know better.
  const own = originalError instanceof GraphQLError && originalError.extensions['code'];
  if (own === 'OPERATION_TOO_LARGE' || own === 'BAD_USER_INPUT')
    return { message, extensions: { code: own } };
  if (validationErrorCode === 'INTROSPECTION_DISABLED')
    return { message: 'Introspection is off here.', extensions: { code } };
  if (code === 'GRAPHQL_VALIDATION_FAILED') return { message: withoutHint(message), extensions: { code } };
  if (isPublic(code)) return { message, extensions: { code } };
  return !isResolvers && !isErrorCode(code) && isBadRequest(error)
    ? {
        message: message === NO_PERSISTED_QUERY ? PERSISTED_QUERY_FORM : message,
        extensions: { code: 'BAD_REQUEST' },
      }
    : undefined;
}

/**
 * What may be shown of an error: one of the catalogue as it is, `undefined` for anything else. Never throws, whatever
 * a resolver has thrown.
 */
export function shownOf(error: unknown): Shown | undefined {
  try {
    const original = translateDriverError(unwrapResolverError(error));
    const isResolvers = original !== error || (error as GraphQLError).path !== undefined;
    if (original instanceof BulkheadError)
      return {
        message: shortened(original.message),
        extensions: { ...original.extensions, code: original.code },
      };
    const shown = original instanceof GraphQLError ? shownGraphQLError(original, isResolvers) : undefined;
    return shown && { ...shown, message: shortened(shown.message) };
  } catch {
    return undefined;
  }
}

function placeOf(formatted: GraphQLFormattedError): Pick<GraphQLFormattedError, 'locations' | 'path'> {
  try {
    const { locations, path } = formatted;
    return { ...(locations && { locations }), ...(path && { path }) };
  } catch {
    return {};
  }
}

/**
 * What a client sees of an error: one of the catalogue as it is, anything else masked. Apollo calls it for every
 * error; it never throws.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { message, extensions } = shownOf(error) ?? {
    message: MASKED,
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  };
  return { message, ...placeOf(formatted), ...(extensions && { extensions }) };
}

/** The body of a refusal before anything was parsed: the same shape as every other answer. */
export const refusalBody = ({ message, code, extensions }: Refused) => ({
  errors: [
    {
      message,
      extensions: { ...(extensions?.['product'] !== undefined && { product: extensions['product'] }), code },
    },
  ],
});

interface Refused {
  readonly message: string;
  readonly code: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}
