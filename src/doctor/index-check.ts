import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { declaredIndexes, type DeclaredIndex } from '../indexes/ensure-indexes.js';
import type { Findings } from './check.js';

const NO_SUCH_COLLECTION = 26;
/** What changes what an index means; names and versions do not. */
const MEANING = ['unique', 'sparse', 'expireAfterSeconds', 'partialFilterExpression', 'collation'] as const;

/** Looks for declared indexes that a database lacks, and for those that mean something else than declared. */
export async function checkIndexes(
  findings: Findings,
  { product, db, classes }: { product: string; db: mongo.Db; classes: readonly ClassType[] },
): Promise<void> {
  const declared = declaredIndexes(classes);
  for (const collection of new Set(declared.map((one) => one.collection))) {
    const existing = await list(db, collection);
    for (const index of declared.filter((one) => one.collection === collection)) {
      const name = `${collection}: ${JSON.stringify(index.key)}`;
      const found = existing.find((one) => JSON.stringify(one['key']) === JSON.stringify(index.key));
      if (!found)
        findings.add('indexes', 'finding', `${name} is missing`, `Run \`bulkhead provision ${product}\`.`);
      else if (differs(found, index))
        findings.add(
          'indexes',
          'finding',
          `${name} has other options than declared (${MEANING.filter((one) => !same(found, index, one)).join(', ')})`,
          `Drop it, and run \`bulkhead provision ${product}\`.`,
        );
    }
  }
  findings.settle('indexes', `${declared.length} declared, all there`);
}

async function list(db: mongo.Db, collection: string): Promise<mongo.Document[]> {
  try {
    return await db.collection(collection).listIndexes().toArray();
  } catch (error) {
    if ((error as { code?: unknown }).code === NO_SUCH_COLLECTION) return [];
    throw error;
  }
}

const same = (found: mongo.Document, { options }: DeclaredIndex, one: (typeof MEANING)[number]): boolean =>
  // The server fills a collation's other settings in; that there is one is what is compared.
  one === 'collation'
    ? Boolean(found[one]) === Boolean(options[one])
    : JSON.stringify(found[one] || undefined) === JSON.stringify(options[one] || undefined) ||
      (one === 'expireAfterSeconds' && found[one] === options[one]);
const differs = (found: mongo.Document, index: DeclaredIndex): boolean =>
  MEANING.some((one) => !same(found, index, one));
