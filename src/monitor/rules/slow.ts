import type { Rule } from '../facts.js';
import { count, findingOf, senderOf, subjectOf, time, window } from './say.js';

/** The server's own threshold of a slow query, and Atlas's where it does not set one by itself. */
export const SLOW_MS = 100;
/** A fifth of the deadline that an operation has by default: a few such commands, and it is missed. */
export const VERY_SLOW_MS = 1_000;
/** A p95 of fewer is the slowest of them. */
export const CALLS = 20;

/** Shapes that are slow for one call in twenty. */
export const slow: Rule = (facts) =>
  facts.shapes
    .filter(({ p95Ms, calls }) => calls >= CALLS && p95Ms >= SLOW_MS)
    .map((shape) =>
      findingOf(
        {
          rule: 'slow',
          severity: shape.p95Ms >= VERY_SLOW_MS ? 'red' : 'amber',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)}: 95 % of ${count(shape.calls)} calls in ${window(facts)} within ${time(shape.p95Ms)}, half within ${time(shape.p50Ms)}.`,
          remedy: `bulkhead explain ${facts.product} ${shape.shape}`,
        },
        [shape.shape],
      ),
    );
