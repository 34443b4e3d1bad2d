import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../product/grants.js';
import { ownComment } from './comment.js';
import { BUCKETS, percentile } from './histogram.js';
import { isShape, type ShapeText } from './shape.js';
import { slotBefore, slotOf } from './stats.js';

/** Whose statistics are read, and within which bounds. */
export interface StatsScope {
  readonly product: string;
  /** Default: 10,000 ms. */
  readonly maxTimeMS?: number;
  readonly signal?: AbortSignal;
}

/** What is to be read. */
export interface StatsQuery extends StatsScope {
  readonly since: Date;
  /** Default: now. */
  readonly until?: Date;
  /** Only this shape. */
  readonly shape?: string;
}

/** How often and how long. */
export interface Summary {
  readonly calls: number;
  readonly errors: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly last: Date;
}

/** All commands of one shape. */
export interface ShapeStats extends Summary {
  readonly shape: string;
  readonly text: ShapeText;
  readonly collection: string;
  readonly command: string;
  readonly documents: number;
  readonly retries: number;
  /** In the last five to ten minutes: calls, and those of them that were slow. */
  readonly lately: { readonly calls: number; readonly slow: number };
  /** When it was first seen, ever. */
  readonly first: Date;
  /** What the profiler has seen its commands examine, ever; missing where that is off. */
  readonly examined?: { readonly calls: number; readonly documents: number; readonly keys: number };
  /** Who sent them, the busiest first. */
  readonly origins: readonly { readonly operation: string; readonly field: string; readonly calls: number }[];
}

/** Operations of one name. */
export interface OperationStats extends Summary {
  readonly operation: string;
}

/** One hour of a shape. */
export interface ShapeHour extends Summary {
  readonly hour: Date;
  readonly documents: number;
}

/** A field that clients ask for. */
export interface FieldUsage {
  /** `Type.field`, by the product's own names. */
  readonly field: string;
  readonly calls: number;
  readonly last: Date;
  /** Who asks for it, the most recent first; `name@version` as the client says, or `-`. */
  readonly clients: readonly { readonly client: string; readonly calls: number; readonly last: Date }[];
}

const READ_MS = 10_000;
/** Shapes that are looked at, those that took longest; a product has hundreds, unless names in its queries are data. */
export const MOST_SHAPES = 5_000;
const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
const countsSummed = Object.fromEntries(
  buckets.map((bucket) => [`c${bucket}`, { $sum: `$counts.${bucket}` }]),
);
const summed = {
  calls: { $sum: '$calls' },
  errors: { $sum: '$errors' },
  totalMs: { $sum: '$totalMs' },
  last: { $max: '$last' },
  ...countsSummed,
};

type Summed = Readonly<Record<string, number>> & { readonly last: Date };

function summaryOf(row: Summed): Summary {
  const { calls = 0, errors = 0, totalMs = 0, last } = row;
  const counts = buckets.map((bucket) => row[`c${bucket}`] ?? 0);
  const at = (share: number) => percentile(counts, share);
  return {
    calls,
    errors,
    totalMs,
    meanMs: totalMs / Math.max(1, calls),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    last,
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const beginningOf = (time: Date, unitMs: number): Date =>
  new Date(Math.floor(time.getTime() / unitMs) * unitMs);

const within = ({ since, until, shape }: StatsQuery, unitMs = HOUR_MS) => ({
  hour: { $gte: beginningOf(since, unitMs), ...(until && { $lt: until }) },
  ...(shape !== undefined && { shape }),
});

/** When what is read for a time begins: hours are read whole. */
export const readFrom = (since: Date): Date => beginningOf(since, HOUR_MS);

/** What the monitor's reads carry. */
export const readOptions = ({ product, maxTimeMS = READ_MS, signal }: StatsScope) => ({
  comment: ownComment(product),
  maxTimeMS,
  ...(signal && { signal }),
});

/** What of an hour's row is of the last slots. */
const lately = (now: Date, what: 'calls' | 'slow') => ({
  $sum: {
    $add: [slotOf(now), slotBefore(now)].map(({ hour, slot }) => ({
      $cond: [{ $eq: ['$hour', hour] }, { $ifNull: [`$slots.${slot}.${what}`, 0] }, 0],
    })),
  },
});

/** The shapes that took longest, where there are more than are looked at; undefined where all are. */
async function dearestShapes(db: mongo.Db, query: StatsQuery): Promise<readonly string[] | undefined> {
  if (query.shape !== undefined) return undefined;
  const dearest = await db
    .collection(STATS_COLLECTION)
    .aggregate<{ _id: string }>(
      [
        { $match: { kind: 'commands', ...within(query) } },
        { $group: { _id: '$shape', totalMs: { $sum: '$totalMs' } } },
        { $sort: { totalMs: -1, _id: 1 } },
        { $limit: MOST_SHAPES },
      ],
      readOptions(query),
    )
    .toArray();
  return dearest.length < MOST_SHAPES ? undefined : dearest.map(({ _id }) => _id);
}

/** The shapes that were sent in a time, those that took longest in all first: `MOST_SHAPES`. Hours are read whole. */
export async function readShapes(db: mongo.Db, query: StatsQuery): Promise<readonly ShapeStats[]> {
  const stats = db.collection(STATS_COLLECTION);
  const now = query.until ?? new Date();
  const dearest = await dearestShapes(db, query);
  const rows = await stats
    .aggregate<
      Summed & {
        _id: string;
        origins: ShapeStats['origins'];
        about: readonly Pick<ShapeStats, 'text' | 'collection' | 'command' | 'first' | 'examined'>[];
      }
    >(
      [
        { $match: { kind: 'commands', ...within(query), ...(dearest && { shape: { $in: dearest } }) } },
        {
          $group: {
            _id: { shape: '$shape', operation: '$operation', field: '$field' },
            ...summed,
            documents: { $sum: '$documents' },
            retries: { $sum: '$retries' },
            latelyCalls: lately(now, 'calls'),
            latelySlow: lately(now, 'slow'),
          },
        },
        { $sort: { calls: -1 } },
        {
          $group: {
            _id: '$_id.shape',
            ...Object.fromEntries(
              [
                'calls',
                'errors',
                'totalMs',
                'documents',
                'retries',
                'latelyCalls',
                'latelySlow',
                ...buckets.map((bucket) => `c${bucket}`),
              ].map((key) => [key, { $sum: `$${key}` }]),
            ),
            last: { $max: '$last' },
            origins: { $push: { operation: '$_id.operation', field: '$_id.field', calls: '$calls' } },
          },
        },
        { $sort: { totalMs: -1, _id: 1 } },
        {
          $lookup: {
            from: STATS_COLLECTION,
            let: { id: { $concat: ['shape:', '$_id'] } },
            pipeline: [{ $match: { $expr: { $eq: ['$_id', '$$id'] } } }],
            as: 'about',
          },
        },
      ],
      readOptions(query),
    )
    .toArray();
  return rows.flatMap((row) => {
    const [about] = row.about;
    if (!about || !isShape(about.text)) return [];
    const { text, collection, command, first, examined } = about;
    const { documents = 0, retries = 0, latelyCalls = 0, latelySlow = 0 } = row;
    return [
      {
        shape: row._id,
        text,
        collection,
        command,
        first,
        documents,
        retries,
        lately: { calls: latelyCalls, slow: latelySlow },
        ...(examined && { examined }),
        origins: row.origins,
        ...summaryOf(row),
      },
    ];
  });
}

/** Operations by name, those that took longest in all first. */
export async function readOperations(db: mongo.Db, query: StatsQuery): Promise<readonly OperationStats[]> {
  const rows = await db
    .collection(STATS_COLLECTION)
    .aggregate<Summed & { _id: string }>(
      [
        { $match: { kind: 'operations', ...within(query) } },
        { $group: { _id: '$operation', ...summed } },
        { $sort: { totalMs: -1, _id: 1 } },
      ],
      readOptions(query),
    )
    .toArray();
  return rows.map((row) => ({ operation: row._id, ...summaryOf(row) }));
}

/** All operations of a product as one. */
export async function readTraffic(db: mongo.Db, query: StatsQuery): Promise<Summary | undefined> {
  const [row] = await db
    .collection(STATS_COLLECTION)
    .aggregate<Summed>(
      [{ $match: { kind: 'operations', ...within(query) } }, { $group: { _id: null, ...summed } }],
      readOptions(query),
    )
    .toArray();
  return row && summaryOf(row);
}

/** One shape, hour by hour; hours without a call are left out. */
export async function readTimeline(
  db: mongo.Db,
  query: StatsQuery & { readonly shape: string },
): Promise<readonly ShapeHour[]> {
  const rows = await db
    .collection(STATS_COLLECTION)
    .aggregate<Summed & { _id: Date; documents: number }>(
      [
        { $match: { kind: 'commands', ...within(query) } },
        { $group: { _id: '$hour', ...summed, documents: { $sum: '$documents' } } },
        { $sort: { _id: 1 } },
      ],
      readOptions(query),
    )
    .toArray();
  return rows.map((row) => ({ hour: row._id, documents: row.documents, ...summaryOf(row) }));
}

/** Clients of one field that are told apart. */
const MOST_CLIENTS = 50;

/** Which fields clients ask for, by name. Days are read whole. */
export async function readFields(
  db: mongo.Db,
  query: StatsQuery & {
    /** Only fields of this type. */
    readonly type?: string;
    /** Only fields whose name comes after this one. */
    readonly after?: string;
    readonly limit: number;
  },
): Promise<readonly FieldUsage[]> {
  const { type, after, limit } = query;
  const counted = { calls: { $sum: '$calls' }, last: { $max: '$last' } };
  const rows = await db
    .collection(STATS_COLLECTION)
    .aggregate<Omit<FieldUsage, 'field'> & { _id: string }>(
      [
        {
          $match: {
            kind: 'fields',
            ...within(query, DAY_MS),
            $and: [
              type === undefined ? {} : { field: { $gte: `${type}.`, $lt: `${type}/` } },
              after === undefined ? {} : { field: { $gt: after } },
            ],
          },
        },
        { $group: { _id: { field: '$field', client: '$client' }, ...counted } },
        { $sort: { last: -1 } },
        {
          $group: {
            _id: '$_id.field',
            ...counted,
            clients: { $push: { client: '$_id.client', calls: '$calls', last: '$last' } },
          },
        },
        { $sort: { _id: 1 } },
        { $limit: limit },
        { $set: { clients: { $slice: ['$clients', MOST_CLIENTS] } } },
      ],
      readOptions(query),
    )
    .toArray();
  return rows.map(({ _id: field, calls, last, clients }) => ({ field, calls, last, clients }));
}

/** When anything was kept last, and what was counted in a time and not kept. */
export async function readLastKept(
  db: mongo.Db,
  query: StatsQuery,
): Promise<{ readonly last: Date | undefined; readonly dropped: number }> {
  const stats = db.collection(STATS_COLLECTION);
  const [row] = await stats
    .find({ kind: { $in: ['commands', 'operations'] } }, readOptions(query))
    .sort({ hour: -1 })
    .limit(1)
    .toArray();
  const dropped = await stats.find({ kind: 'gateways', ...within(query) }, readOptions(query)).toArray();
  return {
    last: row?.['last'] as Date | undefined,
    dropped: dropped.reduce((sum, one) => sum + Number(one['dropped'] ?? 0), 0),
  };
}
