import type { Rule } from '../facts/facts.js';
import { SLOW_MS } from '../stats/stats.js';
import { count, counted, findingOf, senderOf, subjectOf, time, window } from './say.js';

/** Of the time that all commands take: enough that mending this one is felt. */
export const SHARE = 0.3;
/** A minute of the database's time in an hour: Atlas's bar for advice is a minute in a day. */
export const TOTAL_MS_PER_HOUR = 60_000;
/** A sixth of a processor, and most of what the product does. */
export const HEAVY = { share: 0.5, totalMsPerHour: 600_000 } as const;

/** Shapes that are quick, and so frequent that they are most of the work: logs of slow queries never show them. */
export const hot: Rule = (facts) => {
  const total = facts.shapes.reduce((sum, { totalMs }) => sum + totalMs, 0);
  return facts.shapes.flatMap((shape) => {
    const share = shape.totalMs / Math.max(1, total);
    const perHour = shape.totalMs / facts.hours;
    if (shape.p95Ms >= SLOW_MS || share < SHARE || perHour < TOTAL_MS_PER_HOUR) return [];
    const isHeavy = share >= HEAVY.share && perHour >= HEAVY.totalMsPerHour;
    return [
      findingOf(
        {
          rule: 'hot',
          severity: isHeavy ? 'amber' : 'info',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)}: ${count(share * 100)} % of the time of all commands in ${window(facts)}, ${counted(shape.calls, 'call')} of ${time(shape.meanMs)}.`,
          remedy: `bulkhead explain ${facts.product} ${shape.shape}`,
        },
        [shape.shape],
      ),
    ];
  });
};
