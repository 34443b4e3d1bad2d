import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { StartError } from '../errors/bulkhead-error.js';
import type { IndexChange } from '../indexes/changes.js';
import type { Difference } from '../indexes/difference.js';
import { declaredIndexes } from '../indexes/declared-indexes.js';
import { compareIndexes } from '../indexes/plan.js';
import type { Findings } from './check.js';

/** Looks for declared indexes that a database lacks, and for those that mean something else than declared. */
export async function checkIndexes(
  findings: Findings,
  { product, db, classes }: { product: string; db: mongo.Db; classes: readonly ClassType[] },
): Promise<void> {
  let found: Difference;
  try {
    found = await compareIndexes(db, classes);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    for (const problem of error.problems) findings.add('indexes', 'finding', problem, 'Correct the class.');
    return;
  }
  const { changes, undeclared } = found;
  for (const { change } of changes)
    findings.add(
      'indexes',
      'finding',
      messageOf(change),
      `Run \`bulkhead indexes plan ${product}\`, and apply it.`,
    );
  for (const { collection, name, index } of undeclared)
    findings.add('indexes', 'note', `${collection}: ${name} ${index} is declared by no class`);
  findings.settle('indexes', `${declaredIndexes(classes).length} declared, all there`);
}

function messageOf({ kind, collection, index, building, reason }: IndexChange): string {
  if (building) return `${collection}: ${index} is being built`;
  if (kind === 'create') return `${collection}: ${index} is missing`;
  return `${collection}: ${index}: ${kind === 'unhide' ? 'is hidden' : reason}`;
}
