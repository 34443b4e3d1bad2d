import type { Grants } from '../database/privileges.js';
import { OPS_GRANTS, serveGrants } from './grants.js';
import type { ScriptOptions } from './provision.js';

/** What is granted elsewhere, and no custom role of Atlas may have (its reference, "Custom Role Actions"). */
const NOT_THERE = new Set(['indexStats']);

/** Where Atlas keeps all users, whichever database they are for. */
export const ATLAS_AUTH_SOURCE = 'admin';

/** Whether a connection string leads to Atlas, which lets nobody manage users and roles but its own tools. */
export const isAtlas = (uri: string): boolean =>
  /^mongodb(?:\+srv)?:\/\/(?:[^/?]*@)?[^/?]*\.mongodb\.net(?::\d+)?(?:[,/?]|$)/i.test(uri);

/** `renameCollectionSameDB` as Atlas writes it: `RENAME_COLLECTION_SAME_DB`. */
const atlasName = (action: string): string => action.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

/**
 * The commands of the Atlas CLI that give one product its users and roles. Roles are of a whole project there, so they
 * carry the database's name; passwords are asked for.
 *
 * Atlas has no `indexStats` for custom roles: which indexes are used is not seen, and said so.
 */
export function atlasScript({ database, classes, serve, ops, revoke = false }: ScriptOptions): string {
  const role = (name: string, grants: Grants): string => {
    const privileges = Object.entries(grants).flatMap(([collection, actions]) =>
      actions
        .filter((action) => !NOT_THERE.has(action))
        .map((action) => `${atlasName(action)}@${database}${collection === '' ? '' : `.${collection}`}`),
    );
    const list = `--privilege '${privileges.join(',')}'`;
    // Without it, the list replaces what the role may.
    const append = revoke ? '' : ' --append';
    return `atlas customDbRoles create ${name} ${list} || atlas customDbRoles update ${name} ${list}${append}`;
  };
  const [serveRole, opsRole] = [`bulkhead-${database}-serve`, `bulkhead-${database}-ops`];
  const user = (name: string, has: string): string =>
    `atlas dbusers create --username ${name} --role ${has}@${ATLAS_AUTH_SOURCE}`;
  return [
    role(serveRole, serveGrants(classes)),
    role(opsRole, OPS_GRANTS),
    user(serve.user, serveRole),
    user(ops.user, opsRole),
  ].join('\n');
}
