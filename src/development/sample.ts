import type { mongo } from 'mongoose';
import { hashPassword } from '../auth/passwords.js';
import type { ClassType } from '../database/class-type.js';
import { collectionOf } from '../database/schema.js';
import { StartError } from '../errors/bulkhead-error.js';
import type { Product } from '../product/product.js';
import { seed, type SeedProgress, unseed } from '../product/seed.js';

/** What every sample user signs in with; stated in the documentation, and only ever on a developer's machine. */
export const SAMPLE_PASSWORD = 'demo-password-2026';

/** Says which sample a database holds, and whether loading or removing it was cut short. */
const MARKS = '_bulkhead.sample';
interface Mark {
  readonly _id: 'sample';
  readonly state: 'loading' | 'loaded' | 'removing';
  readonly scale?: number;
}

/** A product as far as its sample data is concerned. */
export interface SampleTarget {
  readonly name: string;
  readonly product: Product;
  readonly classes: readonly ClassType[];
  readonly db: mongo.Db;
}

/** What loading sample data came to. */
export interface SampleResult {
  /** Documents that were not there before. */
  readonly documents: number;
  /** Documents of another scale that were removed first. */
  readonly removed: number;
}

type OnProgress = (progress: SeedProgress) => void;

/**
 * Loads the sample data once: into an empty database, or where loading was cut short. A database with documents of
 * somebody's own is left alone, and so is one that has its sample, whatever its scale.
 */
export async function loadSampleOnce(
  target: SampleTarget,
  onProgress: OnProgress,
): Promise<SampleResult | undefined> {
  if (!target.product.sample) return undefined;
  const mark = await findMark(target.db);
  if (mark?.state === 'loaded' || (!mark && !(await isEmpty(target)))) return undefined;
  return loadSample(target, mark?.scale ?? 1, onProgress);
}

/**
 * Loads the sample data at a scale. The sample of another scale is removed first, since the two would not add up;
 * documents of the developer's own stay.
 *
 * @throws StartError when a ledger that has no sample, or one of another scale, has transfers of the developer's own: it
 *   would not add up, or their balances would be lost.
 */
export async function loadSample(
  target: SampleTarget,
  scale: number,
  onProgress: OnProgress,
): Promise<SampleResult> {
  const { db, product } = target;
  const passwordHash = await hashPassword(SAMPLE_PASSWORD);
  const batches = (of: number) => product.sample!({ scale: of, passwordHash });
  const mark = await findMark(db);
  let removed = 0;
  if (!mark) await assertLedgerIsSample(target, []);
  if (mark && (mark.scale ?? 1) !== scale) {
    const before = mark.scale ?? 1;
    if (mark.state === 'loaded') await assertLedgerIsSample(target, batches(before));
    await setMark(db, 'removing', before);
    removed = await unseed(db, batches(before), onProgress);
  }
  await setMark(db, 'loading', scale);
  const documents = await seed(db, batches(scale), onProgress);
  await setMark(db, 'loaded', scale);
  return { documents, removed };
}

const findMark = (db: mongo.Db) => db.collection<Mark>(MARKS).findOne({ _id: 'sample' });

async function setMark(db: mongo.Db, state: Mark['state'], scale: number): Promise<void> {
  await db.collection<Mark>(MARKS).updateOne({ _id: 'sample' }, { $set: { state, scale } }, { upsert: true });
}

async function assertLedgerIsSample(
  { name, db }: SampleTarget,
  batches: Iterable<{ collection: string; documents: readonly unknown[] }>,
): Promise<void> {
  const TRANSFERS = 'ledger.transfers';
  const stored = await db.collection(TRANSFERS).countDocuments();
  if (stored === 0) return;
  let sample = 0;
  for (const { collection, documents } of batches) if (collection === TRANSFERS) sample += documents.length;
  if (stored === sample) return;
  throw new StartError([
    `${name}: its ledger holds transfers that are not sample data (${stored - sample} more). ` +
      'With the sample, or another scale of it, it would not add up: begin with an empty database instead.',
  ]);
}

async function isEmpty({ db, classes }: SampleTarget): Promise<boolean> {
  for (const target of classes) {
    if (await db.collection(collectionOf(target)).findOne({}, { projection: { _id: 1 } })) return false;
  }
  return true;
}
