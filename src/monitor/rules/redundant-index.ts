import type { IndexFacts, Rule } from '../facts.js';
import { findingOf, keyText, size } from './say.js';
import { LARGE_BYTES, mayGo, remedyOf } from './unused-index.js';

type Key = readonly (readonly [string, unknown])[];

/** Plain ascending and descending keys; others answer other questions. */
const plainKey = ({ key }: IndexFacts): Key | undefined => {
  const entries = Object.entries(key);
  return entries.every(([, direction]) => direction === 1 || direction === -1) ? entries : undefined;
};

/** Whether one index holds all documents, in plain order: what another may stand in for. */
const isPlain = ({ isPartial, isSparse, hasCollation, isHidden }: IndexFacts): boolean =>
  !isPartial && !isSparse && !hasCollation && !isHidden;

/** Read from its other end, an index is sorted the other way round. */
const begins = (long: Key, short: Key): boolean =>
  [1, -1].some((sign) =>
    short.every(
      ([path, direction], at) => long[at]?.[0] === path && long[at][1] === Number(direction) * sign,
    ),
  );

/** Indexes that another, longer one begins with. Unique, TTL, partial, sparse and hinted ones, and those with a collation, are not. */
export const redundantIndex: Rule = (facts) =>
  facts.collections.flatMap((collection) =>
    collection.indexes.flatMap((index) => {
      const key = plainKey(index);
      if (!key || !isPlain(index) || !mayGo(facts, collection, index)) return [];
      const longer = collection.indexes.find((other) => {
        const long = plainKey(other);
        return long && long.length > key.length && isPlain(other) && begins(long, key);
      });
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
      if (!key || !isPlain(index) || !mayGo(facts, collection, index)) return [];
      const twin = collection.indexes.find((other, otherAt) => {
        const same = plainKey(other);
        if (otherAt === at || same?.length !== key.length || !isPlain(other) || !begins(same, key))
          return false;
        if (!mayGo(facts, collection, other)) return true;
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
