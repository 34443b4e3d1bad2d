import type { mongo } from 'mongoose';
import type { SampleBatch } from './sample.js';

/** How far a load has come. */
export interface SeedProgress {
  readonly collection: string;
  readonly documents: number;
}

const UNORDERED = { ordered: false } as const;
/** Batches under way at once: enough to keep the server busy, few enough for constant memory. */
const AT_ONCE = 4;

/**
 * Streams batches into a database, a few at a time. Documents come complete, with their timestamps; running it again
 * with the same scale leaves what is there (the identities are the same) and answers how many were new.
 */
export async function seed(
  db: mongo.Db,
  batches: Iterable<SampleBatch>,
  onProgress: (progress: SeedProgress) => void = () => {},
): Promise<number> {
  let documents = 0;
  const underWay = new Set<Promise<void>>();
  const load = async ({ collection, documents: batch }: SampleBatch) => {
    // Read after the wait: other batches add to it meanwhile.
    const made = await insertNew(db, collection, batch);
    documents += made;
    onProgress({ collection, documents });
  };
  for (const batch of batches) {
    const work: Promise<void> = load(batch).finally(() => underWay.delete(work));
    underWay.add(work);
    if (underWay.size >= AT_ONCE) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return documents;
}

async function insertNew(
  db: mongo.Db,
  collection: string,
  batch: Record<string, unknown>[],
): Promise<number> {
  try {
    const { insertedCount } = await db.collection(collection).insertMany(batch, UNORDERED);
    return insertedCount;
  } catch (error) {
    const { code, result } = error as { code?: unknown; result?: { insertedCount: number } };
    const DUPLICATE_KEY = 11_000;
    if (code !== DUPLICATE_KEY) throw error;
    return result?.insertedCount ?? 0;
  }
}
