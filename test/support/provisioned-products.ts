import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { inject } from 'vitest';
import config from '../../bulkhead.config.js';
import { uriFor } from '../../src/product/credential-uris.js';
import { provision } from '../../src/product/provision.js';
import { buildRuntimes } from '../../src/server/runtime/build-runtimes.js';

/** A user that `provision` makes, signed in. */
export interface SignedIn {
  readonly product: string;
  readonly role: 'serve' | 'ops';
  readonly client: mongo.MongoClient;
}

/** Products on one server, with the users that `provision` makes and nothing that serves. */
export interface ProvisionedProducts {
  readonly admin: mongo.MongoClient;
  /** Database by product. */
  readonly databases: Readonly<Record<string, string>>;
  readonly users: readonly SignedIn[];
  remove(): Promise<void>;
}

/** Provisions the project's own products in databases of their own, on the server that all test files share. */
export async function provisionProducts(): Promise<ProvisionedProducts> {
  const adminUri = inject('mongodAdminUri');
  const admin = await new mongo.MongoClient(adminUri).connect();
  const run = randomBytes(4).toString('hex');
  const databases: Record<string, string> = {};
  const users: SignedIn[] = [];
  const credential = (user: string) => ({ user, password: randomBytes(16).toString('hex') });
  for (const [product, { classes }] of buildRuntimes(config)) {
    const database = (databases[product] = `t${run}_${product}`);
    const credentials = { serve: credential(`${product}-serve`), ops: credential(`${product}-ops`) };
    await provision(admin, { database, classes, ...credentials });
    for (const role of ['serve', 'ops'] as const) {
      const client = new mongo.MongoClient(uriFor(adminUri, database, credentials[role]));
      users.push({ product, role, client: await client.connect() });
    }
  }
  return {
    admin,
    databases,
    users,
    async remove() {
      for (const { client } of users) await client.close();
      for (const database of Object.values(databases)) {
        await admin.db(database).command({ dropAllUsersFromDatabase: 1 });
        await admin.db(database).command({ dropAllRolesFromDatabase: 1 });
        await admin.db(database).dropDatabase();
      }
      await admin.close();
    },
  };
}
