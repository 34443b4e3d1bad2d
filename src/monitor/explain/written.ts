import type { mongo } from 'mongoose';

/** Statements of one command that are explained; of a longer bulk, the first. */
const MOST_STATEMENTS = 100;

/** The parts of a write that the server can explain: one by one, where a command has several. */
export function statementsOf(question: mongo.Document): readonly mongo.Document[] {
  for (const key of ['updates', 'deletes']) {
    const statements: unknown = question[key];
    if (Array.isArray(statements) && statements.length > 1)
      return statements.slice(0, MOST_STATEMENTS).map((one: unknown) => ({ ...question, [key]: [one] }));
  }
  return [question];
}

const WRITES: ReadonlySet<string> = new Set(['update', 'delete', 'findAndModify']);

/** How many documents a write has changed, deleted or made, of those that its answer is about; 0 for what looks for none. */
export const writtenBy = (name: string, documents: number): number => (WRITES.has(name) ? documents : 0);

/** What a search examined. */
interface Examined {
  readonly documentsExamined: number;
  readonly keysExamined: number;
  readonly collectionScan: boolean;
}

/**
 * What a write examined at least. It is explained when it is done: what it has changed may not fit its query any more,
 * and what it has deleted is gone; but it was examined.
 */
export function atLeastWritten<T extends Examined>(explained: T, written: number): T {
  const { documentsExamined, keysExamined, collectionScan } = explained;
  return {
    ...explained,
    documentsExamined: Math.max(documentsExamined, written),
    keysExamined: collectionScan ? keysExamined : Math.max(keysExamined, written),
  };
}
