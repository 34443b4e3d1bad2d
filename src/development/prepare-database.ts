import { mongo } from 'mongoose';
import type { Environment } from '../config/environment.js';
import { hashPassword } from '../auth/passwords.js';
import type { ClassType } from '../database/class-type.js';
import { collectionOf } from '../database/schema.js';
import { databaseOf } from '../database/connection.js';
import { ensureIndexes } from '../indexes/ensure-indexes.js';
import { type Credential, provision } from '../product/provision.js';
import { seed, type SeedProgress } from '../product/seed.js';
import type { ProductRuntime } from '../server/product-runtime.js';
import { developmentPasswords } from './credentials.js';

/** What every sample user signs in with; stated in the documentation, and only ever on a developer's machine. */
export const SAMPLE_PASSWORD = 'demo-password-2026';

/** Remembers that sample data was loaded, or that loading was cut short. */
const SAMPLE_MARK = '_bulkhead.sample';

/** A product's two connection strings. */
export interface ProductUris {
  readonly uri: string;
  readonly opsUri: string;
}

/** What is told while the database is made ready. */
export interface PrepareListener {
  readonly onStep: (message: string) => void;
  readonly onProgress: (product: string, progress: SeedProgress) => void;
}

/** The names of a product's database users. */
export const userNames = (product: string) => ({ serve: `${product}-serve`, ops: `${product}-ops` });

function uriFor(base: string, database: string, { user, password }: Credential): string {
  const uri = new URL(base);
  uri.username = encodeURIComponent(user);
  uri.password = encodeURIComponent(password);
  uri.pathname = `/${database}`;
  uri.searchParams.set('authSource', database);
  return uri.href;
}

/**
 * Gives each product that has no connection string of its own a database on one server: roles, users, collections,
 * indexes, and the sample data where the database is empty.
 *
 * @param adminUri used here and closed before anything is served.
 * @returns the connection strings to serve with.
 */
export async function prepareDatabases(
  adminUri: string,
  runtimes: readonly ProductRuntime[],
  environment: Environment,
  listener: PrepareListener,
): Promise<Readonly<Record<string, ProductUris>>> {
  const passwords = developmentPasswords(
    environment.dataDir,
    runtimes.map(({ name }) => name),
  );
  const uris: Record<string, ProductUris> = {};
  const admin = await new mongo.MongoClient(adminUri, {
    appName: 'bulkhead:provision',
    serverSelectionTimeoutMS: 10_000,
  }).connect();
  try {
    for (const { name, classes } of runtimes) {
      const names = userNames(name);
      const serve = { user: names.serve, password: passwords[name]!.serve };
      const ops = { user: names.ops, password: passwords[name]!.ops };
      await provision(admin, { database: name, classes, serve, ops });
      uris[name] = { uri: uriFor(adminUri, name, serve), opsUri: uriFor(adminUri, name, ops) };
    }
  } finally {
    await admin.close();
  }
  for (const runtime of runtimes) await fill(runtime, uris[runtime.name]!.opsUri, listener);
  return uris;
}

/** Creates a product's declared indexes, and loads its sample data into an empty database. */
async function fill(
  runtime: ProductRuntime,
  opsUri: string,
  { onStep, onProgress }: PrepareListener,
): Promise<void> {
  const { name, classes, product } = runtime;
  await withDatabase(opsUri, name, async (db) => {
    const made = await ensureIndexes(db, classes);
    if (made > 0) onStep(`${name}: ${made} indexes created`);
    if (!product.sample) return;
    const marks = db.collection<{ _id: string; state: 'loading' | 'loaded' }>(SAMPLE_MARK);
    const mark = await marks.findOne({ _id: 'sample' });
    if (mark?.state === 'loaded') return;
    // A database with documents of somebody's own is left alone; a load that was cut short goes on.
    if (!mark && !(await isEmpty(db, classes))) return;
    await marks.updateOne({ _id: 'sample' }, { $set: { state: 'loading' } }, { upsert: true });
    const documents = await loadSample(runtime, db, 1, (progress) => onProgress(name, progress));
    await marks.updateOne({ _id: 'sample' }, { $set: { state: 'loaded' } });
    onStep(`${name}: ${documents.toLocaleString('en')} sample documents loaded`);
  });
}

async function isEmpty(db: mongo.Db, classes: readonly ClassType[]): Promise<boolean> {
  for (const target of classes) {
    if (await db.collection(collectionOf(target)).findOne({}, { projection: { _id: 1 } })) return false;
  }
  return true;
}

/** Streams a product's sample data into a database; answers how many documents were new. */
export async function loadSample(
  { product }: ProductRuntime,
  db: mongo.Db,
  scale: number,
  onProgress: (progress: SeedProgress) => void,
): Promise<number> {
  const passwordHash = await hashPassword(SAMPLE_PASSWORD);
  return seed(db, product.sample!({ scale, passwordHash }), onProgress);
}

/** Opens a product's database for a command and closes it afterwards. */
export async function withDatabase<T>(
  uri: string,
  product: string,
  work: (db: mongo.Db) => Promise<T>,
): Promise<T> {
  const client = await new mongo.MongoClient(uri, {
    appName: `bulkhead:${product}:command`,
    serverSelectionTimeoutMS: 10_000,
  }).connect();
  try {
    return await work(client.db(databaseOf(uri, product)));
  } finally {
    await client.close();
  }
}
