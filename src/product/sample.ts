/** Documents for one collection, each complete with `_id`, `createdAt` and `updatedAt`; at most about a thousand. */
export interface SampleBatch {
  readonly collection: string;
  readonly documents: Record<string, unknown>[];
}

/**
 * Makes sample data lazily, the same for the same scale.
 *
 * @param options.scale 1 is the size a new user sees; N makes N times as much.
 * @param options.passwordHash the hash every sample user signs in with, in development only.
 */
export type LoadSample = (options: {
  readonly scale: number;
  readonly passwordHash: string;
}) => Iterable<SampleBatch>;
