import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import { ownComment } from '../comment.js';
import { BUCKETS, percentile } from './histogram.js';
import { isShape, type ShapeText } from '../shape/shape.js';

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
  /** Only these shapes. */
  readonly shapes?: readonly string[];
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
  /** Of the calls, those about whose documents nothing is known: a profiler does not say what a count has counted. */
  readonly uncounted?: number;
  readonly retries: number;
  /** When it was first seen, ever. */
  readonly first: Date;
  /** Who sent them, the busiest first: `MOST_ORIGINS`. */
  readonly origins: readonly { readonly operation: string; readonly field: string; readonly calls: number }[];
  /** How many others have. */
  readonly moreOrigins?: number;
}

/** Documents that one call is about on average; undefined where that is known of none. */
export function documentsOfCall({
  calls,
  documents,
  uncounted = 0,
}: Pick<ShapeStats, 'calls' | 'documents' | 'uncounted'>): number | undefined {
  const counted = calls - Math.max(0, uncounted);
  return counted > 0 && documents >= 0 ? documents / counted : undefined;
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
/** Senders of one shape that are told: names of operations are a client's choice, and all of a month fit into no document. */
export const MOST_ORIGINS = 100;
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

const summaryOf = (row: Summed): Summary =>
  summaryWith(
    row,
    buckets.map((bucket) => row[`c${bucket}`] ?? 0),
  );

function summaryWith(
  row: Partial<Pick<Summary, 'calls' | 'errors' | 'totalMs'>> & Pick<Summary, 'last'>,
  counts: readonly number[],
): Summary {
  const { calls = 0, errors = 0, totalMs = 0, last } = row;
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

const within = ({ since, until, shape, shapes }: StatsQuery, unitMs = HOUR_MS) => ({
  hour: { $gte: beginningOf(since, unitMs), ...(until && { $lt: until }) },
  ...(shapes && { shape: { $in: shapes } }),
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

/** What of a shape's row adds up, without durations. */
const TOTALS = ['calls', 'errors', 'totalMs', 'documents', 'uncounted', 'retries'] as const;

type ShapeRow = Readonly<Record<(typeof TOTALS)[number], number>> & {
  readonly _id: string;
  readonly last: Date;
  readonly origins: ShapeStats['origins'];
  readonly senders: number;
  readonly about: readonly Pick<ShapeStats, 'text' | 'collection' | 'command' | 'first'>[];
};

/** The shapes that were sent in a time, those that took longest in all first: `MOST_SHAPES`. Hours are read whole. */
export async function readShapes(db: mongo.Db, query: StatsQuery): Promise<readonly ShapeStats[]> {
  const stats = db.collection(STATS_COLLECTION);
  const rows = await stats
    .aggregate<ShapeRow>(
      [
        { $match: { kind: 'commands', ...within(query) } },
        {
          $group: {
            _id: { shape: '$shape', operation: '$operation', field: '$field' },
            calls: { $sum: '$calls' },
            errors: { $sum: '$errors' },
            totalMs: { $sum: '$totalMs' },
            documents: { $sum: '$documents' },
            uncounted: { $sum: '$uncounted' },
            retries: { $sum: '$retries' },
            last: { $max: '$last' },
          },
        },
        {
          $group: {
            _id: '$_id.shape',
            ...Object.fromEntries(TOTALS.map((key) => [key, { $sum: `$${key}` }])),
            last: { $max: '$last' },
            senders: { $sum: 1 },
            origins: {
              $topN: {
                n: MOST_ORIGINS,
                sortBy: { calls: -1 },
                output: { operation: '$_id.operation', field: '$_id.field', calls: '$calls' },
              },
            },
          },
        },
        { $sort: { totalMs: -1, _id: 1 } },
        { $limit: MOST_SHAPES },
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
  const counts = await readCounts(
    db,
    query,
    rows.map(({ _id }) => _id),
  );
  return rows.flatMap((row) => {
    const [about] = row.about;
    if (!about || !isShape(about.text)) return [];
    const { text, collection, command, first } = about;
    const { _id: shape, documents, uncounted, retries, origins, senders } = row;
    const moreOrigins = senders - origins.length;
    return [
      {
        shape,
        text,
        collection,
        command,
        first,
        documents,
        uncounted,
        retries,
        origins,
        ...(moreOrigins > 0 && { moreOrigins }),
        ...summaryWith(row, counts.get(shape) ?? []),
      },
    ];
  });
}

/**
 * Durations by bucket of each shape. Taken apart and added up bucket by bucket, since of an hour few are filled: a sum
 * for each of them takes the server four times as long.
 */
async function readCounts(
  db: mongo.Db,
  query: StatsQuery,
  shapes: readonly string[],
): Promise<ReadonlyMap<string, number[]>> {
  const rows = db
    .collection(STATS_COLLECTION)
    .aggregate<{ _id: { shape: string; bucket: string }; n: number }>(
      [
        {
          $match: {
            kind: 'commands',
            ...within(query),
            ...(shapes.length >= MOST_SHAPES && { shape: { $in: shapes } }),
          },
        },
        { $project: { shape: 1, counts: { $objectToArray: '$counts' } } },
        { $unwind: '$counts' },
        { $group: { _id: { shape: '$shape', bucket: '$counts.k' }, n: { $sum: '$counts.v' } } },
      ],
      readOptions(query),
    );
  const counts = new Map<string, number[]>();
  for await (const { _id: id, n } of rows) {
    const all = counts.get(id.shape) ?? buckets.map(() => 0);
    counts.set(id.shape, all);
    if (Number(id.bucket) in all) all[Number(id.bucket)] = n;
  }
  return counts;
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
        {
          $group: {
            _id: '$_id.field',
            ...counted,
            clients: {
              $topN: {
                n: MOST_CLIENTS,
                sortBy: { last: -1 },
                output: { client: '$_id.client', calls: '$calls', last: '$last' },
              },
            },
          },
        },
        { $sort: { _id: 1 } },
        { $limit: limit },
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
