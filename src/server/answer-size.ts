import type { FormattedExecutionResult } from 'graphql';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { refusalBody } from './error-format.js';

/** An answer as it is, or an error in the place of one that is larger than allowed. */
export function answerWithin(mostBytes: number, answer: string, message: string): string {
  // No character is more than three bytes of UTF-8 per unit of a string.
  if (answer.length * 3 <= mostBytes || Buffer.byteLength(answer) <= mostBytes) return answer;
  const error = new BulkheadError('OPERATION_TOO_LARGE', message);
  return `${JSON.stringify({ ...refusalBody(error), data: null })}\n`;
}

/**
 * Writes answers, and puts an error in the place of one that is larger than allowed. The operation was executed by
 * then, which the error says: a mutation has taken effect.
 */
export const stringifyWithin =
  (mostBytes: number) =>
  (answer: FormattedExecutionResult): string =>
    answerWithin(
      mostBytes,
      `${JSON.stringify(answer)}\n`,
      `The operation was executed, but its answer is larger than ${mostBytes} bytes: ask for smaller pages.`,
    );
