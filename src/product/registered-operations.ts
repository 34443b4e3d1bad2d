/** Where the operations stand that a product's clients may send. */
export const OPERATIONS_COLLECTION = '_bulkhead.operations';

/** An operation that is registered, under the SHA-256 of its text. */
export interface RegisteredOperation {
  readonly _id: string;
  readonly text: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
