import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../product/grants.js';
import { ownComment } from './comment.js';
import type { Finding, StoredFinding } from './finding.js';
import { forgottenAt } from './stats/stats.js';

const WRITE_MS = 5_000;
/** How long a shape may be silent before what was wrong with it counts as mended: a nightly job is not mended by day. */
const SILENT_MS = 24 * 3_600_000;

/** What has changed between two rounds. */
export interface FindingChanges {
  /** All that hold now. */
  readonly open: readonly StoredFinding[];
  readonly found: readonly Finding[];
  readonly resolved: readonly StoredFinding[];
}

type Row = StoredFinding & { readonly _id: string; readonly kind: string };

/** One of another version, or of nobody's, is found anew where it holds. */
const isFinding = ({ first, last, subject }: Partial<Row>): boolean =>
  first instanceof Date && last instanceof Date && typeof subject === 'object';

/**
 * Brings the stored findings of a product to what holds now.
 *
 * @param seen the shapes that were seen lately.
 * @param isUnseen whether what a finding is about could not be looked at: then it stays.
 */
export async function storeFindings(
  db: mongo.Db,
  product: string,
  current: readonly Finding[],
  seen: ReadonlySet<string>,
  now: Date,
  isUnseen: (finding: Finding) => boolean = () => false,
): Promise<FindingChanges> {
  const options = { comment: ownComment(product), maxTimeMS: WRITE_MS };
  const stats = db.collection<Row>(STATS_COLLECTION);
  const stored = new Map(
    (await stats.find({ kind: 'finding' }, options).toArray()).filter(isFinding).map((row) => [row.id, row]),
  );
  const holds = new Set(current.map(({ id }) => id));
  const found = current.filter(({ id }) => !stored.has(id) || stored.get(id)!.resolvedAt !== undefined);
  const open = [...stored.values()].filter(({ resolvedAt }) => resolvedAt === undefined);
  const [resolved, silent] = [[], []] as [StoredFinding[], StoredFinding[]];
  for (const row of open) {
    if (holds.has(row.id)) continue;
    const { shape } = row.subject;
    const isSilent =
      isUnseen(row) ||
      (shape !== undefined && !seen.has(shape) && now.getTime() - row.last.getTime() < SILENT_MS);
    (isSilent ? silent : resolved).push(row);
  }
  const isNew = new Set(found.map(({ id }) => id));
  const writes: mongo.AnyBulkWriteOperation<Row>[] = [
    ...current.map(({ id, ...finding }): mongo.AnyBulkWriteOperation<Row> => ({
      updateOne: {
        filter: { _id: `finding:${id}` },
        update: {
          $set: {
            kind: 'finding',
            id,
            ...finding,
            last: now,
            updatedAt: now,
            expiresAt: forgottenAt(now),
            ...(isNew.has(id) && { first: now }),
          },
          $setOnInsert: { createdAt: now },
          ...(isNew.has(id) && { $unset: { resolvedAt: true } }),
        },
        upsert: true,
      } as never,
    })),
    ...resolved.map(({ id }): mongo.AnyBulkWriteOperation<Row> => ({
      updateOne: {
        filter: { _id: `finding:${id}` },
        update: { $set: { resolvedAt: now, updatedAt: now, expiresAt: forgottenAt(now) } },
      },
    })),
  ];
  if (writes.length > 0) await stats.bulkWrite(writes, { ordered: false, ...options });
  return {
    found,
    resolved: resolved.map((row) => ({ ...row, resolvedAt: now })),
    open: [
      ...silent,
      ...current.map((one) => ({
        ...one,
        first: isNew.has(one.id) ? now : stored.get(one.id)!.first,
        last: now,
      })),
    ],
  };
}
