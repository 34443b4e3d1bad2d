import type { mongo } from 'mongoose';

/** Counts, per collection, stored documents that lack a timestamp; internal collections are exempt. Exact, never sampled. */
export async function countUnstamped(db: mongo.Db): Promise<string[]> {
  const lacking: string[] = [];
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (name.startsWith('_bulkhead.') || name.startsWith('system.')) continue;
    const filter = {
      $or: [{ createdAt: { $not: { $type: 'date' } } }, { updatedAt: { $not: { $type: 'date' } } }],
    };
    const count = await db.collection(name).countDocuments(filter);
    if (count > 0) lacking.push(`${db.databaseName}.${name}: ${count}`);
  }
  return lacking;
}
