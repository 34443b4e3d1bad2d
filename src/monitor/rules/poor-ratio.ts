import type { Rule } from '../facts.js';
import { count, FEW_CALLS, findingOf, isTelling, senderOf, subjectOf, wastedIn, window } from './say.js';

/** Documents or keys read in vain by one execution: Atlas advises from 500 on. */
export const WASTED = 500;
/** Read for each that was wanted. */
export const RATIO = 10;

/** Shapes with an index that leads to many documents that do not fit. Those without one are the scan's finding. */
export const poorRatio: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    const { plan } = shape;
    if (!plan || plan.problem || plan.collectionScan) return [];
    if (!isTelling(facts, 'poor-ratio', shape, FEW_CALLS)) return [];
    const wasted = wastedIn(shape);
    const examined = Math.max(plan.documentsExamined, plan.keysExamined);
    const wanted = Math.max(1, examined - wasted);
    if (wasted <= WASTED || examined / wanted < RATIO) return [];
    return [
      findingOf(
        {
          rule: 'poor-ratio',
          severity: 'amber',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)} examines ${count(plan.keysExamined)} keys and ${count(plan.documentsExamined)} documents (${plan.indexes.join(', ')}), of which ${count(wasted)} are not wanted; ${count(shape.calls)} times in ${window(facts)}.`,
          remedy: `bulkhead indexes advise ${facts.product}`,
        },
        [shape.shape],
      ),
    ];
  });
