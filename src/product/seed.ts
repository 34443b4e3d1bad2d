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
const DUPLICATE_KEY = 11_000;

/**
 * Streams batches into a database, a few at a time. Documents come complete, with their timestamps; running it again
 * with the same scale leaves what is there (the identities are the same) and answers how many were new.
 */
export const seed = (
  db: mongo.Db,
  batches: Iterable<SampleBatch>,
  onProgress: (progress: SeedProgress) => void = () => {},
): Promise<number> => stream(batches, (batch) => insertNew(db, batch), onProgress);

/** Streams the same batches, and removes the documents with their identities; answers how many there were. */
export const unseed = (
  db: mongo.Db,
  batches: Iterable<SampleBatch>,
  onProgress: (progress: SeedProgress) => void = () => {},
): Promise<number> =>
  stream(
    batches,
    async ({ collection, documents }) => {
      const ids = documents.map((one) => one['_id'] as mongo.ObjectId);
      return (await db.collection(collection).deleteMany({ _id: { $in: ids } })).deletedCount;
    },
    onProgress,
  );

/** Works on a few batches at once and adds up what each answers; rejects with the first failure. */
async function stream(
  batches: Iterable<SampleBatch>,
  work: (batch: SampleBatch) => Promise<number>,
  onProgress: (progress: SeedProgress) => void,
): Promise<number> {
  let documents = 0;
  const underWay = new Set<Promise<void>>();
  const run = async (batch: SampleBatch) => {
    // Read after the wait: other batches add to it meanwhile.
    const count = await work(batch);
    documents += count;
    onProgress({ collection: batch.collection, documents });
  };
  for (const batch of batches) {
    const running: Promise<void> = run(batch).finally(() => underWay.delete(running));
    underWay.add(running);
    if (underWay.size >= AT_ONCE) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return documents;
}

async function insertNew(db: mongo.Db, { collection, documents }: SampleBatch): Promise<number> {
  try {
    const { insertedCount } = await db.collection(collection).insertMany(documents, UNORDERED);
    return insertedCount;
  } catch (error) {
    const { code, result, writeErrors } = error as {
      code?: unknown;
      result?: { insertedCount: number };
      writeErrors?: { code?: unknown }[] | { code?: unknown };
    };
    // The first of many is not enough: another refusal may stand behind a duplicate.
    const refusals = [writeErrors ?? []].flat();
    if (code !== DUPLICATE_KEY || refusals.some((one) => one.code !== DUPLICATE_KEY)) throw error;
    return result?.insertedCount ?? 0;
  }
}
