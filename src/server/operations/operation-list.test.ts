import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { hashOf } from '../../graph/operation-hash.js';
import { OperationList } from './operation-list.js';

const TEXT = 'query Known{a}';
const HASH = hashOf(TEXT);
const UNKNOWN = '0'.repeat(64);

/** A list over a database that answers, or says nothing; `later` lets time pass. */
function list() {
  let texts = new Map([[HASH, TEXT]]);
  let isFrozen = false;
  let after = 0;
  const signals: AbortSignal[] = [];
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + after);
  const operations = new OperationList((signal) => {
    signals.push(signal);
    return isFrozen ? new Promise(() => {}) : Promise.resolve(texts);
  }, 100);
  return {
    operations,
    signals,
    freeze: (whether = true) => (isFrozen = whether),
    remove: () => (texts = new Map()),
    later: (ms: number) => (after += ms),
  };
}
afterEach(() => void vi.restoreAllMocks());

const timed = async <T>(work: Promise<T>): Promise<{ value: T; ms: number }> => {
  const began = performance.now();
  return { value: await work, ms: performance.now() - began };
};

test('what was removed is refused after half a minute, also by the first who asks then', async () => {
  const { operations, signals, remove, later } = list();
  expect(await operations.find(HASH)).toBe(TEXT);
  remove();
  expect(await operations.find(HASH)).toBe(TEXT);
  expect(signals).toHaveLength(1);
  later(31_000);
  expect(await operations.find(HASH)).toBeUndefined();
});

test('a list that was read before is answered from while the database says nothing, after half a second', async () => {
  const { operations, signals, freeze, later } = list();
  await operations.has(TEXT);
  later(31_000);
  freeze();
  const all = [operations.find(HASH), operations.has('query   Known { a }'), operations.find(UNKNOWN)];
  const { value, ms } = await timed(Promise.all<unknown>(all));
  expect(value).toEqual([TEXT, true, undefined]);
  expect(ms).toBeLessThan(1_000);
  // Whoever comes after that waits no more.
  const late = await timed(Promise.all([operations.find(HASH), operations.find(UNKNOWN)]));
  expect(late.ms).toBeLessThan(250);
  expect(signals).toHaveLength(2);
  // The read is given up, and another begun when it is time.
  await sleep(2_000);
  expect(signals[1]!.aborted).toBe(true);
  freeze(false);
  later(31_000);
  expect(await operations.find(HASH)).toBe(TEXT);
  expect(signals).toHaveLength(3);
});

test('a list that was never read is waited for two seconds', async () => {
  const { operations, signals, freeze } = list();
  freeze();
  const { value, ms } = await timed(
    Promise.all([HASH, UNKNOWN].map((hash) => operations.find(hash).catch((error: Error) => error.name))),
  );
  expect(value).toEqual(['TimeoutError', 'TimeoutError']);
  expect(ms).toBeLessThan(4_000);
  expect(signals).toHaveLength(1);
  freeze(false);
  expect(await operations.find(HASH)).toBe(TEXT);
});
