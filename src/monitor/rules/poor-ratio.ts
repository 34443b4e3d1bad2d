import type { Rule } from '../facts/facts.js';
import {
  count,
  counted,
  easeOf,
  FEW_CALLS,
  findingOf,
  isTelling,
  senderOf,
  subjectOf,
  window,
} from './say.js';
import { scans, sourceOf, wasteOf } from './work.js';

/** Documents or keys read in vain by one execution: Atlas advises from 500 on. */
export const WASTED = 500;
/** Read for each that was wanted. */
export const RATIO = 10;

/** Shapes with an index that leads to many documents that do not fit. Those without one are the scan's finding. */
export const poorRatio: Rule = (facts) =>
  facts.shapes.flatMap((shape) => {
    const { plan } = shape;
    const read = wasteOf(shape);
    if (!plan || !read || scans(shape)) return [];
    if (!isTelling(facts, 'poor-ratio', shape, FEW_CALLS)) return [];
    const { documents, keys, wasted } = read;
    const examined = Math.max(documents, keys);
    const wanted = Math.max(1, examined - wasted);
    const ease = easeOf(facts, 'poor-ratio', shape);
    if (wasted <= WASTED / ease || examined / wanted < RATIO / ease) return [];
    return [
      findingOf(
        {
          rule: 'poor-ratio',
          severity: 'amber',
          subject: subjectOf(shape),
          reason: `${senderOf(shape)} examines ${counted(keys, 'key')} and ${counted(documents, 'document')} (${plan.indexes.join(', ')})${sourceOf(shape)}, of which ${count(wasted)} are not wanted; ${counted(shape.calls, 'time')} in ${window(facts)}.`,
          remedy: `bulkhead indexes advise ${facts.product}`,
        },
        [shape.shape],
      ),
    ];
  });
