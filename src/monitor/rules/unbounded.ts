import type { Rule, ShapeFacts } from '../facts/facts.js';
import { documentsOfCall } from '../stats/read-stats.js';
import { parseShape } from '../shape/shape.js';
import { count, counted, FEW_CALLS, findingOf, isTelling, senderOf, subjectOf, window } from './say.js';

/** Ten of the largest pages that a list has by default. */
export const MANY = 1_000;
/** At a kilobyte each, more than an answer may be long (8 MiB). */
export const FAR_TOO_MANY = 10_000;

/** Reads without a limit that return much: they grow with the product until they fall over. */
export const unbounded: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    if (!isTelling(facts, 'unbounded', shape, FEW_CALLS) || !isOpen(shape)) return [];
    const returned = documentsOfCall(shape) ?? 0;
    if (returned < MANY) return [];
    return [
      findingOf(
        {
          rule: 'unbounded',
          severity: returned >= FAR_TOO_MANY ? 'red' : 'amber',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)} has no limit and returns ${count(returned)} documents; ${counted(shape.calls, 'time')} in ${window(facts)}.`,
          remedy: 'Read a page at a time (context.lists.page), or give the read a limit.',
        },
        [shape.shape],
      ),
    ];
  });

function isOpen({ text, command }: ShapeFacts): boolean {
  const { parts } = parseShape(text);
  if (command === 'find') return parts['limit'] === undefined;
  if (command !== 'aggregate' || !Array.isArray(parts['pipeline'])) return false;
  // What is grouped or counted is bounded by what it is grouped by.
  return !/"\$(?:limit|group|count|sortByCount|bucket|bucketAuto|facet|out|merge|sample)":/.test(
    JSON.stringify(parts['pipeline']),
  );
}
