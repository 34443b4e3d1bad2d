import type { Environment } from '../config/environment.js';
import type { ClassType } from '../database/class-type.js';
import { addIndexes } from '../indexes/apply.js';
import type { Product } from '../product/product.js';
import { provision } from '../product/provision.js';
import type { SeedProgress } from '../product/seed.js';
import { developmentPasswords } from './credentials.js';
import { developmentUris, developmentUsers, type ProductUris } from './product-uris.js';
import { loadSampleOnce } from './sample.js';
import { withClient, withDatabase } from './with-database.js';

/** A product as far as its database is concerned. */
export interface PreparedProduct {
  readonly name: string;
  readonly product: Product;
  readonly classes: readonly ClassType[];
}

/** What is told while the database is made ready. */
export interface PrepareListener {
  readonly onStep: (message: string) => void;
  readonly onProgress: (product: string, progress: SeedProgress) => void;
}

/**
 * Gives each of the products a database on one server: roles, users, collections, indexes, and the sample data where
 * the database is empty.
 *
 * @param adminUri used here and closed before anything is served.
 * @returns the connection strings to serve with.
 */
export async function prepareDatabases(
  adminUri: string,
  products: readonly PreparedProduct[],
  environment: Environment,
  listener: PrepareListener,
): Promise<Readonly<Record<string, ProductUris>>> {
  const names = products.map(({ name }) => name);
  const passwords = developmentPasswords(environment.dataDir, names);
  await withClient(adminUri, 'provision', async (admin) => {
    for (const { name, classes } of products)
      await provision(admin, {
        database: name,
        classes,
        ...developmentUsers(name, passwords[name]!),
        // Nobody else serves here.
        revoke: true,
      });
  });
  const uris: Record<string, ProductUris> = {};
  for (const one of products) {
    uris[one.name] = developmentUris(adminUri, one.name, passwords[one.name]!);
    await fill(one, uris[one.name]!.opsUri, listener);
  }
  return uris;
}

/** Creates a product's declared indexes, and loads its sample data into an empty database. */
async function fill(
  { name, classes, product }: PreparedProduct,
  opsUri: string,
  { onStep, onProgress }: PrepareListener,
): Promise<void> {
  await withDatabase(opsUri, name, async (db) => {
    const { done, left } = await addIndexes(db, classes, (event) => {
      if (event.event === 'waiting') onStep(`${name}: ${event.holder} is at work on its indexes; waiting`);
    });
    if (done.length > 0) onStep(`${name}: ${done.length} indexes created or changed`);
    for (const { change, why } of left)
      onStep(`${name}: index ${change.name} of ${change.collection} is left: ${why}`);
    const loaded = await loadSampleOnce({ name, product, classes, db }, (progress) =>
      onProgress(name, progress),
    );
    if (loaded) onStep(`${name}: ${loaded.documents.toLocaleString('en')} sample documents loaded`);
  });
}
