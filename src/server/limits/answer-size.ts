import type { FormattedExecutionResult } from 'graphql';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { refusalBody } from '../answers/error-format.js';

/** An answer as it is, or an error in the place of one that is larger than allowed. */
export function answerWithin(mostBytes: number, answer: string, message: string): string {
  // No character is more than three bytes of UTF-8 per unit of a string.
  if (answer.length * 3 <= mostBytes || Buffer.byteLength(answer) <= mostBytes) return answer;
  return tooLarge(message);
}

const tooLarge = (message: string): string =>
  `${JSON.stringify({ ...refusalBody(new BulkheadError('OPERATION_TOO_LARGE', message)), data: null })}\n`;

/**
 * Whether an answer is certain to be longer than so many bytes. It counts what is quick to count and does not write: one
 * text that stands at a thousand places is kept once, and written a thousand times.
 */
function isLonger(answer: unknown, mostBytes: number): boolean {
  let left = mostBytes;
  const count = (value: unknown): void => {
    if (typeof value === 'string') left -= value.length + 2;
    else if (typeof value !== 'object' || value === null || 'toJSON' in value) left -= 1;
    else if (Array.isArray(value)) {
      for (const one of value) {
        count(one);
        if (left < 0) return;
      }
    } else {
      for (const key in value) {
        left -= key.length + 4;
        count((value as Record<string, unknown>)[key]);
        if (left < 0) return;
      }
    }
  };
  count(answer);
  return left < 0;
}

/**
 * Writes answers, and puts an error in the place of one that is larger than allowed. The operation was executed by
 * then, which the error says: a mutation has taken effect.
 */
export const stringifyWithin =
  (mostBytes: number) =>
  (answer: FormattedExecutionResult): string => {
    const message = `The operation was executed, but its answer is larger than ${mostBytes} bytes: ask for smaller pages.`;
    return isLonger(answer, mostBytes)
      ? tooLarge(message)
      : answerWithin(mostBytes, `${JSON.stringify(answer)}\n`, message);
  };
