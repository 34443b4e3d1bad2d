const FORM = /^mongodb(\+srv)?:\/\/((?:[^/?]*@)?)[^/?@]+(\/[^?]*)?(?:\?(.*))?$/s;
/** Options that are about a set or its discovery. */
const OF_A_SET = new Set(['replicaset', 'directconnection', 'loadbalanced', 'srvmaxhosts', 'srvservicename']);

/**
 * The connection string that asks one member and no other, with the credential and options of its set's string.
 *
 * @param authSource where the user is kept, as far as the driver found out: a `+srv` string need not say it.
 * @throws TypeError when the base is no connection string; the message does not repeat it.
 */
export function memberUri(base: string, host: string, authSource?: string): string {
  const [match, srv, who = '', path = '/', query = ''] = FORM.exec(base) ?? [];
  if (match === undefined) throw new TypeError('expected a connection string (mongodb://…)');
  const options = new URLSearchParams(query);
  const names = [...options.keys()];
  const given = new Set(names.map((name) => name.toLowerCase()));
  for (const name of names) if (OF_A_SET.has(name.toLowerCase())) options.delete(name);
  if (authSource !== undefined && !given.has('authsource')) options.set('authSource', authSource);
  // What `+srv` stands for.
  if (srv !== undefined && !given.has('tls') && !given.has('ssl')) options.set('tls', 'true');
  options.set('directConnection', 'true');
  return `mongodb://${who}${host}${path}?${options.toString()}`;
}
