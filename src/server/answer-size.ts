import type { FormattedExecutionResult } from 'graphql';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { refusalBody } from './error-format.js';

/**
 * Writes answers, and puts an error in the place of one that is larger than allowed. The operation was executed by
 * then, which the error says: a mutation has taken effect.
 */
export const stringifyWithin =
  (mostBytes: number) =>
  (answer: FormattedExecutionResult): string => {
    const text = `${JSON.stringify(answer)}\n`;
    // No character is more than three bytes of UTF-8 per unit of a string.
    if (text.length * 3 <= mostBytes || Buffer.byteLength(text) <= mostBytes) return text;
    const error = new BulkheadError(
      'OPERATION_TOO_LARGE',
      `The operation was executed, but its answer is larger than ${mostBytes} bytes: ask for smaller pages.`,
    );
    return `${JSON.stringify({ ...refusalBody(error), data: null })}\n`;
  };
