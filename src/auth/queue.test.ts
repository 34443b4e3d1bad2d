import { expect, test } from 'vitest';
import { createQueue } from './queue.js';

const lineOf = (name: string, group = '') => ({ group, name, waiting: 3 });

test('so many at once, in order, and no more waiting than allowed', async () => {
  const queue = createQueue({ atOnce: 2, waiting: 9 });
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const work = (n: number) => () => {
    started.push(n);
    return new Promise<number>((resolve) => void finish.push(() => resolve(n)));
  };
  const all = [0, 1, 2, 3, 4].map((n) => queue(lineOf('a'), work(n)));
  await expect(queue(lineOf('a'), work(5))).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterS: 2 });
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
  const queue = createQueue({ atOnce: 1, waiting: 9 });
  await expect(queue(lineOf('a'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await Promise.all([1, 2, 3].map((n) => queue(lineOf('a'), async () => n)))).toEqual([1, 2, 3]);
});

test('lines take turns, and a crowd in one refuses nobody in another', async () => {
  const queue = createQueue({ atOnce: 1, waiting: 9 });
  const order: string[] = [];
  const ask = (line: string, name: string) => queue(lineOf(line), async () => void order.push(name));
  let end = () => {};
  const first = queue(lineOf('a'), () => new Promise<void>((resolve) => (end = resolve)));
  const crowd = ['a0', 'a1', 'a2'].map((name) => ask('a', name));
  const refused = ask('a', 'a3');
  const others = ['b0', 'b1'].map((name) => ask('b', name));
  end();
  await expect(refused).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await Promise.all([first, ...crowd, ...others]);
  expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2']);
});

test('past a number of all together the longest line loses its newest', async () => {
  const queue = createQueue({ atOnce: 1, waiting: 4 });
  const order: string[] = [];
  const ask = (line: string, name: string) =>
    queue(lineOf(line), async () => void order.push(name)).catch((error: { code: string }) => {
      order.push(`${name} ${error.code}`);
    });
  let end = () => {};
  const first = queue(lineOf('a'), () => new Promise<void>((resolve) => (end = resolve)));
  const all = ['a0', 'a1', 'a2', 'b0', 'c0', 'd0', 'e0'].map((name) => ask(name[0]!, name));
  await new Promise(setImmediate);
  expect(order).toEqual(['a2 RATE_LIMITED', 'a1 RATE_LIMITED', 'e0 RATE_LIMITED']);
  end();
  await Promise.all([first, ...all]);
  expect(order.slice(3)).toEqual(['a0', 'b0', 'c0', 'd0']);
  expect(await queue(lineOf('e'), async () => 'served')).toBe('served');
});

test('groups take turns, and a crowd of lines in one refuses nobody in another', async () => {
  const queue = createQueue({ atOnce: 1, waiting: 4 });
  const order: string[] = [];
  const ask = (group: string, line: string) =>
    queue(lineOf(line, group), async () => void order.push(`${group} ${line}`)).catch(
      (error: { code: string }) => {
        order.push(`${group} ${line} ${error.code}`);
      },
    );
  let end = () => {};
  const first = queue(lineOf('a', 'blog'), () => new Promise<void>((resolve) => (end = resolve)));
  const all = ['a', 'b', 'c', 'd', 'e'].map((line) => ask('blog', line));
  all.push(ask('aviation', 'a'), ask('aviation', 'f'), ask('blog', 'g'));
  await new Promise(setImmediate);
  expect(order).toEqual(['e', 'd', 'c', 'g'].map((line) => `blog ${line} RATE_LIMITED`));
  end();
  await Promise.all([first, ...all]);
  expect(order.slice(4)).toEqual(['blog a', 'aviation a', 'blog b', 'aviation f']);
});

test('whoever goes away waits no longer, and is not worked for', async () => {
  const queue = createQueue({ atOnce: 1, waiting: 9 });
  const order: string[] = [];
  let end = () => {};
  const first = queue(lineOf('a'), () => new Promise<void>((resolve) => (end = resolve)));
  const gone = new AbortController();
  const ask = (name: string, signal?: AbortSignal) =>
    queue(lineOf(name[0]!), async () => void order.push(name), signal);
  const lost = ask('a0', gone.signal);
  const alone = ask('b0', gone.signal);
  const stays = ask('a1');
  gone.abort(new Error('gone'));
  await expect(lost).rejects.toThrow('gone');
  await expect(alone).rejects.toThrow('gone');
  await expect(ask('a2', gone.signal)).rejects.toThrow('gone');
  end();
  await Promise.all([first, stays]);
  expect(order).toEqual(['a1']);
  await ask('b1');
  expect(order).toEqual(['a1', 'b1']);
});
