import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../product/grants.js';
import { ownComment } from './comment.js';
import { BUCKETS, bucketOf } from './histogram.js';
import type { Examined } from './read-examined.js';
import type { CommandTally } from './recorder.js';
import { escaped } from './regex.js';
import { OTHER_CLIENT } from './rules/say.js';
import { shapeOf, type ShapeText } from './shape.js';
import { forgottenAt, shapeIdOf, slotOf, writeStats } from './stats.js';

const READ_MS = 2_000;
/** Entries of one round: the server keeps about as many. */
const MOST_ENTRIES = 1_000;
/** How far the first round looks back. */
const FIRST_LOOK_MS = 10 * 60_000;
const MARK = 'mark:profile';
const UNAUTHORIZED = 13;

/** What was read of a database's profiler. */
export interface Profiled {
  /** Entries of clients other than the gateway; its own are counted already. */
  readonly others: number;
  /** The profiler is there, and may not be read. */
  readonly isRefused: boolean;
}

/** What a shape's commands examined in a twelfth of an hour. */
type Seen = { -readonly [key in keyof Examined]: number } & { readonly shape: string; readonly ts: Date };

interface Entry {
  readonly op: string;
  readonly ns: string;
  readonly ts: Date;
  readonly command: mongo.Document;
  /** Of the rest of a read: what has begun it. */
  readonly originatingCommand?: mongo.Document;
  readonly appName?: string;
  readonly millis?: number;
  readonly docsExamined?: number;
  readonly keysExamined?: number;
  readonly nreturned?: number;
  readonly nMatched?: number;
  readonly ndeleted?: number;
  readonly errCode?: number;
  readonly hasSortStage?: boolean;
  readonly planSummary?: string;
}

/**
 * Reads what the database's profiler has noted since the last time, where somebody has switched it on (Bulkhead does
 * not). Commands without a gateway's comment are another client's: they are counted as a shape like any other, under the
 * operation `(other client)` and its name. With a sampled profiler those are as many as were sampled. The gateway's own
 * are counted already. Of both it is noted what they examined.
 *
 * @throws the driver's error.
 */
export async function readProfile(db: mongo.Db, product: string, now: Date): Promise<Profiled> {
  const options = { comment: ownComment(product), maxTimeMS: READ_MS };
  const stats = db.collection<{ _id: string; until?: Date }>(STATS_COLLECTION);
  const mark = await stats.findOne({ _id: MARK }, options);
  const since = mark?.until ?? new Date(now.getTime() - FIRST_LOOK_MS);
  let entries: Entry[];
  try {
    entries = await db
      .collection<Entry>('system.profile')
      .find(
        { ts: { $gt: since }, ns: { $regex: `^${escaped(db.databaseName)}\\.(?!system\\.|_bulkhead\\.)` } },
        options,
      )
      .sort({ $natural: 1 })
      .limit(MOST_ENTRIES)
      .project<Entry>({ execStats: 0, locks: 0, storage: 0, flowControl: 0 })
      .toArray();
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNAUTHORIZED) throw error;
    return { others: 0, isRefused: true };
  }
  const others = new Map<string, CommandTally>();
  const examined = new Map<string, Seen>();
  for (const entry of entries) count(entry, others, examined);
  if (others.size > 0)
    await writeStats(
      db,
      product,
      { commands: [...others.values()], operations: [], unbatched: [], fields: [], dropped: 0 },
      now,
    );
  const last = entries.at(-1)?.ts;
  if (last)
    await stats.updateOne(
      { _id: MARK },
      {
        $setOnInsert: { kind: 'mark', createdAt: now },
        $set: { until: last, updatedAt: now, expiresAt: forgottenAt(now) },
      },
      { upsert: true, ...options },
    );
  if (examined.size > 0)
    await stats.bulkWrite(
      [...examined.values()].map(({ shape, ts, ...sums }): mongo.AnyBulkWriteOperation<{ _id: string }> => {
        const { hour, slot } = slotOf(ts);
        return {
          updateOne: {
            filter: { _id: `examined:${hour.toISOString().slice(0, 13)}:${shape}` },
            update: {
              $setOnInsert: { kind: 'examined', hour, shape, createdAt: now },
              $set: { updatedAt: now, expiresAt: forgottenAt(now) },
              $inc: Object.fromEntries(
                Object.entries(sums).map(([key, sum]) => [`slots.${slot}.${key}`, sum]),
              ),
            },
            upsert: true,
          },
        };
      }),
      { ordered: false, ...options },
    );
  return { others: [...others.values()].reduce((sum, { calls }) => sum + calls, 0), isRefused: false };
}

function count(entry: Entry, others: Map<string, CommandTally>, examined: Map<string, Seen>): void {
  const shape = shapeIn(entry);
  if (shape === undefined) return;
  const isRest = entry.op === 'getmore';
  const comment: unknown = (entry.originatingCommand ?? entry.command)['comment'];
  const { appName = '', millis = 0, ts } = entry;
  const isOwn = typeof comment === 'string' && comment.startsWith('bulkhead:');
  if (isOwn && comment === ownComment(originProduct(comment))) return;
  // Bulkhead's own processes, which say of some commands nothing.
  if (!isOwn && appName.startsWith('bulkhead:')) return;
  addExamined(shapeIdOf(shape), entry, examined);
  if (isOwn) return;
  const field = nameOf(appName);
  const key = `${field} ${shape}`;
  const at = ts.getTime();
  const tally: CommandTally =
    others.get(key) ??
    ({
      shape,
      operation: OTHER_CLIENT,
      field,
      calls: 0,
      errors: 0,
      totalMs: 0,
      documents: 0,
      retries: 0,
      counts: new Uint32Array(BUCKETS),
      first: at,
      last: at,
    } satisfies CommandTally);
  others.set(key, tally);
  tally.totalMs += millis;
  // The rest of a read is no call of its own: it takes longer, and is about more.
  if (!isRest) {
    tally.calls += 1;
    tally.counts[bucketOf(millis)]! += 1;
  }
  tally.documents += entry.nreturned ?? entry.nMatched ?? entry.ndeleted ?? 0;
  tally.last = Math.max(tally.last, at);
  if (entry.errCode !== undefined) tally.errors += 1;
}

function addExamined(shape: string, entry: Entry, examined: Map<string, Seen>): void {
  const { ts, docsExamined = 0, keysExamined = 0, planSummary = '', hasSortStage = false } = entry;
  const { hour, slot } = slotOf(ts);
  const key = `${shape} ${hour.getTime()} ${slot}`;
  const sum = examined.get(key) ?? { shape, ts, calls: 0, documents: 0, keys: 0, scans: 0, sorts: 0 };
  examined.set(key, sum);
  sum.documents += docsExamined;
  sum.keys += keysExamined;
  if (entry.op === 'getmore') return;
  sum.calls += 1;
  sum.scans += planSummary.startsWith('COLLSCAN') ? 1 : 0;
  sum.sorts += hasSortStage ? 1 : 0;
}

const originProduct = (comment: string): string => comment.split(':')[1] ?? '';

/** A program's name, as far as it may be a part of a row's. */
const nameOf = (appName: string): string => appName.replaceAll(/[^\w .@/-]/g, '').slice(0, 60) || '-';

/** Updates and deletions are noted without their command's name. */
function shapeIn({ op, ns, command, originatingCommand }: Entry): ShapeText | undefined {
  const collection = ns.slice(ns.indexOf('.') + 1);
  switch (op) {
    case 'query':
      return shapeOf('find', command);
    case 'insert':
      return shapeOf('insert', { insert: collection });
    case 'update':
      return shapeOf('update', { update: collection, updates: [command] });
    case 'remove':
      return shapeOf('delete', { delete: collection, deletes: [command] });
    case 'getmore': {
      const name = ['find', 'aggregate'].find((one) => originatingCommand && one in originatingCommand);
      return name === undefined ? undefined : shapeOf(name, originatingCommand!);
    }
    case 'command': {
      const name = ['aggregate', 'count', 'distinct', 'findAndModify'].find((one) => one in command);
      return name === undefined ? undefined : shapeOf(name, command);
    }
    default:
      return undefined;
  }
}
