import type { mongo } from 'mongoose';
import { ownComment } from '../comment.js';
import { BUCKETS, bucketOf } from '../stats/histogram.js';
import type { Examined } from '../stats/read-examined.js';
import type { CommandTally } from '../recorder.js';
import { OTHER_CLIENT } from '../rules/say.js';
import { shapeOf, type ShapeText } from '../shape/shape.js';
import { shapeIdOf, slotOf } from '../stats/stats.js';

/** What a profiler has noted about a command, as far as it matters here. */
export interface ProfileEntry {
  readonly op: string;
  readonly ns: string;
  readonly ts: Date;
  readonly command: mongo.Document;
  /** Of the rest of a read: what has begun it. */
  readonly originatingCommand?: mongo.Document;
  /** Of a read that does not end with this. */
  readonly cursorid?: mongo.Long | number;
  readonly appName?: string;
  readonly millis?: number;
  readonly docsExamined?: number;
  readonly keysExamined?: number;
  readonly nreturned?: number;
  readonly nMatched?: number;
  readonly nUpserted?: number;
  readonly ndeleted?: number;
  readonly ninserted?: number;
  readonly errCode?: number;
  readonly hasSortStage?: boolean;
  readonly planSummary?: string;
}

/** What a shape's commands examined in a twelfth of an hour. */
type Seen = { -readonly [key in keyof Examined]: number } & { readonly shape: string; readonly ts: Date };

/** Commands of a twelfth of an hour. */
interface Slot {
  /** A time within it. */
  readonly at: Date;
  readonly tallies: Map<string, CommandTally>;
}

/** What a profiler's entries come to: those of other clients, and what commands of all have examined. */
export class ProfileSums {
  readonly #slots = new Map<string, Slot>();
  readonly #examined = new Map<string, Seen>();
  /** Reads that go on, and what they have taken so far. */
  readonly #cursors = new Map<string, { readonly tally: CommandTally; ms: number }>();

  /** Commands of other clients, by the time in which they ran. */
  get others(): readonly { readonly at: Date; readonly commands: readonly CommandTally[] }[] {
    return [...this.#slots.values()].map(({ at, tallies }) => ({ at, commands: [...tallies.values()] }));
  }

  get examined(): readonly Seen[] {
    return [...this.#examined.values()];
  }

  add(entry: ProfileEntry): void {
    const shape = shapeIn(entry);
    if (shape === undefined) return;
    const comment: unknown = (entry.originatingCommand ?? entry.command)['comment'];
    const { appName = '' } = entry;
    const isOwn = typeof comment === 'string' && comment.startsWith('bulkhead:');
    if (isOwn && comment === ownComment(originProduct(comment))) return;
    // Bulkhead's own processes, which say of some commands nothing.
    if (!isOwn && appName.startsWith('bulkhead:')) return;
    this.#addExamined(shapeIdOf(shape), entry);
    if (!isOwn) this.#addOther(shape, nameOf(appName), entry);
  }

  #addOther(shape: ShapeText, field: string, entry: ProfileEntry): void {
    const { op, ts, millis = 0, errCode, cursorid } = entry;
    const cursor = op === 'getmore' ? this.#cursors.get(String(cursorid)) : undefined;
    const tally = cursor?.tally ?? this.#tallyOf(shape, field, ts);
    const documents = documentsOf(entry);
    tally.totalMs += millis;
    tally.documents += documents ?? 0;
    tally.last = Math.max(tally.last, ts.getTime());
    if (errCode !== undefined) tally.errors += 1;
    if (cursor) {
      // The rest of a read is no call of its own: it takes longer, and is about more.
      tally.counts[bucketOf(cursor.ms)]! -= 1;
      cursor.ms += millis;
      tally.counts[bucketOf(cursor.ms)]! += 1;
    } else {
      // Where its beginning was not noted (it was quick, or not in the sample), the first of the rest stands for the read.
      tally.calls += 1;
      tally.counts[bucketOf(millis)]! += 1;
      if (documents === undefined) tally.uncounted = (tally.uncounted ?? 0) + 1;
      if (cursorid !== undefined) this.#cursors.set(String(cursorid), { tally, ms: millis });
    }
  }

  #tallyOf(shape: ShapeText, field: string, ts: Date): CommandTally {
    const { hour, slot } = slotOf(ts);
    const { tallies } = got(this.#slots, `${hour.getTime()} ${slot}`, () => ({ at: ts, tallies: new Map() }));
    const at = ts.getTime();
    return got(tallies, `${field} ${shape}`, () => ({
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
    }));
  }

  #addExamined(shape: string, entry: ProfileEntry): void {
    const { ts, docsExamined = 0, keysExamined = 0, planSummary = '', hasSortStage = false } = entry;
    const { hour, slot } = slotOf(ts);
    const sum = got(this.#examined, `${shape} ${hour.getTime()} ${slot}`, () => ({
      shape,
      ts,
      calls: 0,
      documents: 0,
      keys: 0,
      scans: 0,
      sorts: 0,
    }));
    sum.documents += docsExamined;
    sum.keys += keysExamined;
    if (entry.op === 'getmore') return;
    sum.calls += 1;
    sum.scans += planSummary.startsWith('COLLSCAN') ? 1 : 0;
    sum.sorts += hasSortStage ? 1 : 0;
  }
}

function got<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** How many documents a command has found or written; of a count and a `distinct`, a profiler does not say. */
function documentsOf(entry: ProfileEntry): number | undefined {
  const { nreturned, nMatched, nUpserted = 0, ndeleted, ninserted, errCode } = entry;
  const found = nMatched === undefined ? undefined : nMatched + nUpserted;
  return nreturned ?? found ?? ndeleted ?? ninserted ?? (errCode === undefined ? undefined : 0);
}

const originProduct = (comment: string): string => comment.split(':')[1] ?? '';

/** A program's name, as far as it may be a part of a row's. */
const nameOf = (appName: string): string => appName.replaceAll(/[^\w .@/-]/g, '').slice(0, 60) || '-';

/** Updates and deletions are noted without their command's name. */
function shapeIn({ op, ns, command, originatingCommand }: ProfileEntry): ShapeText | undefined {
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
