import type { CollectionFacts, DeclaredFacts, Rule } from '../facts.js';
import { findingOf, keyText, SMALL_COLLECTION } from './say.js';

/** Indexes that a class declares and the database has not. A unique one is a promise that nobody keeps. */
export const missingIndex: Rule = ({ product, collections, declared }) =>
  declared
    .filter(
      (one) =>
        !isThere(
          collections.find(({ name }) => name === one.collection),
          one,
        ),
    )
    .map(({ collection, key, isUnique, isTtl }) => {
      const documents = collections.find(({ name }) => name === collection)?.documents ?? 0;
      return findingOf(
        {
          rule: 'missing-index',
          severity: isUnique ? 'red' : documents < SMALL_COLLECTION ? 'info' : 'amber',
          subject: { collection, index: Object.entries(key).flat().join('_') },
          reason: `${collection}: the class declares ${isUnique ? 'the unique index ' : isTtl ? 'the TTL index ' : ''}${keyText(key)}, and the database lacks it.`,
          remedy: `bulkhead indexes apply ${product}`,
        },
        [collection, key],
      );
    });

function isThere(collection: CollectionFacts | undefined, declared: DeclaredFacts): boolean {
  const { key, isUnique, isTtl, isHidden = false } = declared;
  // The server keeps a text index under names of its own.
  if (Object.values(key).includes('text'))
    return Boolean(collection?.indexes.some((index) => '_fts' in index.key));
  return Boolean(
    collection?.indexes.some(
      (index) =>
        JSON.stringify(index.key) === JSON.stringify(key) &&
        (!index.isHidden || isHidden) &&
        // Another expiry, and a promise too many, are what `plan` tells.
        (index.isUnique || !isUnique) &&
        (index.isTtl || !isTtl),
    ),
  );
}
