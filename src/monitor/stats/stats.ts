import { createHash } from 'node:crypto';
import type { mongo } from 'mongoose';
import { STATS_COLLECTION } from '../../product/grants.js';
import { ownComment } from '../comment.js';
import { boundOf } from './histogram.js';
import type { Recorded, Tally } from '../recorder.js';
import { parseShape, type ShapeText } from '../shape/shape.js';

/** How long statistics are kept. */
export const KEPT_DAYS = 30;
/** What a write of statistics may take; a database that is slower has better things to do. */
const WRITE_MS = 2_000;
/** Updates in one command. */
const MOST_UPDATES = 500;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * What stands in `_bulkhead.stats`, by `kind`. Rows of several gateways add up: each is an update that adds.
 *
 * - `shape`: what a command asks; once for all hours.
 * - `commands`: an hour of one shape, sent by one field of one operation.
 * - `operations`: an hour of the operations of one name.
 * - `unbatched`: a day of a field that sends a command for each parent.
 * - `fields`: a day of a field that one client asks for.
 * - `gateways`: an hour of what was counted and not kept.
 * - `examined`: an hour of what the profiler has seen one shape examine. The worker's.
 * - `plan`: how a shape is planned; `finding`: what is wrong. The worker's.
 * - `size`: a day's size of the database and its disk; `mark`: how far the worker has come; `lease`: which worker it is.
 */
export type StatsKind =
  | 'shape'
  | 'commands'
  | 'operations'
  | 'unbatched'
  | 'fields'
  | 'gateways'
  | 'examined'
  | 'plan'
  | 'finding'
  | 'size'
  | 'mark'
  | 'lease';

/** From which duration on a command counts as slow: the server's own threshold, and Atlas's where it does not set one by itself. */
export const SLOW_MS = 100;
/** PgHero's bar of a slow query: below, nobody notices, and the last minutes are not told apart. */
export const FELT_MS = 20;

/** A twelfth of an hour. */
export const SLOT_MS = 5 * 60_000;
/** The twelfth of its hour in which a moment lies: what was mended shows long before the hour is over. */
export const slotOf = (time: Date): { readonly hour: Date; readonly slot: number } => ({
  hour: new Date(Math.floor(time.getTime() / HOUR_MS) * HOUR_MS),
  slot: Math.floor((time.getTime() % HOUR_MS) / SLOT_MS),
});
/** The same, a slot earlier. */
export const slotBefore = (time: Date) => slotOf(new Date(time.getTime() - SLOT_MS));

/** When what is written now is forgotten, unless it is written again. */
export const forgottenAt = (now: Date): Date => new Date(now.getTime() + KEPT_DAYS * DAY_MS);
/** The name of a shape: ten hexadecimal digits. */
export function shapeIdOf(text: ShapeText): string {
  let id = ids.get(text);
  if (id === undefined) {
    if (ids.size >= MOST_IDS) ids.clear();
    id = createHash('sha256').update(text).digest('hex').slice(0, 10);
    ids.set(text, id);
  }
  return id;
}
const MOST_IDS = 5_000;
const ids = new Map<ShapeText, string>();

interface Row {
  readonly id: string;
  readonly kind: StatsKind;
  /** What never changes of it. */
  readonly set?: Readonly<Record<string, unknown>>;
  readonly add?: Readonly<Record<string, number>>;
  readonly most?: Readonly<Record<string, unknown>>;
  readonly least?: Readonly<Record<string, unknown>>;
}

/** Writes what was recorded of a product, added to what is there. @throws the driver's error. */
export async function writeStats(
  db: mongo.Db,
  product: string,
  recorded: Recorded,
  now: Date,
): Promise<void> {
  const rows = rowsOf(recorded, now);
  for (let from = 0; from < rows.length; from += MOST_UPDATES) {
    const answer = await db.command({
      update: STATS_COLLECTION,
      updates: rows.slice(from, from + MOST_UPDATES).map((row) => updateOf(row, now)),
      ordered: false,
      comment: ownComment(product),
      maxTimeMS: WRITE_MS,
      writeConcern: { w: 1 },
    });
    const [error] = (answer['writeErrors'] ?? []) as { errmsg: string }[];
    // Two gateways that add the same row at once: one of them tries to insert what the other has.
    if (error && !/E11000/.test(error.errmsg)) throw new Error(error.errmsg);
  }
}

function updateOf({ id, kind, set, add, most, least }: Row, now: Date): mongo.Document {
  const expiresAt = forgottenAt(now);
  return {
    q: { _id: id },
    u: {
      $setOnInsert: { kind, ...set, createdAt: now },
      $set: { updatedAt: now },
      ...(add && { $inc: add }),
      $max: { expiresAt, ...most },
      ...(least && { $min: least }),
    },
    upsert: true,
  };
}

function rowsOf({ commands, operations, unbatched, fields, dropped }: Recorded, now: Date): Row[] {
  const { hour, slot } = slotOf(now);
  const day = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  const [at, on] = [hour.toISOString().slice(0, 13), day.toISOString().slice(0, 10)];
  const shapes = new Map(commands.map(({ shape, first, last }) => [shape, { first, last }]));
  return [
    ...[...shapes].map(([text, { first, last }]): Row => {
      const { collection, command } = parseShape(text);
      return {
        id: `shape:${shapeIdOf(text)}`,
        kind: 'shape',
        set: { shape: shapeIdOf(text), text, collection, command },
        most: { last: new Date(last) },
        least: { first: new Date(first) },
      };
    }),
    ...commands.map((row): Row => {
      const { operation, field, documents, retries, uncounted = 0 } = row;
      const shape = shapeIdOf(row.shape);
      return {
        id: `commands:${at}:${shape}:${operation}:${field}`,
        kind: 'commands',
        set: { hour, shape, operation, field },
        add: {
          ...counted(row),
          documents,
          retries,
          ...(uncounted > 0 && { uncounted }),
          [`slots.${slot}.calls`]: row.calls,
          ...countsOf(row, `slots.${slot}.counts`, FELT_MS),
        },
        most: { last: new Date(row.last) },
        least: { first: new Date(row.first) },
      };
    }),
    ...operations.map((row): Row => ({
      id: `operations:${at}:${row.operation}`,
      kind: 'operations',
      set: { hour, operation: row.operation },
      add: counted(row),
      most: { last: new Date(row.last) },
    })),
    ...unbatched.map(({ operation, field, times, most, last }): Row => ({
      id: `unbatched:${on}:${operation}:${field}`,
      kind: 'unbatched',
      set: { hour: day, operation, field },
      add: { times },
      most: { most, last: new Date(last) },
    })),
    ...fields.map(({ field, client, calls, last }): Row => ({
      id: `fields:${on}:${field}:${client}`,
      kind: 'fields',
      set: { hour: day, field, client },
      add: { calls },
      most: { last: new Date(last) },
    })),
    ...(dropped > 0
      ? [{ id: `gateways:${at}`, kind: 'gateways', set: { hour }, add: { dropped } } satisfies Row]
      : []),
  ];
}

/** What of a tally adds up. */
function counted({ calls, errors, totalMs, counts }: Tally): Record<string, number> {
  return { calls, errors, totalMs, ...countsOf({ counts }, 'counts') };
}

/** How many of what took so long or longer, by bucket. */
function countsOf({ counts }: Pick<Tally, 'counts'>, path: string, fromMs = 0): Record<string, number> {
  const add: Record<string, number> = {};
  for (const [bucket, count] of counts.entries())
    if (count > 0 && boundOf(bucket) >= fromMs) add[`${path}.${bucket}`] = count;
  return add;
}
