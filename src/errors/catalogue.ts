/**
 * Every error a client can meet. The code is a promise: never renamed, never reused.
 *
 * `http` is the status of an operation that was *not executed* because of it; an executed operation is 200
 * and carries the error in `errors`. A `public` error shows its message; any other is masked at the edge.
 */
export interface CatalogueEntry {
  readonly http: number;
  readonly public: boolean;
  readonly means: string;
}

const entry = (http: number, means: string): CatalogueEntry => ({ http, public: true, means });

/** The catalogue, bound both ways to `docs/errors.md` by a test. */
export const catalogue = {
  GRAPHQL_PARSE_FAILED: entry(400, 'The document is not GraphQL.'),
  GRAPHQL_VALIDATION_FAILED: entry(400, 'The document does not fit the schema.'),
  OPERATION_RESOLUTION_FAILURE: entry(400, 'No operation, or several and none named.'),
  BAD_REQUEST: entry(400, 'The HTTP request is not a GraphQL request.'),
  PERSISTED_QUERY_NOT_FOUND: entry(200, 'The hash is not known: send it once with its text.'),
  PERSISTED_QUERY_NOT_SUPPORTED: entry(200, 'Automatic persisted queries are off.'),
  BAD_USER_INPUT: entry(400, 'An argument or variable has a value that is not allowed.'),
  OPERATION_TOO_LARGE: entry(
    400,
    'The document is larger or nested deeper than the gateway allows, brings more input than it reads, or an array holds too many.',
  ),
  PAYLOAD_TOO_LARGE: entry(413, 'The request body is larger than the gateway allows.'),
  UNAUTHENTICATED: entry(401, 'No token where one is needed, or a token that is not valid here.'),
  FORBIDDEN: entry(403, 'The caller is known and may not do this.'),
  NOT_FOUND: entry(404, 'There is nothing here that the caller may see.'),
  ALREADY_EXISTS: entry(409, 'A unique value is taken.'),
  RATE_LIMITED: entry(429, 'Too many requests.'),
  PRODUCT_UNAVAILABLE: entry(
    503,
    'The product cannot answer now: its database is down, slow or parked, or it is full.',
  ),
  DEADLINE_EXCEEDED: entry(
    503,
    'The database answered, but not before the deadline of the request, or the operations before it in an array left no time.',
  ),
  CURSOR_INVALID: entry(400, 'The cursor is malformed, or belongs to another list or sort.'),
  REFERENCE_MISSING: entry(200, 'A reference points to a document that is gone or not visible.'),
  AMOUNT_INVALID: entry(400, 'The amount is zero, negative, or would pass the largest balance.'),
  INSUFFICIENT_CREDITS: entry(409, 'The account does not cover the amount.'),
  ACCOUNT_NOT_FOUND: entry(404, 'There is no such account.'),
  ACCOUNT_FROZEN: entry(409, 'The account is frozen.'),
  SAME_ACCOUNT: entry(400, 'Both sides of the transfer are one account.'),
  IDEMPOTENCY_MISMATCH: entry(422, 'The idempotency key was used with another input.'),
  IDEMPOTENCY_IN_FLIGHT: entry(
    409,
    'A transfer with this key is still under way: ask again with the same key.',
  ),
  LEDGER_NOT_READY: entry(503, 'The ledger lacks the unique index that makes transfers safe.'),
  INTERNAL_SERVER_ERROR: {
    http: 500,
    public: false,
    means: 'A fault of ours; the log has it under the request id.',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue;

/** Whether a value is a code of the catalogue. */
export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(catalogue, code);
