import { mongo } from 'mongoose';
import { createPassword } from '../development/credentials.js';
import { credentialOf, uriFor } from '../product/credential-uris.js';
import { OPS_ROLE, SERVE_ROLE } from '../product/provision.js';
import type { CredentialPlan, OnUser, ProvisionedProduct } from './provision-product.js';

type Told = ProvisionedProduct['users'][number];

const UNAUTHORIZED = 13;

/** A product's users take turns: `shop-serve`, `shop-serve-2`, `shop-serve`. */
export const otherUserOf = (user: string): string => (user.endsWith('-2') ? user.slice(0, -2) : `${user}-2`);

/** The planned users with their role. */
const plannedOf = ({ users: { serve, ops } }: CredentialPlan) =>
  [
    [SERVE_ROLE, serve],
    [OPS_ROLE, ops],
  ] as const;

/**
 * Makes a second user, with a new password, beside each one that a connection string names. Both are good until the
 * old ones are retired. A user who is there already is left alone, unless this has made it and nobody is connected.
 *
 * @param onUser told of each user before its password is set.
 */
export async function rotateUsers(
  admin: mongo.MongoClient,
  plan: CredentialPlan,
  onUser: OnUser = () => {},
): Promise<ProvisionedProduct> {
  const { runtime, database } = plan;
  const db = admin.db(database);
  const users: Told[] = [];
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  for (const [role, { user, uri, variable }] of plannedOf(plan)) {
    if (uri === undefined) {
      problems.push(`${variable} is not set: cannot tell which user to follow.`);
      continue;
    }
    const next = { user: otherUserOf(user), password: createPassword() };
    const existing = (await usersOf(db)).find((one) => one.user === next.user);
    const problem = existing && (await whyNotToOverwrite(admin, plan, { existing, role, variable }));
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    const told = { user: next.user, what: `made; ${user} stays good until it is retired` };
    variables[variable] = uriFor(uri, database, next, credentialOf(uri)?.authSource);
    await onUser(told, { [variable]: variables[variable] });
    await db.command({
      [existing ? 'updateUser' : 'createUser']: next.user,
      pwd: next.password,
      roles: [{ role, db: database }],
      customData: { [ROTATED_AT]: new Date() },
    });
    users.push(told);
  }
  return { product: runtime.name, database, users, problems, variables };
}

/** Where a user that `--rotate` has made carries when: which of two came later cannot be told otherwise. */
const ROTATED_AT = 'bulkheadRotatedAt';

async function whyNotToOverwrite(
  admin: mongo.MongoClient,
  plan: CredentialPlan,
  { existing, role, variable }: { existing: DatabaseUser; role: string; variable: string },
): Promise<string | undefined> {
  const { user } = existing;
  if (!hasOnly(existing, role, plan.database) || isPlanned(plan, user))
    return `${user} is there already, and is not a second user that --rotate has made: nothing was changed for ${variable}. Remove or rename it, or use a user of another name.`;
  if (rotatedAt(existing) === 0)
    return `${user} is there already, from before: name the user that serves in ${variable} and run --retire first.`;
  const connected = await connectionsOf(admin, plan.database, user);
  if (connected === undefined) return `${user} is there already: ${CANNOT_SEE}`;
  if (connected.length > 0)
    return `${user} is connected (${connected.join(', ')}), and a new password would shut it out: name it in ${variable} and run --retire first.`;
  return undefined;
}

/**
 * Removes the users that the ones in the connection strings have followed, unless somebody is still connected as one.
 * Others with the same role are left: who made them, and for whom, is not known.
 */
export async function retireUsers(
  admin: mongo.MongoClient,
  plan: CredentialPlan,
  onUser: OnUser = () => {},
): Promise<ProvisionedProduct> {
  const { runtime, database, users: planned } = plan;
  const db = admin.db(database);
  const told: Told[] = [];
  const problems = Object.values(planned).flatMap(({ uri, variable }) =>
    uri === undefined ? [`${variable} is not set: cannot tell which user to keep.`] : [],
  );
  const there = problems.length > 0 ? [] : await usersOf(db);
  for (const [role, { user: kept, variable }] of plannedOf(plan)) {
    const old = there.find(({ user }) => user === otherUserOf(kept));
    if (!old || isPlanned(plan, old.user) || !hasOnly(old, role, database)) continue;
    const current = there.find(({ user }) => user === kept);
    if (rotatedAt(current) <= rotatedAt(old)) {
      problems.push(
        rotatedAt(old) > 0
          ? `${old.user} was made after ${kept}, which ${variable} names: set the connection string that --rotate has printed.`
          : `${variable} names ${kept}, which --rotate has not made: it follows nobody.`,
      );
      continue;
    }
    const connections = await connectionsOf(admin, database, old.user);
    if (connections === undefined) problems.push(`${old.user} is left: ${CANNOT_SEE}`);
    else if (connections.length > 0)
      problems.push(
        `${old.user} is still connected (${connections.join(', ')}): run \`bulkhead reload\` there first.`,
      );
    else {
      await db.command({ dropUser: old.user });
      const removed = { user: old.user, what: 'removed' };
      told.push(removed);
      await onUser(removed, {});
    }
  }
  return { product: runtime.name, database, users: told, problems, variables: {} };
}

interface DatabaseUser {
  readonly user: string;
  readonly roles: readonly { readonly role: string; readonly db: string }[];
  readonly customData?: mongo.Document;
}

/** Whether a user is one for this work and no other. */
const hasOnly = ({ roles: [first, ...more] }: DatabaseUser, role: string, db: string): boolean =>
  first?.role === role && first.db === db && more.length === 0;

const isPlanned = ({ users }: CredentialPlan, name: string): boolean =>
  Object.values(users).some(({ user }) => user === name);

/** When `--rotate` made a user, in ms; 0 for all others. */
const rotatedAt = (one: DatabaseUser | undefined): number => {
  const at: unknown = one?.customData?.[ROTATED_AT];
  return at instanceof Date ? at.getTime() : 0;
};

async function usersOf(db: mongo.Db): Promise<readonly DatabaseUser[]> {
  const { users } = await db.command({ usersInfo: 1 });
  return users as DatabaseUser[];
}

const CANNOT_SEE =
  'whether somebody is connected as it cannot be seen. Grant the role clusterMonitor (its action inprog) to the user of BULKHEAD_ADMIN_URI, and run this again.';

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
