import type { Rule, ShapeFacts } from '../facts/facts.js';
import { walk } from '../explain/read-explain.js';
import {
  collectionOfShape,
  counted,
  easeOf,
  FEW_CALLS,
  findingOf,
  isTelling,
  senderOf,
  subjectOf,
  window,
} from './say.js';
import { isLike, seenOf, sourceOf } from './work.js';

/** Sorting fewer costs less than what else a command costs. */
export const NOTED = 100;
/** From here on it is felt, and grows with the collection. */
export const MANY = 1_000;

/** Shapes whose documents are sorted in the server's memory, all of them before the first is returned. */
export const inMemorySort: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    if (!sorts(shape) || !isTelling(facts, 'in-memory-sort', shape, FEW_CALLS)) return [];
    const sorted = sortedBy(shape) ?? collectionOfShape(facts, shape)?.documents ?? 0;
    if (sorted < NOTED / easeOf(facts, 'in-memory-sort', shape)) return [];
    return [
      findingOf(
        {
          rule: 'in-memory-sort',
          severity: sorted >= MANY && (isLike(shape) || seenOf(shape)) ? 'amber' : 'info',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)} sorts ${counted(sorted, 'document')} in memory${sourceOf(shape)}; ${counted(shape.calls, 'time')} in ${window(facts)}.`,
          remedy: `bulkhead indexes advise ${facts.product}`,
        },
        [shape.shape],
      ),
    ];
  });

/** Whether it sorts: as seen where it was, and as it is planned with values like those that were asked for. */
function sorts(shape: ShapeFacts): boolean {
  if (!shape.plan) return false;
  const seen = seenOf(shape);
  return seen ? seen.sorts > 0 : shape.plan.inMemorySort;
}

/** What goes into the sort with most of it; undefined where it was not counted. */
function sortedBy(shape: ShapeFacts): number | undefined {
  const [{ plan }, seen] = [shape, seenOf(shape)];
  // No more than was read goes into it.
  if (seen && (!isLike(shape) || !plan!.inMemorySort)) return Math.max(seen.documents, seen.keys);
  const sorts = [...walk(plan!.root)].filter(({ stage }) => stage === 'SORT');
  const sizes = sorts.map(({ inputs }) =>
    inputs.reduce((sum, { returned = Number.NaN }) => sum + returned, 0),
  );
  const known = sizes.filter((size) => !Number.isNaN(size));
  return known.length > 0 ? Math.max(...known) : undefined;
}
