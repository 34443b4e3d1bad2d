import type { mongo } from 'mongoose';
import { refusalOfRights, wordsOfDriverError } from '../database/driver-words.js';
import { withClient } from '../development/with-database.js';
import type { CredentialPlan } from './provision-product.js';

/**
 * Opens each connection string that is configured for a product, and looks whether it is on the server on which users
 * are managed.
 *
 * @param where who says which server that is, for messages.
 * @returns `warnings` of servers that cannot be reached from here: the gateway may stand nearer.
 */
export async function checkStrings(
  admin: mongo.MongoClient,
  { runtime, users }: CredentialPlan,
  where: string,
): Promise<{ readonly problems: string[]; readonly warnings?: string[] }> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const here = await serverOf(admin);
  for (const { user, uri, variable } of Object.values(users)) {
    if (uri === undefined) continue;
    try {
      const there = await withClient(uri, `${runtime.name}:command`, serverOf);
      if (here.length > 0 && there.length > 0 && !there.some((one) => here.includes(one)))
        problems.push(
          `${variable} names another server than ${where}, where users are made and removed: correct one of them.`,
        );
    } catch (error) {
      if (refusalOfRights(error) === 'credential')
        problems.push(
          `${variable}: the server that it names refuses ${user}. It may be another one than ${where}, or the password not today's.`,
        );
      else
        warnings.push(
          `${variable} could not be checked from here: ${wordsOfDriverError(error)}. Check it where the gateway runs: bulkhead doctor ${runtime.name}.`,
        );
    }
  }
  return { problems, ...(warnings.length > 0 && { warnings }) };
}

/**
 * By what a server is known: its process, and its set. One in common is enough, since two clients may be sent to
 * different members, and a set may have different names for its members inside and outside. A router is known by
 * nothing: a cluster has several.
 */
async function serverOf(client: mongo.MongoClient): Promise<readonly string[]> {
  const { msg, setName, hosts, topologyVersion } = await client.db('admin').command({ hello: 1 });
  if (msg === 'isdbgrid') return [];
  const { processId } = topologyVersion as { processId: mongo.ObjectId };
  const set = setName === undefined ? [] : [`${String(setName)}: ${(hosts as string[]).toSorted().join()}`];
  return [processId.toHexString(), ...set];
}
