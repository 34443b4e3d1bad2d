import type { Rule } from '../facts.js';
import { count, findingOf, window } from './say.js';

/** Beside `_id`. Each is written by every insert and by every update of its fields. */
export const MANY_INDEXES = 10;
/** In an hour: below, nobody waits for a write. */
export const WRITES_PER_HOUR = 1_000;

const WRITES = new Set(['insert', 'update', 'delete', 'findAndModify']);

/** Collections that are written more than read, with more indexes than that is worth. */
export const tooManyIndexes: Rule = (facts) =>
  facts.collections.flatMap(({ name, indexes }) => {
    const own = indexes.filter((index) => index.name !== '_id_').length;
    if (own < MANY_INDEXES) return [];
    const shapes = facts.shapes.filter(({ collection }) => collection === name);
    const calls = (isWrite: boolean) =>
      shapes
        .filter(({ command }) => WRITES.has(command) === isWrite)
        .reduce((sum, shape) => sum + shape.calls, 0);
    const [writes, reads] = [calls(true), calls(false)];
    if (writes < reads || writes / facts.hours < WRITES_PER_HOUR) return [];
    return [
      findingOf({
        rule: 'too-many-indexes',
        severity: 'amber',
        subject: { collection: name },
        reason: `${name} has ${own} indexes; ${count(writes)} writes and ${count(reads)} reads in ${window(facts)}.`,
        remedy: `bulkhead indexes advise ${facts.product}`,
      }),
    ];
  });
