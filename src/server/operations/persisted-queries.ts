import type { ApolloServerPlugin } from '@apollo/server';
import { InMemoryLRUCache, type KeyValueCache } from '@apollo/utils.keyvaluecache';
import type { RequestScope } from '../request-scope.js';

/** Whether it can be the hash of a query. */
export const isSha256 = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/**
 * Automatic persisted queries are looked up by what the client sends as a hash, which may be any JSON. One that is no
 * hash is marked as a version that does not exist, which Apollo answers with 400.
 */
export const checkPersistedQuery: ApolloServerPlugin<RequestScope> = {
  requestDidStart: async ({ request: { extensions } }) => {
    const given: unknown = extensions?.['persistedQuery'];
    if (!extensions || !given) return;
    const { version, sha256Hash } = given as { version?: unknown; sha256Hash?: unknown };
    if (version !== 1 || !isSha256(sha256Hash)) extensions['persistedQuery'] = { version: 0 };
  },
};

const STORE_BYTES = 30 * 1024 * 1024;
/** What an entry may weigh besides its text. Hash and place in the cache were 250 bytes on Node 20. */
const ENTRY_BYTES = 512;

/**
 * The queries that clients have registered by sending them with their hash; the oldest go when 30 MiB are kept.
 * Apollo's own store counts the texts only: a million queries of a few characters would fill the heap.
 */
export const createPersistedQueryStore = (): KeyValueCache & { keys(): string[] } =>
  new InMemoryLRUCache({
    maxSize: STORE_BYTES,
    sizeCalculation: (text) => text.length + ENTRY_BYTES,
  });
