import type { CollectionFacts, Rule } from '../facts/facts.js';
import { count, findingOf } from './say.js';

/** Beside `_id`. Each is written by every insert and by every update of its fields. */
export const MANY_INDEXES = 10;
/** In its busiest hour: below, nobody waits for a write. */
export const WRITES_PER_HOUR = 1_000;

const ownIndexes = ({ indexes }: CollectionFacts): number =>
  indexes.filter(({ name }) => name !== '_id_').length;

/** Whether a collection has so many indexes that it matters how it is written. */
export const hasManyIndexes = (collection: CollectionFacts): boolean =>
  ownIndexes(collection) >= MANY_INDEXES;

/**
 * Collections that are written more than read, with more indexes than that is worth. A week is looked at, in which every
 * hour of a day and every day has its place: what is written by day is not mended by night.
 */
export const tooManyIndexes: Rule = ({ product, collections, loads, open }) =>
  collections.filter(hasManyIndexes).flatMap((collection) => {
    const { name } = collection;
    const load = loads.find((one) => one.collection === name);
    const finding = findingOf({
      rule: 'too-many-indexes',
      severity: 'amber',
      subject: { collection: name },
      reason: `${name} has ${ownIndexes(collection)} indexes; ${
        load
          ? `${count(load.writes)} writes and ${count(load.reads)} reads in the last week, up to ${count(load.mostWritesInHour)} writes in an hour`
          : 'how it is written could not be read'
      }.`,
      remedy: `bulkhead indexes advise ${product}`,
    });
    // What cannot be seen is not mended.
    if (!load) return open.has(finding.id) ? [finding] : [];
    return load.writes < load.reads || load.mostWritesInHour < WRITES_PER_HOUR ? [] : [finding];
  });
