import { expect, test } from 'vitest';
import { createQueue } from './queue.js';

test('so many at once, in order, and no more waiting than allowed', async () => {
  const queue = createQueue({ atOnce: 2, waiting: 3 });
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const work = (n: number) => () => {
    started.push(n);
    return new Promise<number>((resolve) => void finish.push(() => resolve(n)));
  };
  const all = [0, 1, 2, 3, 4].map((n) => queue(work(n)));
  await expect(queue(work(5))).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterS: 2 });
  expect(started).toEqual([0, 1]);
  finish[0]?.();
  expect(await all[0]).toBe(0);
  expect(started).toEqual([0, 1, 2]);
  for (let i = 1; i < 5; i++) {
    finish[i]?.();
    expect(await all[i]).toBe(i);
  }
  expect(started).toEqual([0, 1, 2, 3, 4]);
});

test('work that fails gives its place free', async () => {
  const queue = createQueue({ atOnce: 1, waiting: 10 });
  await expect(queue(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await Promise.all([1, 2, 3].map((n) => queue(async () => n)))).toEqual([1, 2, 3]);
});
