import { mongo } from 'mongoose';
import { createPassword } from '../development/credentials.js';
import { credentialOf, uriFor } from '../product/credential-uris.js';
import { OPS_ROLE, SERVE_ROLE } from '../product/provision.js';
import type { CredentialPlan, ProvisionedProduct } from './provision-product.js';

type Told = ProvisionedProduct['users'][number];

const UNAUTHORIZED = 13;

/** A product's users take turns: `shop-serve`, `shop-serve-2`, `shop-serve`. */
export const otherUserOf = (user: string): string => (user.endsWith('-2') ? user.slice(0, -2) : `${user}-2`);

/**
 * Makes a second user, with a new password, beside each one that a connection string names. Both are good until the
 * old ones are retired.
 */
export async function rotateUsers(
  admin: mongo.MongoClient,
  { runtime, database, users: planned }: CredentialPlan,
): Promise<ProvisionedProduct> {
  const db = admin.db(database);
  const users: Told[] = [];
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  for (const [role, { user, uri, variable }] of [
    [SERVE_ROLE, planned.serve],
    [OPS_ROLE, planned.ops],
  ] as const) {
    if (uri === undefined) {
      problems.push(`${variable} is not set: cannot tell which user to follow.`);
      continue;
    }
    const next = { user: otherUserOf(user), password: createPassword() };
    const exists = (await usersOf(db)).some((one) => one.user === next.user);
    const connected = exists ? await connectionsOf(admin, database, next.user) : undefined;
    if (connected && connected.length > 0) {
      problems.push(
        `${next.user} is connected (${connected.join(', ')}), and a new password would shut it out: name it in ${variable} and run --retire first.`,
      );
      continue;
    }
    await db.command({
      [exists ? 'updateUser' : 'createUser']: next.user,
      pwd: next.password,
      roles: [{ role, db: database }],
    });
    users.push({ user: next.user, what: `made; ${user} stays good until it is retired` });
    variables[variable] = uriFor(uri, database, next, credentialOf(uri)?.authSource);
  }
  return { product: runtime.name, database, users, problems, variables };
}

/** Removes the users of a product that no connection string names, unless somebody is still connected as one. */
export async function retireUsers(
  admin: mongo.MongoClient,
  { runtime, database, users: planned }: CredentialPlan,
): Promise<ProvisionedProduct> {
  const db = admin.db(database);
  const told: Told[] = [];
  const problems = Object.values(planned).flatMap(({ uri, variable }) =>
    uri === undefined ? [`${variable} is not set: cannot tell which user to keep.`] : [],
  );
  const kept = Object.values(planned).map(({ user }) => user);
  const old = problems.length > 0 ? [] : (await usersOf(db)).filter(({ user }) => !kept.includes(user));
  for (const { user, roles } of old) {
    if (!roles.some(({ role }) => role === SERVE_ROLE || role === OPS_ROLE)) continue;
    const connections = await connectionsOf(admin, database, user);
    if (connections !== undefined && connections.length > 0) {
      problems.push(
        `${user} is still connected (${connections.join(', ')}): run \`bulkhead reload\` there first.`,
      );
      continue;
    }
    await db.command({ dropUser: user });
    const unseen =
      connections === undefined ? ', unseen whether somebody used it: this credential may not look' : '';
    told.push({ user, what: `removed${unseen}` });
  }
  return { product: runtime.name, database, users: told, problems, variables: {} };
}

interface DatabaseUser {
  readonly user: string;
  readonly roles: readonly { readonly role: string }[];
}

async function usersOf(db: mongo.Db): Promise<readonly DatabaseUser[]> {
  const { users } = await db.command({ usersInfo: 1 });
  return users as DatabaseUser[];
}

/** The names of the programs that are connected as a user; undefined where that cannot be asked. */
async function connectionsOf(
  admin: mongo.MongoClient,
  db: string,
  user: string,
): Promise<readonly string[] | undefined> {
  try {
    const found = await admin
      .db('admin')
      .aggregate<{ _id: string | null }>([
        { $currentOp: { allUsers: true, idleConnections: true } },
        { $match: { effectiveUsers: { $elemMatch: { user, db } } } },
        { $group: { _id: '$appName' } },
      ])
      .toArray();
    return found.map(({ _id }) => _id ?? 'a program without a name');
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === UNAUTHORIZED) return undefined;
    throw error;
  }
}
