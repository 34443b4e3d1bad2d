import { expect, test } from 'vitest';
import { createPersistedQueryStore } from './persisted-queries.js';

const hashOf = (n: number) => n.toString(16).padStart(64, '0');

test('a million queries that clients make up leave as many as fit, the newest', async () => {
  const store = createPersistedQueryStore();
  for (let n = 0; n < 1_000_000; n += 1) await store.set(hashOf(n), `{__typename#${n}`);
  const kept = store.keys().length;
  expect(kept).toBeGreaterThan(50_000);
  expect(kept).toBeLessThan(61_440);
  expect(await store.get(hashOf(999_999))).toBe('{__typename#999999');
  expect(await store.get(hashOf(0))).toBeUndefined();
});

test('a million hashes that nobody registered leave nothing, and push nothing out', async () => {
  const store = createPersistedQueryStore();
  await store.set(hashOf(0), '{ __typename }');
  for (let n = 1; n <= 1_000_000; n += 1) await store.get(hashOf(n));
  expect(store.keys()).toEqual([hashOf(0)]);
});
