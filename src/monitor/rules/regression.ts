import type { Rule } from '../facts.js';
import { count, findingOf, isTelling, senderOf, subjectOf, time, window } from './say.js';

/** In both times, so that a p95 is no accident. */
export const CALLS = 100;
export const TIMES = 2;
/** PgHero's bar of a slow query: twice a millisecond is nobody's trouble. */
export const MORE_MS = 20;

/** Shapes that have become slower than they were in the week before. */
export const regression: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    const { before, p95Ms, calls } = shape;
    if (!before || before.calls < CALLS || !isTelling(facts, 'regression', shape, CALLS)) return [];
    if (p95Ms < before.p95Ms * TIMES || p95Ms - before.p95Ms < MORE_MS) return [];
    return [
      findingOf(
        {
          rule: 'regression',
          severity: 'amber',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)}: 95 % within ${time(p95Ms)} in ${window(facts)} (${count(calls)} calls), ${time(before.p95Ms)} in the week before (${count(before.calls)}).`,
          remedy: `bulkhead explain ${facts.product} ${shape.shape}`,
        },
        [shape.shape],
      ),
    ];
  });
