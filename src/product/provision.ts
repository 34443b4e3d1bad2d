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
  /** Takes away what a role may and the classes do not need any more. Default false: a gateway that still runs may need it. */
  readonly revoke?: boolean;
  /** Told of each user before its password is set, and waited for: afterwards may be too late to remember it. */
  readonly onUser?: (user: string) => void | Promise<void>;
}

/** The same for somebody who makes it by hand: passwords are asked for there. */
export type ScriptOptions = Pick<ProvisionOptions, 'database' | 'classes' | 'revoke'> &
  Readonly<Record<'serve' | 'ops', Pick<Credential, 'user'>>>;

const NAMESPACE_EXISTS = 48;

interface Privilege {
  readonly resource: { readonly db: string; readonly collection: string };
  readonly actions: readonly string[];
}
interface Role {
  readonly role: string;
  readonly privileges: readonly Privilege[];
}

/** The role of users that serve. */
export const SERVE_ROLE = 'bulkhead.serve';
/** The role of users for the worker and the commands. */
export const OPS_ROLE = 'bulkhead.ops';

const rolesOf = (database: string, classes: readonly ClassType[]): Role[] => {
  const role = (name: string, grants: Grants): Role => ({
    role: name,
    privileges: Object.entries(grants).map(([collection, actions]) => ({
      resource: { db: database, collection },
      actions: [...actions],
    })),
  });
  return [role(SERVE_ROLE, serveGrants(classes)), role(OPS_ROLE, OPS_GRANTS)];
};

/**
 * The commands that give one product its users and roles, in `mongosh` form, for a server on which Bulkhead may not
 * run them itself; to be run again where classes or roles have changed. Passwords are left to `passwordPrompt()`.
 */
export function provisionScript({ database, classes, serve, ops, revoke = false }: ScriptOptions): string {
  const roles = rolesOf(database, classes).map(({ role, privileges }) => {
    const name = JSON.stringify(role);
    const list = JSON.stringify(privileges);
    const change = revoke
      ? `db.updateRole(${name}, { privileges: ${list}, roles: [] })`
      : `db.grantPrivilegesToRole(${name}, ${list})`;
    return `db.getRole(${name}) ? ${change} : db.createRole({ role: ${name}, privileges: ${list}, roles: [] })`;
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
 * Gives one product its collections, roles and users with least privilege. Safe to run again: roles get what the
 * classes declare today, and users the given passwords. What the classes have declared before is left in a role, for
 * gateways that still serve them, unless it is to be revoked.
 *
 * @param admin a client with the right to manage users; it is not kept.
 * @throws the server's error when a command is refused.
 */
export async function provision(admin: mongo.MongoClient, options: ProvisionOptions): Promise<void> {
  const { database, classes, serve, ops, revoke = false, onUser = () => {} } = options;
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
  for (const { role, privileges } of rolesOf(database, classes)) {
    if (!roles.has(role)) await db.command({ createRole: role, privileges, roles: [] });
    else if (revoke) await db.command({ updateRole: role, privileges, roles: [] });
    else await db.command({ grantPrivilegesToRole: role, privileges });
  }
  for (const [{ user, password }, role] of [
    [serve, SERVE_ROLE],
    [ops, OPS_ROLE],
  ] as const) {
    await onUser(user);
    await db.command({
      [users.has(user) ? 'updateUser' : 'createUser']: user,
      ...(password !== undefined && { pwd: password }),
      roles: [{ role, db: database }],
    });
  }
}

/**
 * What the roles of a product may do beyond what its classes need, such as `bulkhead.serve: comments: update`: what
 * `provision` with `revoke` takes away.
 */
export async function findSurplus(db: mongo.Db, classes: readonly ClassType[]): Promise<readonly string[]> {
  const surplus: string[] = [];
  for (const { role, privileges } of rolesOf(db.databaseName, classes)) {
    const { roles } = await db.command({ rolesInfo: role, showPrivileges: true });
    const [found] = roles as { inheritedPrivileges: Privilege[] }[];
    for (const { resource, actions } of found?.inheritedPrivileges ?? []) {
      const { db: where, collection } = resource;
      const needed = privileges.find(
        (one) => one.resource.db === where && one.resource.collection === collection,
      );
      const more = actions.filter((action) => !needed?.actions.includes(action));
      const place = [where === db.databaseName ? '' : (where ?? 'the server'), collection]
        .filter(Boolean)
        .join('.');
      if (more.length > 0) surplus.push(`${role}: ${place || 'every collection'}: ${more.join(', ')}`);
    }
  }
  return surplus;
}
