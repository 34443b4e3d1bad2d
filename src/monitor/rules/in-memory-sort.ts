import type { Rule, ShapeFacts } from '../facts.js';
import { walk } from '../read-explain.js';
import {
  collectionOfShape,
  count,
  FEW_CALLS,
  findingOf,
  isTelling,
  senderOf,
  subjectOf,
  window,
} from './say.js';

/** Sorting fewer costs less than what else a command costs. */
export const NOTED = 100;
/** From here on it is felt, and grows with the collection. */
export const MANY = 1_000;

/** Shapes whose documents are sorted in the server's memory, all of them before the first is returned. */
export const inMemorySort: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    if (!shape.plan?.inMemorySort || !isTelling(facts, 'in-memory-sort', shape, FEW_CALLS)) return [];
    const sorted = sortedBy(shape) ?? collectionOfShape(facts, shape)?.documents ?? 0;
    if (sorted < NOTED) return [];
    return [
      findingOf(
        {
          rule: 'in-memory-sort',
          severity: sorted >= MANY ? 'amber' : 'info',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)} sorts ${count(sorted)} documents in memory; ${count(shape.calls)} times in ${window(facts)}.`,
          remedy: `bulkhead indexes advise ${facts.product}`,
        },
        [shape.shape],
      ),
    ];
  });

/** What goes into the sort with most of it; undefined where it was not counted. */
function sortedBy({ plan }: ShapeFacts): number | undefined {
  const sorts = [...walk(plan!.root)].filter(({ stage }) => stage === 'SORT');
  const sizes = sorts.map(({ inputs }) =>
    inputs.reduce((sum, { returned = Number.NaN }) => sum + returned, 0),
  );
  const known = sizes.filter((size) => !Number.isNaN(size));
  return known.length > 0 ? Math.max(...known) : undefined;
}
