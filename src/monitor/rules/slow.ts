import type { Rule, ShapeFacts } from '../facts/facts.js';
import { SLOW_MS } from '../stats/stats.js';
import {
  count,
  FEWEST_OF_P95,
  findingOf,
  isMended,
  isTelling,
  OTHER_CLIENT,
  senderOf,
  subjectOf,
  time,
  window,
} from './say.js';

/** A fifth of the deadline that an operation has by default: a few such commands, and it is missed. */
export const VERY_SLOW_MS = 1_000;

/** Seen through the profiler alone: how many calls there were, nobody knows. */
const isOfOthers = ({ origins }: ShapeFacts): boolean =>
  origins.length > 0 && origins.every(({ operation }) => operation === OTHER_CLIENT);

/** Shapes that are slow for one call in twenty. */
export const slow: Rule = (facts) =>
  facts.shapes
    .filter(
      (shape) =>
        shape.p95Ms >= SLOW_MS &&
        isTelling(facts, 'slow', shape, FEWEST_OF_P95) &&
        !isMended(facts, 'slow', shape, SLOW_MS),
    )
    .map((shape) =>
      findingOf(
        {
          rule: 'slow',
          severity: shape.p95Ms >= VERY_SLOW_MS && !isOfOthers(shape) ? 'red' : 'amber',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)}: 95 % of ${count(shape.calls)} calls${isOfOthers(shape) ? ' that the profiler has kept (it may keep slow ones only)' : ''} in ${window(facts)} within ${time(shape.p95Ms)}, half within ${time(shape.p50Ms)}.`,
          remedy: `bulkhead explain ${facts.product} ${shape.shape}`,
        },
        [shape.shape],
      ),
    );
