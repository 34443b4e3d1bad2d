import { GraphQLError } from 'graphql';
import { catalogue, type ErrorCode } from './catalogue.js';

/** What an error may carry beside its message. */
export interface BulkheadErrorOptions {
  /** Facts for the client, merged into `extensions`; never a secret, never another user's value. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The error underneath, for the log only. */
  readonly cause?: unknown;
  /**
   * Seconds after which asking again makes sense: sent as `extensions.retryAfterSeconds`, and as `Retry-After` where
   * nothing else was answered.
   */
  readonly retryAfterS?: number;
}

/**
 * An error from the catalogue: safe to show to a client, with its code in `extensions.code`.
 *
 * @example throw new BulkheadError('INSUFFICIENT_CREDITS', 'The account holds less than 40 credits.')
 */
export class BulkheadError extends GraphQLError {
  readonly code: ErrorCode;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message: string, options: BulkheadErrorOptions = {}) {
    const { retryAfterS } = options;
    // It is an answer, and no fault whose place somebody looks for. A list may have one at each of its thousand places,
    // and graphql-js reads the stack of each, which takes ten times as long as all else about it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, {
      extensions: {
        ...options.details,
        code,
        ...(retryAfterS !== undefined && { retryAfterSeconds: retryAfterS }),
      },
      ...(options.cause instanceof Error && { originalError: options.cause }),
    });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'BulkheadError';
    this.code = code;
    this.retryAfterS = retryAfterS;
  }

  /** The HTTP status of an operation that was not executed because of this error. */
  get status(): number {
    return catalogue[this.code].http;
  }
}

/** A fault found before anything is served: a wrong option, variable or declaration. Ends a command with exit code 2. */
export class StartError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'StartError';
  }
}

/** A fault of how a command was called, which no change of the project would mend. */
export class UsageError extends StartError {}
