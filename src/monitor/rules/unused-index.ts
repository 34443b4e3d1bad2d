import type { CollectionFacts, IndexFacts, ProductFacts, Rule } from '../facts.js';
import { findingOf, isHinted, keyText, size } from './say.js';

/** Atlas's bar: a weekly job has used it by then. Counting begins anew with the server and with the index. */
export const UNUSED_DAYS = 7;
/** What an index may take before its being there is more than untidy. */
export const LARGE_BYTES = 10e6;

const DAY_MS = 86_400_000;

/** Whether an index may be missed by somebody who does not search by it. */
export const mayGo = (facts: ProductFacts, collection: CollectionFacts, index: IndexFacts): boolean =>
  index.name !== '_id_' &&
  !index.isUnique &&
  !index.isTtl &&
  // A hidden one is on its way out already.
  !index.isHidden &&
  !isHinted(facts, collection, index);

/** How an index goes. Where a class declares it, its line goes first, or `apply` would build it again. */
export function remedyOf(
  { product, declared }: ProductFacts,
  { name }: CollectionFacts,
  { key }: IndexFacts,
): string {
  const isDeclared = declared.some(
    (one) => one.collection === name && JSON.stringify(one.key) === JSON.stringify(key),
  );
  const plan = `bulkhead indexes plan ${product}`;
  return isDeclared ? `Remove @index(${keyText(key)}) from the class; then ${plan}` : plan;
}

/** Indexes that no query has used for a week. */
export const unusedIndex: Rule = (facts) =>
  facts.collections.flatMap((collection) =>
    collection.indexes
      .filter((index) => mayGo(facts, collection, index) && unusedDays(facts, index) >= UNUSED_DAYS)
      .map((index) =>
        findingOf({
          rule: 'unused-index',
          severity: index.bytes >= LARGE_BYTES ? 'amber' : 'info',
          subject: { collection: collection.name, index: index.name },
          reason: `${collection.name}: ${keyText(index.key)} was not used in ${Math.floor(unusedDays(facts, index))} days on this node (${size(index.bytes)}).`,
          remedy: remedyOf(facts, collection, index),
        }),
      ),
  );

const unusedDays = ({ now }: ProductFacts, { uses, since }: IndexFacts): number =>
  uses === 0 && since ? (now.getTime() - since.getTime()) / DAY_MS : 0;
