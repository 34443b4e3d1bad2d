import { randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';

const PREFIX = 'bulkhead_advise_';
const NAME = new RegExp(`^${PREFIX}([0-9a-z]+)_[0-9a-f]{12}$`);
/** Nobody waits so long for advice: whoever made it was killed. */
const ABANDONED_MS = 24 * 3_600_000;

/** A name for a database of copies, which says when it was made. */
export const scratchName = (now: Date): string =>
  `${PREFIX}${now.getTime().toString(36)}_${randomBytes(6).toString('hex')}`;

/** Who a server is, whatever it is called: what answers a write. */
export interface ServerIdentity {
  /** Of the process: no other has it, and it changes with every start. */
  readonly process?: string;
  /** Of the keys that the routers of one cluster share. */
  readonly cluster?: string;
}

/** Asks a server who it is. Reads nothing that needs a right. */
export async function identityOf(db: mongo.Db): Promise<ServerIdentity> {
  // As a write goes, to the primary.
  const hello = await db.command({ hello: 1 }, { readPreference: 'primary' });
  const { processId } = (hello['topologyVersion'] ?? {}) as {
    processId?: mongo.ObjectId;
  };
  const { signature } = (hello['$clusterTime'] ?? {}) as {
    signature?: { keyId?: number | mongo.Long };
  };
  const key = (signature?.keyId ?? 0).toString();
  return {
    ...(processId && { process: processId.toString() }),
    // Without authentication there are no keys; and only routers are several processes before one server.
    ...(hello['msg'] === 'isdbgrid' && key !== '0' && { cluster: key }),
  };
}

/** Whether two connections end at one server, or at routers of one cluster. */
export const isSameServer = (one: ServerIdentity, other: ServerIdentity): boolean =>
  (one.process !== undefined && one.process === other.process) ||
  (one.cluster !== undefined && one.cluster === other.cluster);

/** Drops what commands that were killed have left on a scratch server: it holds documents of users. */
export async function dropAbandoned(client: mongo.MongoClient, now: Date): Promise<void> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  for (const { name } of databases) {
    const [, madeAt] = NAME.exec(name) ?? [];
    if (madeAt !== undefined && now.getTime() - Number.parseInt(madeAt, 36) > ABANDONED_MS)
      await client.db(name).dropDatabase();
  }
}
