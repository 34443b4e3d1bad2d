import type { mongo } from 'mongoose';

/** What the server says the connected credential may do. */
export interface Reach {
  /** Whether the server knows who is connected: false without access control, and when the user was removed. */
  readonly authenticated: boolean;
  /** Resources outside the product's own database, in words; empty for a credential that stays at home. */
  readonly beyond: readonly string[];
  /** Declared grants that are missing, such as `posts: insert`. */
  readonly missing: readonly string[];
}

interface Privilege {
  readonly resource: {
    readonly db?: string;
    readonly collection?: string;
    readonly cluster?: boolean;
    readonly anyResource?: boolean;
  };
  readonly actions: readonly string[];
}

/** The actions that are needed, by collection; under `''` those on every collection of the database. */
export type Grants = Readonly<Record<string, readonly string[]>>;

const describe = ({ resource }: Privilege): string =>
  resource.anyResource
    ? 'every resource'
    : resource.cluster
      ? 'the cluster'
      : resource.db
        ? `the database ${resource.db}`
        : `every database${resource.collection ? ` (${resource.collection})` : ''}`;

/**
 * Asks the server what the connected credential may do, and compares it with one product's database and needs.
 * A server without access control lets everyone do everything: that reaches beyond, too.
 */
export async function inspectReach(db: mongo.Db, needs: Grants): Promise<Reach> {
  const status = await db.command({ connectionStatus: 1, showPrivileges: true });
  const { authenticatedUsers, authenticatedUserPrivileges } = status['authInfo'] as {
    authenticatedUsers: unknown[];
    authenticatedUserPrivileges: Privilege[];
  };
  if (authenticatedUsers.length === 0)
    return {
      authenticated: false,
      beyond: ['everything: the server has no access control'],
      missing: [],
    };

  const own = db.databaseName;
  const foreign = authenticatedUserPrivileges.filter(({ resource }) => resource.db !== own);
  const covers = (collection: string, action: string) =>
    authenticatedUserPrivileges.some(
      ({ resource, actions }) =>
        (resource.anyResource ||
          ((resource.db === own || resource.db === '') &&
            (resource.collection === collection || resource.collection === ''))) &&
        actions.includes(action),
    );
  const missing = Object.entries(needs).flatMap(([collection, actions]) => {
    const lacking = actions.filter((action) => !covers(collection, action));
    return lacking.length > 0 ? [`${collection || 'every collection'}: ${lacking.join(', ')}`] : [];
  });
  return { authenticated: true, beyond: [...new Set(foreign.map(describe))], missing };
}
