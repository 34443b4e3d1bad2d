import type { IndexFacts, Rule } from '../facts/facts.js';
import { findingOf, keyText, size } from './say.js';
import { begins, plainKey } from '../facts/plain-index.js';
import { LARGE_BYTES, mayGo, promises, remedyOf } from './unused-index.js';

/** An index so many times as large is no replacement for one in use. */
const MUCH_LARGER = 3;

/** Whether a longer index answers what a shorter one does, as fast. */
function standsFor(other: IndexFacts, index: IndexFacts): boolean {
  const [long, short] = [plainKey(other), plainKey(index)];
  if (!long || !short || long.length <= short.length || !begins(long, short)) return false;
  // Over an array it holds a document more than once. Where that is not known, nothing is said.
  const more = long.slice(short.length).map(([path]) => path);
  if (!other.arrayPaths || more.some((path) => other.arrayPaths!.includes(path))) return false;
  const isHot = (index.uses ?? 0) > 0;
  return !(isHot && index.bytes > 0 && other.bytes > MUCH_LARGER * index.bytes);
}

/** Indexes that another, longer one begins with. Unique, TTL, partial, sparse, hinted and young ones, and those with a collation, are not. */
export const redundantIndex: Rule = (facts) =>
  facts.collections.flatMap((collection) =>
    collection.indexes.flatMap((index) => {
      if (!mayGo(facts, collection, index)) return [];
      const longer = collection.indexes.find((other) => standsFor(other, index));
      if (!longer) return [];
      return [
        findingOf({
          rule: 'redundant-index',
          severity: index.bytes >= LARGE_BYTES ? 'amber' : 'info',
          subject: { collection: collection.name, index: index.name },
          reason: `${collection.name}: ${keyText(longer.key)} begins with ${keyText(index.key)} and answers what it does (${size(index.bytes)}).`,
          remedy: remedyOf(facts, collection, index),
        }),
      ];
    }),
  );

/** Indexes that are another one, read from either end. The one that does more stays, then the one that was used more. */
export const duplicateIndex: Rule = (facts) =>
  facts.collections.flatMap((collection) =>
    collection.indexes.flatMap((index, at) => {
      const key = plainKey(index);
      if (!key || !mayGo(facts, collection, index)) return [];
      const twin = collection.indexes.find((other, otherAt) => {
        const same = plainKey(other);
        if (otherAt === at || same?.length !== key.length || !begins(same, key)) return false;
        if (promises(facts, collection, other)) return true;
        const [mine, its] = [index.uses ?? 0, other.uses ?? 0];
        return its > mine || (its === mine && otherAt < at);
      });
      if (!twin) return [];
      return [
        findingOf({
          rule: 'duplicate-index',
          severity: index.bytes >= LARGE_BYTES ? 'amber' : 'info',
          subject: { collection: collection.name, index: index.name },
          reason: `${collection.name}: ${index.name} holds what ${twin.name} holds: ${keyText(twin.key)} (${size(index.bytes)}).`,
          remedy: remedyOf(facts, collection, index),
        }),
      ];
    }),
  );
