import type { Finding, FindingRule } from '../finding.js';
import type { ProductFacts, Rule } from '../facts/facts.js';
import { collectionScan } from './collection-scan.js';
import { growth } from './growth.js';
import { hot } from './hot.js';
import { inMemorySort } from './in-memory-sort.js';
import { missingIndex } from './missing-index.js';
import { missingTtl } from './missing-ttl.js';
import { poorRatio } from './poor-ratio.js';
import { duplicateIndex, redundantIndex } from './redundant-index.js';
import { regression } from './regression.js';
import { slow } from './slow.js';
import { tooManyIndexes } from './too-many-indexes.js';
import { unbatched } from './unbatched.js';
import { unbounded } from './unbounded.js';
import { unusedIndex } from './unused-index.js';

const RULES: Readonly<Record<FindingRule, Rule>> = {
  slow,
  hot,
  'collection-scan': collectionScan,
  'poor-ratio': poorRatio,
  'in-memory-sort': inMemorySort,
  unbatched,
  unbounded,
  regression,
  'unused-index': unusedIndex,
  'redundant-index': redundantIndex,
  'duplicate-index': duplicateIndex,
  'too-many-indexes': tooManyIndexes,
  'missing-index': missingIndex,
  'missing-ttl': missingTtl,
  growth,
};

/** Everything that is wrong in a product, by all rules. Pure: the same facts give the same findings. */
export function examine(facts: ProductFacts): readonly Finding[] {
  const byId = new Map(
    Object.values(RULES)
      .flatMap((rule) => rule(facts))
      .map((one) => [one.id, one]),
  );
  // An index that is another one's twin may be shorter than a third as well: once is enough.
  const twins = new Set(
    [...byId.values()]
      .filter(({ rule }) => rule === 'duplicate-index')
      .map(({ subject }) => indexOf(subject)),
  );
  return [...byId.values()].filter(
    ({ rule, subject }) => rule !== 'redundant-index' || !twins.has(indexOf(subject)),
  );
}

const indexOf = ({ collection, index }: Finding['subject']): string => `${collection} ${index}`;
