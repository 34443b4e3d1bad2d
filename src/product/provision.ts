import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import type { Grants } from '../database/privileges.js';
import { OPS_GRANTS, serveGrants } from './grants.js';

/** A user to make. */
export interface Credential {
  readonly user: string;
  /** Left out, a user who exists keeps the password. */
  readonly password?: string;
}

/** What `provision` sets up for one product. */
export interface ProvisionOptions {
  readonly database: string;
  readonly classes: readonly ClassType[];
  readonly serve: Credential;
  readonly ops: Credential;
  /** Told of each user before its password is set: afterwards may be too late to remember it. */
  readonly onUser?: (user: string) => void;
}

/** The same for somebody who makes it by hand: passwords are asked for there. */
export type ScriptOptions = Pick<ProvisionOptions, 'database' | 'classes'> &
  Readonly<Record<'serve' | 'ops', Pick<Credential, 'user'>>>;

const NAMESPACE_EXISTS = 48;

type Command = Readonly<Record<string, unknown>>;

/** The role of users that serve. */
export const SERVE_ROLE = 'bulkhead.serve';
/** The role of users for the worker and the commands. */
export const OPS_ROLE = 'bulkhead.ops';

const roleCommands = (database: string, classes: readonly ClassType[]): Command[] => {
  const role = (name: string, grants: Grants): Command => ({
    role: name,
    privileges: Object.entries(grants).map(([collection, actions]) => ({
      resource: { db: database, collection },
      actions: [...actions],
    })),
    roles: [],
  });
  return [role(SERVE_ROLE, serveGrants(classes)), role(OPS_ROLE, OPS_GRANTS)];
};

/**
 * The commands that give one product its users and roles, in `mongosh` form, for a server on which Bulkhead may not
 * run them itself; to be run again where classes or roles have changed. Passwords are left to `passwordPrompt()`.
 */
export function provisionScript({ database, classes, serve, ops }: ScriptOptions): string {
  const roles = roleCommands(database, classes).map(({ role, ...rest }) => {
    const name = JSON.stringify(role);
    return `db.getRole(${name}) ? db.updateRole(${name}, ${JSON.stringify(rest)}) : db.createRole(${JSON.stringify({ role, ...rest })})`;
  });
  const users = [
    [serve.user, SERVE_ROLE],
    [ops.user, OPS_ROLE],
  ].map(
    ([user, role]) =>
      `db.getUser("${user}") || db.createUser({ user: "${user}", pwd: passwordPrompt(), roles: ["${role}"] })`,
  );
  return [`use ${database}`, ...roles, ...users].join('\n');
}

/**
 * Gives one product its collections, roles and users with least privilege. Safe to run again: roles are brought to
 * what the classes declare today, and passwords to the given ones.
 *
 * @param admin a client with the right to manage users; it is not kept.
 * @throws the server's error when a command is refused.
 */
export async function provision(admin: mongo.MongoClient, options: ProvisionOptions): Promise<void> {
  const { database, classes, serve, ops, onUser = () => {} } = options;
  const db = admin.db(database);
  for (const name of Object.keys(serveGrants(classes))) {
    await db.createCollection(name).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
    });
  }
  const known = async (list: string, entries: string): Promise<Set<string>> => {
    const answer = await db.command({ [list]: 1 });
    return new Set(
      (answer[entries] as { role?: string; user?: string }[]).map((one) => one.role ?? one.user ?? ''),
    );
  };
  const [roles, users] = [await known('rolesInfo', 'roles'), await known('usersInfo', 'users')];
  for (const { role, ...rest } of roleCommands(database, classes)) {
    await db.command({ [roles.has(role as string) ? 'updateRole' : 'createRole']: role, ...rest });
  }
  for (const [{ user, password }, role] of [
    [serve, SERVE_ROLE],
    [ops, OPS_ROLE],
  ] as const) {
    onUser(user);
    await db.command({
      [users.has(user) ? 'updateUser' : 'createUser']: user,
      ...(password !== undefined && { pwd: password }),
      roles: [{ role, db: database }],
    });
  }
}
