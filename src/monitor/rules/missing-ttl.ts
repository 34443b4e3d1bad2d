import type { Rule } from '../facts/facts.js';
import { count, findingOf, SMALL_COLLECTION } from './say.js';

/**
 * Classes with a date `expiresAt` and no TTL index on it, neither declared nor there. By that name alone: a date that
 * ends an offer or a contract has others, and says nothing about the document.
 */
export const missingTtl: Rule = ({ collections, declared, expiring }) =>
  expiring.flatMap(({ collection: name, className, path }) => {
    const collection = collections.find((one) => one.name === name);
    const isDeclared = declared.some(({ collection: of, key, isTtl }) => of === name && isTtl && path in key);
    if (!collection || isDeclared || collection.indexes.some(({ key, isTtl }) => isTtl && path in key))
      return [];
    return [
      findingOf({
        rule: 'missing-ttl',
        severity: collection.documents < SMALL_COLLECTION ? 'info' : 'amber',
        subject: { collection: name },
        reason: `${name} has ${count(collection.documents)} documents with ${path}, and nothing deletes them when it is past.`,
        remedy: `@index({ ${path}: 1 }, { expireAfterSeconds: 0 }) on ${className}, unless past ones are kept on purpose`,
      }),
    ];
  });
