import type { CollectionFacts, IndexFacts, ProductFacts, Rule } from '../facts/facts.js';
import { dropCommand } from '../../indexes/named-index.js';
import { plainKey } from '../facts/plain-index.js';
import { findingOf, isHinted, keyText, size } from './say.js';

/** Atlas's bar: a weekly job has used it by then. Counting begins anew with the server and with the index. */
export const UNUSED_DAYS = 7;
/** What an index may take before its being there is more than untidy. */
export const LARGE_BYTES = 10e6;

const DAY_MS = 86_400_000;

/** Whether an index does more than to be searched, or is named by somebody. */
export const promises = (facts: ProductFacts, collection: CollectionFacts, index: IndexFacts): boolean =>
  index.name === '_id_' ||
  index.isUnique ||
  index.isTtl ||
  // A hidden one is on its way out already.
  index.isHidden ||
  isHinted(facts, collection, index);

/** Whether an index may be missed by somebody: as `bulkhead indexes advise` decides, it is plain, promises nothing, and is not young. */
export const mayGo = (facts: ProductFacts, collection: CollectionFacts, index: IndexFacts): boolean =>
  plainKey(index) !== undefined && !promises(facts, collection, index) && daysOf(facts, index) >= UNUSED_DAYS;

/** How an index goes. Where a class declares it, its line goes first, or `apply` would build it again. */
export function remedyOf(
  { product, declared }: ProductFacts,
  collection: CollectionFacts,
  { name, key }: IndexFacts,
): string {
  const isDeclared = declared.some(
    (one) => one.collection === collection.name && JSON.stringify(one.key) === JSON.stringify(key),
  );
  const hide = dropCommand(product, { collection: collection.name, name });
  return isDeclared ? `Remove @index(${keyText(key)}) from the class; then ${hide}` : hide;
}

/** Indexes that no query has used for a week. */
export const unusedIndex: Rule = (facts) =>
  facts.collections.flatMap((collection) =>
    collection.indexes
      .filter((index) => index.uses === 0 && mayGo(facts, collection, index))
      .map((index) =>
        findingOf({
          rule: 'unused-index',
          severity: index.bytes >= LARGE_BYTES ? 'amber' : 'info',
          subject: { collection: collection.name, index: index.name },
          reason: `${collection.name}: ${keyText(index.key)} was not used in ${Math.floor(daysOf(facts, index))} days on this node (${size(index.bytes)}).`,
          remedy: remedyOf(facts, collection, index),
        }),
      ),
  );

/** How long its uses are counted: since the server started, or the index was made. Where that is not known, no time. */
const daysOf = ({ now }: ProductFacts, { since }: IndexFacts): number =>
  since ? (now.getTime() - since.getTime()) / DAY_MS : 0;
