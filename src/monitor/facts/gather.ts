import type { mongo } from 'mongoose';
import type { ClassType } from '../../database/class-type.js';
import { collectionOf, schemaOf } from '../../database/schema.js';
import { STATS_COLLECTION } from '../../product/grants.js';
import { ownComment } from '../comment.js';
import type { ExpiringField, HintedShape, SizeFacts, UnbatchedFacts } from './facts.js';
import { NEEDS_INDEX } from './hints.js';
import { isShape } from '../shape/shape.js';
import { forgottenAt } from '../stats/stats.js';

const READ_MS = 5_000;
const DAY_MS = 86_400_000;

const options = (product: string) => ({ comment: ownComment(product), maxTimeMS: READ_MS });

/** Fields that did not batch in the last day. */
export async function readUnbatched(
  db: mongo.Db,
  product: string,
  now: Date,
): Promise<readonly UnbatchedFacts[]> {
  const since = new Date(now.getTime() - DAY_MS);
  return db
    .collection(STATS_COLLECTION)
    .find(
      { kind: 'unbatched', hour: { $gte: new Date(since.getTime() - DAY_MS) }, last: { $gte: since } },
      options(product),
    )
    .project<UnbatchedFacts>({ _id: 0, operation: 1, field: 1, times: 1, most: 1 })
    .toArray();
}

/** Notes today's size of the database and its disk, and answers those of the days that are kept. */
export async function readSizes(db: mongo.Db, product: string, now: Date): Promise<readonly SizeFacts[]> {
  const stats = db.collection<{ _id: string }>(STATS_COLLECTION);
  const { totalSize, fsUsedSize, fsTotalSize } = await db.command({ dbStats: 1, ...options(product) });
  const day = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  const size = {
    bytes: Number(totalSize ?? 0),
    // A router does not say: then nothing is said about the disk.
    diskUsedBytes: Number(fsUsedSize ?? 0),
    diskBytes: Number(fsTotalSize ?? 0),
  };
  await stats.updateOne(
    { _id: `size:${day.toISOString().slice(0, 10)}` },
    {
      $setOnInsert: { kind: 'size', day, createdAt: now },
      $set: { ...size, updatedAt: now, expiresAt: forgottenAt(now) },
    },
    { upsert: true, ...options(product) },
  );
  return stats
    .find({ kind: 'size' }, options(product))
    .project<SizeFacts>({ _id: 0, day: 1, bytes: 1, diskUsedBytes: 1, diskBytes: 1 })
    .sort({ day: 1 })
    .toArray();
}

/** Shapes that fail without an index, of all that are kept: they name it, or need one of its kind. */
export async function readHinted(db: mongo.Db, product: string): Promise<readonly HintedShape[]> {
  const found = await db
    .collection(STATS_COLLECTION)
    .find({ kind: 'shape', text: NEEDS_INDEX }, options(product))
    .project<HintedShape>({ _id: 0, collection: 1, text: 1 })
    .toArray();
  return found.filter(({ text }) => isShape(text));
}

const EXPIRES = 'expiresAt';

/** Classes with a date that says when a document expires. */
export const expiringFields = (classes: readonly ClassType[]): readonly ExpiringField[] =>
  classes.flatMap((target) =>
    schemaOf(target).path(EXPIRES)?.instance === 'Date'
      ? [{ collection: collectionOf(target), className: target.name, path: EXPIRES }]
      : [],
  );
