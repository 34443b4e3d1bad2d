import { randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';
import { addIndexes } from '../src/indexes/apply.js';
import type { Product } from '../src/product/product.js';
import { provision } from '../src/product/provision.js';
import { seed } from '../src/product/seed.js';
import { ProductRuntime } from '../src/server/runtime/product-runtime.js';

/** A database with a product's users, indexes and sample data. @returns the serving connection string. */
export async function provisionSample(
  admin: mongo.MongoClient,
  adminUri: string,
  name: string,
  product: Product,
  scale: number,
): Promise<string> {
  const runtime = new ProductRuntime(name, product);
  const [serve, ops] = ['serve', 'ops'].map((role) => ({
    user: `${name}-${role}`,
    password: randomBytes(16).toString('hex'),
  })) as [{ user: string; password: string }, { user: string; password: string }];
  await provision(admin, { database: name, classes: runtime.classes, serve, ops });
  await addIndexes(admin.db(name), runtime.classes);
  await seed(admin.db(name), product.sample!({ scale, passwordHash: 'not used here' }));
  const uri = new URL(adminUri);
  [uri.username, uri.password, uri.pathname] = [serve.user, serve.password, `/${name}`];
  uri.searchParams.set('authSource', name);
  return uri.href;
}
