import { randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';

const PREFIX = 'bulkhead_advise_';
const NAME = new RegExp(`^${PREFIX}([0-9a-z]+)_[0-9a-f]{12}$`);
/** Nobody waits so long for advice: whoever made it was killed. */
const ABANDONED_MS = 24 * 3_600_000;

/** A name for a database of copies, which says when it was made. */
export const scratchName = (now: Date): string =>
  `${PREFIX}${now.getTime().toString(36)}_${randomBytes(6).toString('hex')}`;

/** Drops what commands that were killed have left on a scratch server: it holds documents of users. */
export async function dropAbandoned(client: mongo.MongoClient, now: Date): Promise<void> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  for (const { name } of databases) {
    const [, madeAt] = NAME.exec(name) ?? [];
    if (madeAt !== undefined && now.getTime() - Number.parseInt(madeAt, 36) > ABANDONED_MS)
      await client.db(name).dropDatabase();
  }
}
