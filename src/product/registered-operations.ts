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

/** The texts of a product's registered operations by their hash. @throws the driver's error, after two seconds at the latest. */
export async function readRegisteredOperations(db: mongo.Db, product: string): Promise<Map<string, string>> {
  const stored = await db
    .collection<RegisteredOperation>(OPERATIONS_COLLECTION)
    .find({}, { maxTimeMS: TIME_LIMIT_MS, comment: `bulkhead:${product}:-:Operations.list` })
    .toArray();
  return new Map(stored.map(({ _id, text }) => [_id, text]));
}
