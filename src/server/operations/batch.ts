import { setImmediate as nextRound } from 'node:timers/promises';
import { type ApolloServer, HeaderMap } from '@apollo/server';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import type { Limits } from '../../product/product.js';
import { answerWithin } from '../limits/answer-size.js';
import { refusalBody } from '../answers/error-format.js';
import { isObject } from './operation-gate.js';
import { badRequest, type Refusal } from '../answers/refusals.js';
import type { RequestScope } from '../request-scope.js';

type Parameters = Record<string, unknown>;

/** What the operations of an array share, so that all of them get no more than one that comes alone. */
export class Batch {
  /** When their time began, in milliseconds since the epoch. */
  readonly began = Date.now();
  /** Objects that those before have asked for. */
  cost = 0;
  /** The same of each product, on the composed graph. */
  costs: ReadonlyMap<string, number> = new Map();
}

/** Why an array is no request; undefined when each of its operations is to be answered. @param most how many it may hold */
export function batchProblem(operations: readonly unknown[], most: number): Refusal | undefined {
  if (most === 1)
    return badRequest(400, 'Arrays of operations are not answered here: send one operation per request.');
  if (operations.length > most)
    return new BulkheadError(
      'OPERATION_TOO_LARGE',
      `The request has ${operations.length} operations; at most ${most} are allowed.`,
    );
  if (operations.length === 0) return badRequest(400, 'The array holds no operation.');
  const at = operations.findIndex((one) => !isObject(one));
  return at < 0
    ? undefined
    : badRequest(400, `Expected objects with a \`query\`; number ${at + 1} of the array is none.`);
}

/** How an array is answered. */
export interface BatchOptions {
  readonly apollo: ApolloServer<RequestScope>;
  /** Of the request; each operation has reports of its own. */
  readonly scope: RequestScope;
  /** Of all operations together. */
  readonly limits: Pick<Limits, 'deadlineMs' | 'answerBytes'>;
  /** Asked before each operation, as before a request. @throws BulkheadError what the operation is refused with */
  readonly admit: (operation: Parameters) => Promise<void>;
}

/** The answers to an array, and their type as Apollo has negotiated it. */
export interface BatchAnswer {
  readonly text: string;
  readonly type: string | undefined;
}

/**
 * Answers the operations of an array one after the other, each as if it had come alone. Whoever sends them holds one
 * place at a time, and reads what its mutations have written; what is refused is refused in its place.
 */
export async function answerBatch(
  operations: readonly Parameters[],
  { apollo, scope, limits: { deadlineMs, answerBytes }, admit }: BatchOptions,
): Promise<BatchAnswer> {
  const batch = new Batch();
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(scope.headers))
    if (value !== undefined) headers.set(name, String(value));
  const answers: string[] = [];
  let type: string | undefined;
  // Without the brackets around them.
  let leftBytes = answerBytes - 2;
  const add = (answer: string): void => {
    answers.push(answer);
    // With what comes between it and the next.
    leftBytes -= Buffer.byteLength(answer) + 1;
  };
  let isFull = false;
  const whyOver = (): BulkheadError | undefined => {
    if (isFull) return new BulkheadError('OPERATION_TOO_LARGE', FULL);
    // Timers may be early by a millisecond.
    const isLate = Date.now() + 1 >= batch.began + deadlineMs;
    return isLate ? new BulkheadError('DEADLINE_EXCEEDED', LATE) : undefined;
  };
  for (const operation of operations) {
    // What a document costs to refuse must not keep others waiting as often as an array repeats it.
    await nextRound();
    if (scope.client.aborted) break;
    const refusal = whyOver() ?? (await refusalOf(() => admit(operation)));
    if (refusal) {
      add(JSON.stringify(refusalBody(refusal)));
      continue;
    }
    const { headers: answered, body } = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: 'POST', headers, search: '', body: operation },
      context: async () => ({ ...scope, batch, reports: new Map() }),
    });
    if (body.kind === 'chunked') throw new TypeError('No graph here answers in parts.');
    const answer = answerWithin(leftBytes, body.string, TOO_LARGE);
    isFull = answer !== body.string;
    type ??= answered.get('content-type');
    add(answer);
  }
  return { text: `[${answers.join(',')}]`, type };
}

const TOO_LARGE =
  'The answers are larger than those of one request may be: send fewer operations at once. If this one was executed, it has taken effect.';
const FULL =
  'The operation was not executed, since the answers before it are as large as those of one request may be.';
const LATE = 'The operation was not executed, since those before it have used up the time of the request.';

async function refusalOf(admit: () => Promise<void>): Promise<BulkheadError | undefined> {
  try {
    await admit();
    return undefined;
  } catch (error) {
    if (error instanceof BulkheadError) return error;
    throw error;
  }
}
