import { mongo } from 'mongoose';

/** A database user with its password. */
export interface UserPassword {
  readonly user: string;
  readonly password: string;
}

/** Who a connection string logs in as, and where that user is kept. */
export interface UriCredential extends UserPassword {
  readonly authSource: string;
}

const FORM = /^(mongodb(?:\+srv)?:\/\/)(?:[^/?]*@)?([^/?@]+)(?:\/[^?]*)?(?:\?(.*))?$/s;
const CREDENTIAL_OPTIONS = new Set(['authsource', 'authmechanism', 'authmechanismproperties']);

/**
 * A connection string for one user of one database, with the hosts and options of another string. Its credential
 * and what belongs to it are replaced.
 *
 * @throws TypeError when the base is no connection string; the message does not repeat it.
 */
export function uriFor(
  base: string,
  database: string,
  { user, password }: UserPassword,
  authSource: string = database,
): string {
  const [, scheme, hosts, query = ''] = FORM.exec(base) ?? [];
  if (!scheme || !hosts) throw new TypeError('expected a connection string (mongodb://…)');
  const options = new URLSearchParams(query);
  for (const name of new Set(options.keys()))
    if (CREDENTIAL_OPTIONS.has(name.toLowerCase())) options.delete(name);
  options.set('authSource', authSource);
  const who = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `${scheme}${who}@${hosts}/${encodeURIComponent(database)}?${options.toString()}`;
}

/** Who a connection string logs in as; undefined where it names nobody, or no password. */
export function credentialOf(uri: string): UriCredential | undefined {
  try {
    const { credentials } = new mongo.MongoClient(uri).options;
    if (!credentials?.username || !credentials.password) return undefined;
    return { user: credentials.username, password: credentials.password, authSource: credentials.source };
  } catch {
    return undefined;
  }
}
