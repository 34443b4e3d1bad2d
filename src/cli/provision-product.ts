import { mongo } from 'mongoose';
import type { Environment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import { databaseOf } from '../database/connection.js';
import { wordsOfDriverError } from '../database/driver-words.js';
import { inspectReach } from '../database/privileges.js';
import { createPassword } from '../development/credentials.js';
import { withDatabase } from '../development/with-database.js';
import { addIndexes } from '../indexes/apply.js';
import { ATLAS_AUTH_SOURCE, atlasScript, isAtlas } from '../product/atlas.js';
import { credentialOf, type UserPassword, uriFor } from '../product/credential-uris.js';
import { OPS_GRANTS, serveGrants } from '../product/grants.js';
import { findSurplus, provision, provisionScript } from '../product/provision.js';
import type { ProductRuntime } from '../server/runtime/product-runtime.js';

type Role = 'serve' | 'ops';
const ROLES: readonly Role[] = ['serve', 'ops'];

/** Which users a product gets, and where their passwords come from. */
export interface CredentialPlan {
  readonly runtime: ProductRuntime;
  readonly database: string;
  readonly users: Readonly<Record<Role, PlannedUser>>;
  readonly problems: readonly string[];
}

interface PlannedUser {
  readonly user: string;
  /** Missing where it is to be made up. */
  readonly password?: string;
  readonly variable: string;
  /** The product's configured connection string. */
  readonly uri?: string;
}

/** What was done for one product. */
export interface ProvisionedProduct {
  readonly product: string;
  readonly database: string;
  readonly users: readonly { readonly user: string; readonly what: string }[];
  /** How many indexes were created or changed; left out where only users were looked at. */
  readonly indexes?: number;
  /** What to run on a server that refuses user commands. */
  readonly script?: string;
  /** What runs it: the server's shell, or the Atlas CLI. */
  readonly tool?: 'mongosh' | 'atlas';
  /** What the roles may beyond what the classes need: a gateway that runs may still need it. */
  readonly surplus?: readonly string[];
  readonly problems: readonly string[];
  /** What could not be looked at from here. */
  readonly warnings?: readonly string[];
  /** Connection strings with passwords that were made up. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Told of a user, and waited for, before its password is set, with the variables that only this process knows. */
export type OnUser = (
  user: ProvisionedProduct['users'][number],
  variables: ProvisionedProduct['variables'],
) => void | Promise<void>;

/** The users that the configured connection strings name; where there is none, `known` ones, or new ones. */
export function planCredentials(
  runtime: ProductRuntime,
  environment: Environment,
  known?: Readonly<Record<Role, UserPassword>>,
): CredentialPlan {
  const { name } = runtime;
  const { envPrefix } = productNames(name);
  const configured = { serve: environment.products[name]?.uri, ops: environment.products[name]?.opsUri };
  const database = databaseOf(configured.serve ?? configured.ops ?? '', name);
  const problems: string[] = [];
  const plan = (role: Role): PlannedUser => {
    const variable = `${envPrefix}_${role === 'ops' ? 'OPS_' : ''}MONGODB_URI`;
    const uri = configured[role];
    if (uri === undefined) return { user: `${name}-${role}`, ...known?.[role], variable };
    const credential = credentialOf(uri);
    if (!credential) problems.push(`${variable}: names no user and password to make.`);
    else if (
      credential.authSource !== database &&
      !(isAtlas(uri) && credential.authSource === ATLAS_AUTH_SOURCE)
    )
      problems.push(
        `${variable}: expected authSource=${database}; a product's users are kept in its own database.`,
      );
    return { user: credential?.user ?? '', password: credential?.password ?? '', variable, uri };
  };
  const users = { serve: plan('serve'), ops: plan('ops') };
  if (users.serve.user === users.ops.user && problems.length === 0)
    problems.push(`${users.serve.variable} and ${users.ops.variable} name the same user: expected two.`);
  return { runtime, database, users, problems };
}

/** Answered to user commands by a server that does not let this credential, or anybody, manage users. */
const REFUSED = new Set<unknown>([13, 59, 8000]);

/**
 * Gives a product its collections, roles and users.
 *
 * @returns with a `script` where the server refuses user commands: then nothing was set.
 * @throws the driver's error when the server cannot be reached or refuses the credential itself.
 */
export async function provisionUsers(
  admin: mongo.MongoClient,
  { runtime, database, users }: CredentialPlan,
  options: {
    readonly base: string;
    readonly newPasswords: boolean;
    readonly revoke: boolean;
    readonly onUser: OnUser;
  },
): Promise<ProvisionedProduct> {
  const { base, newPasswords, revoke, onUser } = options;
  const { name, classes } = runtime;
  const made: Record<string, string> = {};
  const told: { user: string; what: string }[] = [];
  const done = { product: name, database, problems: [] };
  try {
    const existing = await existingUsers(admin.db(database));
    const tellers = new Map<string, () => void | Promise<void>>();
    const credential = ({ user, password, variable, uri }: PlannedUser) => {
      const exists = existing.has(user);
      // A password in use somewhere is left alone, unless told otherwise.
      const isKept = password === undefined && exists && !newPasswords;
      const known = password ?? (isKept ? undefined : createPassword());
      const source = uri ? `as ${variable} says` : password === undefined ? 'new' : "development's own";
      const what = isKept
        ? `there already, and its password is left (--new-passwords makes one; or set ${variable})`
        : `${exists ? 'updated' : 'created'}, password ${source}`;
      tellers.set(user, () => {
        const isNew = known !== undefined && password === undefined;
        const variables = isNew ? { [variable]: uriFor(base, database, { user, password: known }) } : {};
        Object.assign(made, variables);
        told.push({ user, what });
        return onUser({ user, what }, variables);
      });
      return { user, ...(known !== undefined && { password: known }) };
    };
    await provision(admin, {
      database,
      classes,
      serve: credential(users.serve),
      ops: credential(users.ops),
      revoke,
      onUser: (user) => tellers.get(user)?.(),
    });
    return { ...done, users: told, variables: made };
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError) || !REFUSED.has(error.code)) throw error;
  }
  const isOnAtlas = isAtlas(base);
  const script = (isOnAtlas ? atlasScript : provisionScript)({ database, classes, ...users, revoke });
  return { ...done, users: [], script, tool: isOnAtlas ? 'atlas' : 'mongosh', variables: {} };
}

/** Creates a product's indexes, which may take long; where its users are made by hand, looks at these first. */
export async function provisionIndexes(
  admin: mongo.MongoClient,
  { runtime, database, users }: CredentialPlan,
  done: ProvisionedProduct,
): Promise<ProvisionedProduct> {
  const db = admin.db(database);
  const isByHand = done.script !== undefined;
  const { indexes, problems } = isByHand
    ? await checkResult(runtime, users)
    : await makeIndexes(db, runtime.classes);
  const surplus = isByHand ? [] : await findSurplus(db, runtime.classes);
  return {
    ...done,
    indexes,
    problems: [...done.problems, ...problems],
    ...(surplus.length > 0 && { surplus }),
  };
}

/** Creates and changes indexes; what is left is a problem, with what to do. */
async function makeIndexes(db: mongo.Db, classes: ProductRuntime['classes']) {
  const { done, left } = await addIndexes(db, classes);
  const problems = left.map(
    ({ change, why }) => `index ${change.name} of ${change.collection} is left: ${why}`,
  );
  return { indexes: done.length, problems };
}

async function existingUsers(db: mongo.Db): Promise<ReadonlySet<string>> {
  const { users } = (await db.command({ usersInfo: 1 })) as unknown as { users: { user: string }[] };
  return new Set(users.map(({ user }) => user));
}

/** After the commands were run by hand: whether each credential may do what it needs; then creates the indexes. */
async function checkResult(
  { name, classes }: ProductRuntime,
  users: Readonly<Record<Role, PlannedUser>>,
): Promise<{ indexes: number; problems: string[] }> {
  const problems: string[] = [];
  let indexes = 0;
  for (const role of ROLES) {
    const { uri, variable } = users[role];
    if (uri === undefined) {
      problems.push(`${variable} is not set: cannot check its user.`);
      continue;
    }
    try {
      await withDatabase(uri, name, async (db) => {
        const { missing } = await inspectReach(db, role === 'serve' ? serveGrants(classes) : OPS_GRANTS);
        problems.push(...missing.map((one) => `${variable}: a grant is missing: ${one}`));
        if (role === 'ops') {
          const made = await makeIndexes(db, classes);
          indexes = made.indexes;
          problems.push(...made.problems);
        }
      });
    } catch (error) {
      problems.push(`${variable}: ${wordsOfDriverError(error)}`);
    }
  }
  return { indexes, problems };
}
