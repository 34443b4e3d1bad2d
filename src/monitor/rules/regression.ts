import type { Rule } from '../facts/facts.js';
import { FELT_MS } from '../stats/stats.js';
import { count, findingOf, isMended, isTelling, senderOf, subjectOf, time, window } from './say.js';

/** In both times, so that a p95 is no accident. */
export const CALLS = 100;
export const TIMES = 2;
/** Twice a millisecond is nobody's trouble. */
export const MORE_MS = FELT_MS;

/** Shapes that have become slower than they were in the week before. */
export const regression: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    const { before, p95Ms, calls } = shape;
    if (!before || before.calls < CALLS || !isTelling(facts, 'regression', shape, CALLS)) return [];
    const barMs = Math.max(before.p95Ms * TIMES, before.p95Ms + MORE_MS);
    if (p95Ms < barMs || isMended(facts, 'regression', shape, barMs)) return [];
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
