import type { mongo } from 'mongoose';

/** Where the operations stand that a product's clients may send. */
export const OPERATIONS_COLLECTION = '_bulkhead.operations';

const TIME_LIMIT_MS = 2_000;

/** An operation that is registered, under the SHA-256 of its text. */
export interface RegisteredOperation {
  readonly _id: string;
  readonly text: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * The texts of a product's registered operations by their hash. A server that answers takes two seconds at the most; one
 * that says nothing is waited for as long as the signal says.
 *
 * @throws the driver's error, or the signal's reason.
 */
export async function readRegisteredOperations(
  db: mongo.Db,
  product: string,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const stored = await db
    .collection<RegisteredOperation>(OPERATIONS_COLLECTION)
    .find(
      {},
      {
        maxTimeMS: TIME_LIMIT_MS,
        comment: `bulkhead:${product}:-:Operations.list`,
        ...(signal && { signal }),
      },
    )
    .toArray();
  return new Map(stored.map(({ _id, text }) => [_id, text]));
}
