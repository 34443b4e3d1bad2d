import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestScope } from './request-scope.js';

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Automatic persisted queries are looked up by what the client sends as a hash, which may be any JSON. One that is no
 * hash is marked as a version that does not exist, which Apollo answers with 400.
 */
export const checkPersistedQuery: ApolloServerPlugin<RequestScope> = {
  requestDidStart: async ({ request: { extensions } }) => {
    const given: unknown = extensions?.['persistedQuery'];
    if (!extensions || !given) return;
    const { version, sha256Hash } = given as { version?: unknown; sha256Hash?: unknown };
    if (version !== 1 || typeof sha256Hash !== 'string' || !SHA256.test(sha256Hash))
      extensions['persistedQuery'] = { version: 0 };
  },
};
