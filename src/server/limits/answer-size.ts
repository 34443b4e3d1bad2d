import type { FormattedExecutionResult } from 'graphql';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { refusalBody } from '../answers/error-format.js';
import { turns } from '../../compartment/turns.js';

/** An answer as it is, or an error in the place of one that is larger than allowed. */
export function answerWithin(mostBytes: number, answer: string, message: string): string {
  // No character is more than three bytes of UTF-8 per unit of a string.
  if (answer.length * 3 <= mostBytes || Buffer.byteLength(answer) <= mostBytes) return answer;
  return tooLarge(message);
}

const tooLarge = (message: string): string =>
  `${JSON.stringify({ ...refusalBody(new BulkheadError('OPERATION_TOO_LARGE', message)), data: null })}\n`;

/** An answer that is longer is written in pieces of about so many bytes, */
const PIECE = 64 * 1024;
/** and so many of them in a turn: some three milliseconds. */
const PIECES_PER_TURN = 4;

/**
 * How long an answer is, at the least, in bytes; counted up to a most. It counts what is quick to count and does not write:
 * one text that stands at a thousand places is kept once, and written a thousand times.
 */
function leastLength(answer: unknown, most: number): number {
  let length = 0;
  const count = (value: unknown): void => {
    if (typeof value === 'string') length += value.length + 2;
    else if (!isPlain(value)) length += 1;
    else if (Array.isArray(value)) {
      for (const one of value) {
        count(one);
        if (length > most) return;
      }
    } else {
      for (const key in value) {
        length += key.length + 4;
        count((value as Record<string, unknown>)[key]);
        if (length > most) return;
      }
    }
  };
  count(answer);
  return length;
}

/** Whether a value is written as what is in it, one after the other. */
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !('toJSON' in value);

/** What `JSON.stringify` makes of a value, in pieces. */
function* textsOf(value: unknown): Generator<string> {
  if (!isPlain(value) || leastLength(value, PIECE) <= PIECE) {
    yield JSON.stringify(value);
    return;
  }
  const isList = Array.isArray(value);
  let before = isList ? '[' : '{';
  for (const [key, one] of Object.entries(value)) {
    // What JSON does not have is no field of an object, and null in a list.
    const isNone = one === undefined || typeof one === 'function' || typeof one === 'symbol';
    if (isNone && !isList) continue;
    yield isList ? before : `${before}${JSON.stringify(key)}:`;
    yield* textsOf(isNone ? null : one);
    before = ',';
  }
  yield before === ',' ? (isList ? ']' : '}') : isList ? '[]' : '{}';
}

/**
 * Writes answers, and puts an error in the place of one that is larger than allowed. The operation was executed by
 * then, which the error says: a mutation has taken effect. What is long is written in turns: eight megabytes of small values
 * hold the event loop for a tenth of a second.
 *
 * @param product whose turns these are.
 */
export const stringifyWithin =
  (mostBytes: number, product: string) =>
  (answer: FormattedExecutionResult): string | Promise<string> => {
    const message = `The operation was executed, but its answer is larger than ${mostBytes} bytes: ask for smaller pages.`;
    const length = leastLength(answer, Math.min(PIECE, mostBytes));
    if (length > mostBytes) return tooLarge(message);
    return length > PIECE
      ? inTurns(answer, mostBytes, product, message)
      : answerWithin(mostBytes, `${JSON.stringify(answer)}\n`, message);
  };

async function inTurns(
  answer: FormattedExecutionResult,
  mostBytes: number,
  product: string,
  message: string,
): Promise<string> {
  let text = '';
  let end = 0;
  for (const piece of textsOf(answer)) {
    if (text.length > mostBytes) return tooLarge(message);
    if (text.length >= end) {
      end = text.length + PIECES_PER_TURN * PIECE;
      await turns.take(product);
    }
    text += piece;
  }
  return answerWithin(mostBytes, `${text}\n`, message);
}
