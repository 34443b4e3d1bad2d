import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Ended, KeptWorker, MOST_ENDS, STEADY_MS } from './kept-worker.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const CRASH: Ended = { code: 1, signal: null };
const KILLED: Ended = { code: null, signal: 'SIGKILL' };

/** A worker that dies when it is told to. */
function keep() {
  const [said, begun] = [[] as string[], [] as { die: (ended: Ended) => void; isStopped: boolean }[]];
  const kept = new KeptWorker(
    () => {
      const one: (typeof begun)[number] = { die: () => {}, isStopped: false };
      begun.push(one);
      return {
        failed: new Promise<Ended>((resolve) => (one.die = resolve)),
        stop: async () => void (one.isStopped = true),
      };
    },
    (text) => void said.push(text),
  );
  const die = async (ended = CRASH) => {
    begun.at(-1)!.die(ended);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { said, begun, kept, die };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('one that dies is started again after a second, and both are said once', async () => {
  const { said, begun, die } = keep();
  await die(KILLED);
  expect([begun.length, said]).toEqual([1, ['the worker has ended (SIGKILL): it is started again']]);
  await pass(999);
  expect(begun).toHaveLength(1);
  await pass(1);
  expect(begun).toHaveLength(2);
  await pass(STEADY_MS);
  expect(said.slice(1)).toEqual(['the worker runs again']);
  await pass(10 * STEADY_MS);
  expect(said).toHaveLength(2);
});

test('one that dies at once again and again is tried later each time, and then left alone with a word', async () => {
  const { said, begun, die } = keep();
  const waits: number[] = [];
  for (let end = 1; end < MOST_ENDS; end += 1) {
    await die();
    const since = Date.now();
    while (begun.length === end) await pass(500);
    waits.push(Date.now() - since);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  expect(said).toEqual(['the worker has ended (exit code 1): it is started again']);
  await die();
  await pass(1_000_000);
  expect(begun).toHaveLength(MOST_ENDS);
  expect(said.slice(1)).toEqual([
    'the worker has ended 6 times in a row (exit code 1): nothing is watched until the next start; `bulkhead work` says why',
  ]);
});

test('one that has lived for long begins anew: it is tried soon, and as often', async () => {
  const { said, begun, die } = keep();
  for (let life = 0; life < 2 * MOST_ENDS; life += 1) {
    await pass(STEADY_MS);
    await die();
    await pass(1_000);
    expect(begun).toHaveLength(life + 2);
  }
  expect(said.filter((text) => text.includes('started again'))).toHaveLength(2 * MOST_ENDS);
});

test('a fault of the configuration is not tried again', async () => {
  const { said, begun, die } = keep();
  await die({ code: 2, signal: null });
  await pass(1_000_000);
  expect([begun.length, said]).toEqual([
    1,
    ['the worker has ended (exit code 2): nothing is watched until the next start; `bulkhead work` says why'],
  ]);
});

test('nothing is started or said any more once it is stopped, also while it waits', async () => {
  const { said, begun, kept, die } = keep();
  await die();
  await kept.stop();
  await pass(1_000_000);
  expect([begun.length, said.length]).toEqual([1, 1]);
  const other = keep();
  await other.kept.stop();
  expect(other.begun[0]!.isStopped).toBe(true);
  await other.die();
  await pass(1_000_000);
  expect([other.begun.length, other.said]).toEqual([1, []]);
});
