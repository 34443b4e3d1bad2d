import type { CollectionFacts, DeclaredFacts, IndexFacts, Rule } from '../facts/facts.js';
import { findingOf, keyText, SMALL_COLLECTION } from './say.js';

/** Indexes that a class declares and the database has not. A unique one is a promise that nobody keeps. */
export const missingIndex: Rule = ({ product, collections, unread, declared }) =>
  declared
    .filter(
      (one) =>
        !unread.has(one.collection) &&
        !isThere(
          collections.find(({ name }) => name === one.collection),
          one,
        ),
    )
    .map(({ collection, key, options = [], isUnique, isTtl }) => {
      const documents = collections.find(({ name }) => name === collection)?.documents ?? 0;
      return findingOf(
        {
          rule: 'missing-index',
          severity: isUnique ? 'red' : documents < SMALL_COLLECTION ? 'info' : 'amber',
          subject: { collection, index: Object.entries(key).flat().join('_') },
          reason: `${collection}: the class declares ${isUnique ? 'the unique index ' : isTtl ? 'the TTL index ' : ''}${[keyText(key), ...options].join(', ')}, and the database lacks it.`,
          remedy: `bulkhead indexes apply ${product}`,
        },
        // One key may be declared twice, with other options.
        options.length > 0 ? [collection, key, options] : [collection, key],
      );
    });

function isThere(collection: CollectionFacts | undefined, declared: DeclaredFacts): boolean {
  const { isUnique, isTtl, isHidden = false } = declared;
  return Boolean(
    collection?.indexes.some(
      (index) =>
        isSameForm(index, declared) &&
        (!index.isHidden || isHidden) &&
        // Another expiry, and a promise too many, are what `plan` tells.
        (index.isUnique || !isUnique) &&
        (index.isTtl || !isTtl),
    ),
  );
}

function isSameForm(index: IndexFacts, declared: DeclaredFacts): boolean {
  if (index.form !== undefined && declared.form !== undefined) return index.form === declared.form;
  // The server keeps a text index under names of its own.
  if (Object.values(declared.key).includes('text')) return '_fts' in index.key;
  return JSON.stringify(index.key) === JSON.stringify(declared.key);
}
