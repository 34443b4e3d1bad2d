import type { ClassType } from '../database/class-type.js';
import type { Grants } from '../database/privileges.js';
import { collectionOf } from '../database/schema.js';
import { isAppendOnly } from './append-only.js';
import { CONTROL_COLLECTION } from './control.js';
import { OPERATIONS_COLLECTION } from './registered-operations.js';

const READ_WRITE = ['find', 'insert', 'update', 'remove', 'listIndexes'] as const;
const APPEND = ['find', 'insert', 'listIndexes'] as const;

/** Collections on which the serving credential may do less than read and write. */
const NARROWER: Grants = {
  // Transfers are immutable, for the server too.
  'ledger.transfers': APPEND,
  'ledger.accounts': ['find', 'insert', 'update', 'listIndexes'],
  // What may be asked, and whether, is decided by whoever deploys and operates.
  [OPERATIONS_COLLECTION]: ['find'],
  [CONTROL_COLLECTION]: ['find'],
};

/** Where the monitor keeps its statistics. */
export const STATS_COLLECTION = '_bulkhead.stats';

/** What the serving credential of a product may do: its declared collections by name, and no DDL. */
export function serveGrants(classes: readonly ClassType[]): Grants {
  const collections = [
    ...new Set([...classes.map(collectionOf), STATS_COLLECTION, OPERATIONS_COLLECTION, CONTROL_COLLECTION]),
  ];
  const appended = new Set(classes.filter(isAppendOnly).map(collectionOf));
  return Object.fromEntries(
    collections.map((name) => [name, NARROWER[name] ?? (appended.has(name) ? APPEND : READ_WRITE)]),
  );
}

/**
 * What the worker and the commands may do: every collection of the database (`''`, as the server writes it), what is
 * in it and how it is laid out. Not what the built-in `dbAdmin` adds to that: `dropDatabase`, the profiler's switch,
 * `system.js`, compaction and the cache of plans. What a command comes to need is added here together with it.
 */
export const OPS_GRANTS: Grants = {
  '': [
    'find',
    'insert',
    'update',
    'remove',
    'createCollection',
    'dropCollection',
    'renameCollectionSameDB',
    'collMod',
    'createIndex',
    'dropIndex',
    'listCollections',
    'listIndexes',
    'collStats',
    'indexStats',
    // The disk that it lies on.
    'dbStats',
  ],
  // What other clients send, where somebody has switched the profiler on; `''` leaves out the server's own collections.
  'system.profile': ['find'],
};
