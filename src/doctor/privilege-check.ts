import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { type Grants, inspectReach } from '../database/privileges.js';
import { OPS_GRANTS, serveGrants } from '../product/grants.js';
import type { Product } from '../product/product.js';
import type { Findings } from './check.js';

/** Asks the server what a credential may do: what it lacks, and what it may do beyond its product or its work. */
export async function checkPrivileges(
  findings: Findings,
  role: 'serve' | 'ops',
  {
    name,
    product,
    classes,
    db,
  }: { name: string; product: Product; classes: readonly ClassType[]; db: mongo.Db },
): Promise<void> {
  const needs = role === 'serve' ? serveGrants(classes) : OPS_GRANTS;
  const { beyond, missing } = await inspectReach(db, needs);
  const again = `Run \`bulkhead provision ${name}\``;
  for (const one of missing)
    findings.add('privileges', 'finding', `${role}: a grant is missing: ${one}`, `${again}.`);
  if (beyond.length > 0) {
    const reach = `${role}: reaches beyond the product: ${beyond.join(', ')}`;
    if (role === 'serve' && product.wideCredential !== undefined)
      findings.add('privileges', 'note', `${reach} (allowed: ${product.wideCredential})`);
    else findings.add('privileges', 'finding', reach, `${again}, and use the credential it makes.`);
  } else {
    for (const one of await moreThan(db, needs))
      findings.add(
        'privileges',
        'finding',
        `${role}: may do more than it needs: ${one}`,
        `When no gateway of an earlier version runs: \`bulkhead provision ${name} --revoke\`.`,
      );
  }
}

interface Privilege {
  readonly resource: { readonly db?: string; readonly collection?: string };
  readonly actions: readonly string[];
}
const SHOWN = 5;

/** Rights inside the product's own database that the role does not need, such as dropping it. */
async function moreThan(db: mongo.Db, needs: Grants): Promise<string[]> {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true });
  const { authenticatedUserPrivileges } = authInfo as { authenticatedUserPrivileges: Privilege[] };
  return authenticatedUserPrivileges.flatMap(({ resource, actions }) => {
    const collection = resource.collection ?? '';
    const excess = actions.filter((action) => !needs[collection]?.includes(action));
    if (excess.length === 0) return [];
    const shown = excess.slice(0, SHOWN).join(', ');
    const rest = excess.length > SHOWN ? ` and ${excess.length - SHOWN} more` : '';
    return [`${collection || 'every collection'}: ${shown}${rest}`];
  });
}
