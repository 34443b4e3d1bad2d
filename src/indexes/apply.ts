import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { Lease } from '../database/lease.js';
import { StartError } from '../errors/bulkhead-error.js';
import type { PlannedChange } from './assess.js';
import type { IndexChange } from './changes.js';
import { count } from './count.js';
import { existingIndexes } from './existing-indexes.js';
import { forgetWanted } from './hidden-indexes.js';
import { meaningOf } from './index-spec.js';
import { type BuildProgress, perform } from './perform.js';
import { forgetSettled } from './replaced-indexes.js';
import { findChanges, type IndexPlan, planIndexes, type PlanOptions } from './plan.js';

/** What is told while a plan is carried out. */
export type ApplyEvent =
  | { readonly event: 'waiting'; readonly holder: string }
  | { readonly event: 'begin'; readonly change: PlannedChange; readonly number: number; readonly of: number }
  | { readonly event: 'building'; readonly change: PlannedChange; readonly progress: BuildProgress }
  | { readonly event: 'done'; readonly change: PlannedChange }
  | { readonly event: 'left'; readonly change: PlannedChange; readonly why: string };

/** What is carried out, and how far it may go. */
export interface ApplyOptions extends PlanOptions {
  /** What was decided about: nothing else is done. Default: what is planned now. */
  readonly plan?: IndexPlan;
  /** Lets `replace` drop an index before its successor is built. Default false. */
  readonly allowGap?: boolean;
  /** Lets a TTL index delete documents as soon as it is there. Default false. */
  readonly allowDeletes?: boolean;
  /** Leaves out what takes away: `replace`, `hide` and `drop`. Default false. */
  readonly onlyAdd?: boolean;
  /** Stops between changes; a build under way is left to the server. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ApplyEvent) => void;
  /** How long the right to apply outlives a process that was killed. Default 15 s. */
  readonly leaseMs?: number;
}

/** A change that was not done, and why. */
export interface LeftChange {
  readonly change: PlannedChange;
  readonly why: string;
}

/** What came of it. */
export interface ApplyResult {
  readonly done: readonly PlannedChange[];
  readonly left: readonly LeftChange[];
  /** Whether it was stopped by the signal. */
  readonly interrupted: boolean;
}

const INTERRUPTED = 'stopped before it';

/**
 * Brings a database to the indexes that its classes declare: plans, and does what the plan names, one collection and one
 * index at a time. Safe to run twice, from two places (the second waits, and finds nothing left), and again after it
 * was killed: every step begins with what is there.
 *
 * @param db with a credential that may create, change and drop indexes.
 * @throws StartError for a plan of another database; BulkheadError `PRODUCT_UNAVAILABLE` when another process took over; the driver's error when the server is away.
 */
export async function applyIndexes(
  db: mongo.Db,
  classes: readonly ClassType[],
  options: ApplyOptions = {},
): Promise<ApplyResult> {
  const { onEvent = () => {}, signal } = options;
  if (options.plan && options.plan.database !== db.databaseName)
    throw new StartError([
      `The plan was made for database ${options.plan.database}, and this is ${db.databaseName}: plan again.`,
    ]);
  const { dropUndeclared, drop, waitMs } = options.plan ?? options;
  const how: PlanOptions = {
    ...(dropUndeclared !== undefined && { dropUndeclared }),
    ...(drop && { drop }),
    ...(waitMs !== undefined && { waitMs }),
    ...(options.scanMs !== undefined && { scanMs: options.scanMs }),
  };
  // Most often there is nothing to do, and nobody is kept waiting for that.
  const { changes } = await findChanges(db, classes, how);
  if (changes.length === 0) {
    await forgetWanted(db);
    return { done: [], left: await changedSince(db, [], options.plan), interrupted: false };
  }

  let lease: Lease;
  try {
    lease = await Lease.take(db, 'indexes', {
      ...(signal && { signal }),
      ...(options.leaseMs !== undefined && { ttlMs: options.leaseMs }),
      onWait: (holder) => onEvent({ event: 'waiting', holder }),
    });
  } catch (error) {
    if (!signal?.aborted) throw error;
    const left = (options.plan?.changes ?? []).map((change) => ({ change, why: INTERRUPTED }));
    return { done: [], left, interrupted: true };
  }
  try {
    // Whoever was waited for may have done it all.
    const current = await planIndexes(db, classes, how);
    const { todo, left } = sortOut(current, options.plan ?? current, options);
    left.push(...(await changedSince(db, current.changes, options.plan)));
    const done: PlannedChange[] = [];
    const leave = (change: PlannedChange, why: string) => {
      left.push({ change, why });
      onEvent({ event: 'left', change, why });
    };
    for (const [i, change] of todo.entries()) {
      if (signal?.aborted) {
        leave(change, INTERRUPTED);
        continue;
      }
      await lease.assertHeld();
      onEvent({ event: 'begin', change, number: i + 1, of: todo.length });
      const outcome = await perform(db, change, {
        onBuild: (progress) => onEvent({ event: 'building', change, progress }),
        ...(signal && { signal }),
      });
      if (outcome.done) {
        done.push(change);
        onEvent({ event: 'done', change });
      } else leave(change, outcome.why);
    }
    await forgetWanted(db);
    await forgetSettled(db);
    return { done, left, interrupted: signal?.aborted ?? false };
  } finally {
    await lease.release();
  }
}

/**
 * What `npm start` and `bulkhead provision` do: everything of the plan that takes nothing away and deletes nothing.
 */
export const addIndexes = (
  db: mongo.Db,
  classes: readonly ClassType[],
  onEvent?: ApplyOptions['onEvent'],
): Promise<ApplyResult> => applyIndexes(db, classes, { onlyAdd: true, ...(onEvent && { onEvent }) });

/** What of the present plan was decided about and may be done, and what is left for which reason. */
function sortOut(
  { changes }: IndexPlan,
  approved: IndexPlan,
  options: ApplyOptions,
): { todo: PlannedChange[]; left: LeftChange[] } {
  const todo: PlannedChange[] = [];
  const left: LeftChange[] = [];
  for (const change of changes) {
    // What waits to be dropped is in nobody's way.
    if (options.onlyAdd && change.kind === 'drop') continue;
    const why = approved.changes.some((one) => covers(one, change))
      ? whyNot(change, options)
      : 'the plan does not name it: plan again';
    if (why === undefined) todo.push(change);
    else left.push({ change, why });
  }
  return { todo, left };
}

function whyNot(
  { kind, blockers, deletes }: PlannedChange,
  { allowGap = false, allowDeletes = false, onlyAdd = false }: ApplyOptions,
): string | undefined {
  if (blockers.length > 0) return blockers.join('; ');
  if (kind === 'replace' && (!allowGap || onlyAdd))
    return 'it drops an index before the new one is built: `bulkhead indexes apply --allow-gap` does that';
  if (kind === 'hide' && onlyAdd) return 'it takes an index away: `bulkhead indexes apply` does that';
  if (deletes && (!allowDeletes || onlyAdd))
    return `it deletes ${count(deletes.documents, 'document')} at once: \`bulkhead indexes apply --allow-deletes\` does that`;
  return undefined;
}

/** Whether what was decided includes a step: itself, or the second half of a replacement that was cut short. */
const covers = (approved: IndexChange, change: IndexChange): boolean =>
  approved.id === change.id ||
  (approved.kind === 'replace' &&
    change.kind === 'create' &&
    approved.collection === change.collection &&
    approved.after === change.after);

/** Changes that were decided about, are not planned any more, and are not done either: the database has changed since. */
async function changedSince(
  db: mongo.Db,
  current: readonly IndexChange[],
  approved: IndexPlan | undefined,
): Promise<LeftChange[]> {
  const left: LeftChange[] = [];
  for (const change of approved?.changes ?? []) {
    if (current.some((one) => covers(change, one))) continue;
    const existing = await existingIndexes(db, change.collection);
    const isDone =
      change.after === undefined
        ? !existing.some(({ name }) => name === change.name)
        : existing.some(({ spec }) => meaningOf(spec) === change.after) ||
          (change.kind === 'hide' && !existing.some(({ name }) => name === change.name));
    if (!isDone)
      left.push({ change, why: 'the database or the classes have changed since the plan: plan again' });
  }
  return left;
}
