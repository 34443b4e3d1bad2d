import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { isRetryableRead } from '../database/driver-errors.js';
import type { IndexChange } from './changes.js';
import { DEFAULT_WAIT_MS } from './difference.js';
import { existingIndexes } from './existing-indexes.js';
import { forgetHidden, rememberHidden } from './hidden-indexes.js';
import { meaningOf } from './index-spec.js';
import { tellRefusal } from './refusal.js';
import { forgetReplaced, putBack, rememberReplaced, tryDefinition } from './replaced-indexes.js';

/** How far a build is. */
export interface BuildProgress {
  readonly seconds: number;
  /** What the server is at, such as `scanning collection`; missing where the credential may not look. */
  readonly step?: string;
  /** How much of that step is done: documents read, or keys sorted in. */
  readonly done?: number;
  readonly total?: number;
}

/** How one change is done. */
export interface PerformOptions {
  readonly onBuild?: (progress: BuildProgress) => void;
  /** Stops waiting for a build; the server goes on with it. */
  readonly signal?: AbortSignal;
}

const INDEX_NOT_FOUND = 27;
/** Unauthorized, and authentication failed. */
const NOT_ALLOWED = new Set<unknown>([13, 18]);

/** What became of a change: the reason where it could not be done. */
export type Outcome = { readonly done: true } | { readonly done: false; readonly why: string };

const DONE: Outcome = { done: true };
export const LEFT_BUILDING =
  'the server goes on building it, and finishes without us; run apply again to wait for it';

/**
 * Does one change. Safe to do again, and where somebody else did it meanwhile; what is already so is left.
 *
 * @throws the driver's error where the server cannot be reached or the credential may not.
 */
export async function perform(
  db: mongo.Db,
  change: IndexChange,
  { onBuild = () => {}, signal }: PerformOptions = {},
): Promise<Outcome> {
  const { kind, collection, name } = change;
  const collMod = (index: mongo.Document) => db.command({ collMod: collection, index: { name, ...index } });
  const build = () =>
    watch(
      db,
      collection,
      db.command({ createIndexes: collection, indexes: [{ name, ...change.definition }] }),
      onBuild,
      signal,
    );
  try {
    if (kind === 'create' || kind === 'replace') {
      if (kind === 'replace') {
        await tryDefinition(db, change);
        await rememberReplaced(db, change);
        for (const old of change.replaces ?? []) await drop(db, collection, old);
      }
      const outcome = await build();
      if (outcome.done) await forgetReplaced(db, change);
      return outcome;
    }
    if (kind === 'unhide' || kind === 'modify') {
      const { set = {} } = change;
      await (set['unique'] === true ? makeUnique(collMod, set) : collMod(set));
      await forgetHidden(db, change);
      return DONE;
    }
    if (kind === 'hide') {
      await collMod({ hidden: true });
      const { after = '', waitMs = DEFAULT_WAIT_MS } = change;
      await rememberHidden(db, { collection, name, meaning: after, waitMs });
      return DONE;
    }
    const found = (await existingIndexes(db, collection)).find((one) => one.name === name);
    // Whoever made it visible again wants to keep it.
    if (found && meaningOf(found.spec) !== change.before)
      return { done: false, why: 'it has changed since it was hidden' };
    await drop(db, collection, name);
    await forgetHidden(db, change);
    return DONE;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === INDEX_NOT_FOUND) {
      await forgetHidden(db, change);
      return kind === 'hide' ? DONE : { done: false, why: 'the index is gone: plan again' };
    }
    // What is stored, or what somebody else did, stands in the way: duplicates, two arrays in one key, a value that is no place.
    const isRefusal = error instanceof mongo.MongoServerError && !NOT_ALLOWED.has(code);
    if (!isRefusal || isRetryableRead(error)) throw error;
    const why = await tellRefusal(db, change, error);
    // Also where the build is the second half of a replacement that was cut short.
    const state = kind === 'create' || kind === 'replace' ? await putBack(db, change) : undefined;
    return { done: false, why: state === undefined ? why : `${why}; ${state}` };
  }
}

async function drop(db: mongo.Db, collection: string, name: string): Promise<void> {
  if (name === '_id_') throw new TypeError('_id_ is never dropped.');
  try {
    await db.command({ dropIndexes: collection, index: name });
  } catch (error) {
    if ((error as { code?: unknown }).code !== INDEX_NOT_FOUND) throw error;
  }
}

/**
 * New duplicates are refused first; then the server looks for old ones, and where it finds some all is as before. All that
 * is set is set in one order, so that a plan never meets half of it.
 */
async function makeUnique(
  collMod: (index: mongo.Document) => Promise<unknown>,
  set: mongo.Document,
): Promise<void> {
  await collMod({ prepareUnique: true });
  try {
    await collMod(set);
  } catch (error) {
    await collMod({ prepareUnique: false });
    throw error;
  }
}

const TICK_MS = 1_000;

/** Waits for a build, telling how far it is. It is the server's: it goes on when we stop waiting, or are killed. */
async function watch(
  db: mongo.Db,
  collection: string,
  building: Promise<unknown>,
  onBuild: (progress: BuildProgress) => void,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const ended = new AbortController();
  const built = building.then(() => DONE).finally(() => ended.abort());
  const abandoned = signal
    ? new Promise<Outcome>((resolve) => {
        const leave = () => resolve({ done: false, why: LEFT_BUILDING });
        if (signal.aborted) leave();
        signal.addEventListener('abort', leave, { once: true, signal: ended.signal });
      })
    : undefined;
  void tell(db, collection, onBuild, ended.signal);
  try {
    return await (abandoned ? Promise.race([built, abandoned]) : built);
  } finally {
    ended.abort();
    // Its end interests nobody any more.
    built.catch(() => {});
  }
}

async function tell(
  db: mongo.Db,
  collection: string,
  onBuild: (progress: BuildProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  let mayLook = true;
  while (!signal.aborted) {
    await sleep(TICK_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const found = mayLook
      ? await findProgress(db, collection).catch(() => {
          mayLook = false;
          return undefined;
        })
      : undefined;
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    onBuild({ seconds, ...found });
  }
}

/** The build's own thread belongs to no user, so looking at it takes `inprog` on the cluster. */
async function findProgress(
  db: mongo.Db,
  collection: string,
): Promise<Omit<BuildProgress, 'seconds'> | undefined> {
  const builds = await db.admin().command({
    currentOp: true,
    // A build that pauses for others counts as idle.
    $all: true,
    msg: /^Index Build/,
    ns: `${db.databaseName}.${collection}`,
  });
  const [build] = builds['inprog'] as { msg: string; progress?: { done: number; total: number } }[];
  const [, step] = /^Index Build: ([a-z ]+[a-z])/.exec(build?.msg ?? '') ?? [];
  if (!step) return undefined;
  return { step, ...(build?.progress && { done: build.progress.done, total: build.progress.total }) };
}
