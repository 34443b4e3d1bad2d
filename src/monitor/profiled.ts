import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../product/grants.js';
import { ownComment } from './comment.js';
import { BUCKETS, bucketOf } from './histogram.js';
import type { CommandTally } from './recorder.js';
import { OTHER_CLIENT } from './rules/say.js';
import { shapeOf, type ShapeText } from './shape.js';
import { forgottenAt, shapeIdOf, writeStats } from './stats.js';

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

/** What a shape's commands examined: not as explained, but as it was. */
interface Examined {
  documents: number;
  keys: number;
  calls: number;
}

interface Entry {
  readonly op: string;
  readonly ns: string;
  readonly ts: Date;
  readonly command: mongo.Document;
  readonly appName?: string;
  readonly millis?: number;
  readonly docsExamined?: number;
  readonly keysExamined?: number;
  readonly nreturned?: number;
  readonly nMatched?: number;
  readonly ndeleted?: number;
  readonly errCode?: number;
}

/**
 * Reads what the database's profiler has noted since the last time, where somebody has switched it on (Bulkhead does
 * not). Commands without a gateway's comment are another client's: they are counted as a shape like any other, under the
 * operation `(other client)` and its name. With a sampled profiler those are as many as were sampled. Of the gateway's
 * own commands, which are counted already, it is noted at the shape what they examined.
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
  const examined = new Map<string, Examined>();
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
      [...examined].map(([shape, { calls, documents, keys }]) => ({
        updateOne: {
          filter: { _id: `shape:${shape}` },
          update: {
            $inc: { 'examined.calls': calls, 'examined.documents': documents, 'examined.keys': keys },
          },
        },
      })),
      { ordered: false, ...options },
    );
  return { others: [...others.values()].reduce((sum, { calls }) => sum + calls, 0), isRefused: false };
}

const escaped = (text: string): string => text.replaceAll(/[^\w]/g, String.raw`\$&`);

function count(entry: Entry, others: Map<string, CommandTally>, examined: Map<string, Examined>): void {
  const shape = shapeIn(entry);
  if (shape === undefined) return;
  const comment: unknown = entry.command['comment'];
  const { docsExamined = 0, keysExamined = 0, appName = '', millis = 0, ts } = entry;
  if (typeof comment === 'string' && comment.startsWith('bulkhead:')) {
    if (comment === ownComment(originProduct(comment))) return;
    const id = shapeIdOf(shape);
    const sum = examined.get(id) ?? { documents: 0, keys: 0, calls: 0 };
    sum.documents += docsExamined;
    sum.keys += keysExamined;
    sum.calls += 1;
    examined.set(id, sum);
    return;
  }
  // Bulkhead's own processes, which say of some commands nothing.
  if (appName.startsWith('bulkhead:')) return;
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
  tally.calls += 1;
  tally.totalMs += millis;
  tally.counts[bucketOf(millis)]! += 1;
  tally.documents += entry.nreturned ?? entry.nMatched ?? entry.ndeleted ?? 0;
  tally.last = Math.max(tally.last, at);
  if (entry.errCode !== undefined) tally.errors += 1;
}

const originProduct = (comment: string): string => comment.split(':')[1] ?? '';

/** A program's name, as far as it may be a part of a row's. */
const nameOf = (appName: string): string => appName.replaceAll(/[^\w .@/-]/g, '').slice(0, 60) || '-';

/** Updates and deletions are noted without their command's name. */
function shapeIn({ op, ns, command }: Entry): ShapeText | undefined {
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
    case 'command': {
      const name = ['aggregate', 'count', 'distinct', 'findAndModify'].find((one) => one in command);
      return name === undefined ? undefined : shapeOf(name, command);
    }
    default:
      return undefined;
  }
}
