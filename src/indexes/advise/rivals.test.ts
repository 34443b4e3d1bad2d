import type { mongo } from 'mongoose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Asked, keysIn, useAdvice } from '../../../test/support/advice.js';

const DOCUMENTS = 6_000;
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const { database, advise, readWith } = useAdvice();
beforeAll(async () => {
  await database()
    .collection('jobs')
    .insertMany(
      Array.from({ length: DOCUMENTS }, (_, n) => ({
        status: n % 200 === 0 ? 'open' : n % 2 === 0 ? 'done' : 'void',
        ...(n % 200 !== 0 && { over: true }),
        kind: `k${n % 7}`,
        tenant: `t${n % 20}`,
        at: new Date(START + ((n * 7_919) % DOCUMENTS) * MINUTE),
        until: new Date(START + ((n * 6_007) % DOCUMENTS) * MINUTE),
      })),
    );
});

const now = new Date(START + 2 * DOCUMENTS * MINUTE);
const longAgo = new Date(START + MINUTE);
const find = (filter: mongo.Document, more: mongo.Document = {}) => ({ find: 'jobs', filter, ...more });

/** Keys advised for commands of one shape, each of which may have been what was observed; and what they read with them. */
async function advised(commands: readonly mongo.Document[], found: number, budget?: number) {
  const asked: Asked = [commands[0]!, 3_000, found];
  const keys = keysIn(await advise('jobs', [asked], budget));
  const read: number[] = [];
  for (const command of commands) read.push(await readWith('jobs', keys, command));
  // As text: the order of the paths counts.
  return { keys: keys.map((key) => JSON.stringify(key)), read: Math.max(...read) };
}

const due = { status: { $in: ['pending', 'retry'] }, at: { $lte: now } };
const due50 = { status: { $in: ['open', 'retry'] }, at: { $lte: now } };
/** The same shape, for what the range alone leaves. */
const past = { status: { $in: ['done', 'void'] }, at: { $lte: longAgo } };
const first = { sort: { at: 1 }, limit: 10 };

describe('a queue that is mostly empty', () => {
  test.each<[string, mongo.Document, mongo.Document, number, number?]>([
    ['sorted, a page', due, first, 0.2],
    ['not sorted', due, {}, 0.2],
    ['not sorted, always empty', due, {}, 0],
    ['of one status', { ...due, status: 'pending' }, first, 0.1],
    ['with some in it', due50, { sort: { at: 1 }, limit: 100 }, 30],
    ['of which a page is always full', due50, first, 10],
    ['with some in it, in a sample', due50, { sort: { at: 1 }, limit: 100 }, 30, 600],
  ])('%s', async (_, filter, more, found, budget?) => {
    const other = { ...past, ...(typeof filter['status'] === 'string' && { status: 'done' }) };
    const { keys, read } = await advised([find(filter, more), find(other, more)], found, budget);
    expect(keys).toEqual(['{"status":1,"at":1}']);
    expect(read).toBeLessThan(100);
  });

  test('from which what is overdue is deleted', async () => {
    const statement = { q: { ...due, at: { $lt: now } }, limit: 0 };
    const advice = await advise('jobs', [[{ delete: 'jobs', deletes: [statement] }, 3_000, 0]]);
    expect(keysIn(advice).map((key) => Object.keys(key))).toEqual([['status', 'at']]);
  });

  test.each<[string, mongo.Document]>([
    ['states that are over', { status: { $nin: ['done', 'void'] }, at: { $lte: now } }],
    ['the one that is', { over: { $ne: true }, at: { $lte: now } }],
  ])('asked for by %s', async (_, filter) => {
    const { keys, read } = await advised([find(filter)], 30);
    expect(keys).toEqual([JSON.stringify({ [Object.keys(filter)[0]!]: 1, at: 1 })]);
    expect(read).toBeLessThan(100);
  });

  test('with a flag that few have beside one that many have', async () => {
    const filter = { kind: 'k1', status: 'pending' };
    const other = { kind: 'k9', status: 'done' };
    const { keys, read } = await advised([find(filter), find(other)], 0.1);
    expect(keys).toHaveLength(1);
    expect(read).toBeLessThan(10);
  });
});

test('two ranges, of which either may be the narrow one, get both', async () => {
  const valid = { at: { $lte: now }, until: { $gte: now } };
  const early = { at: { $lte: new Date(START - 1) }, until: { $gte: longAgo } };
  const { keys, read } = await advised([find(valid), find(early)], 0.2);
  expect(keys).toHaveLength(2);
  expect(read).toBeLessThan(10);
});

describe('beside an index that is there', () => {
  const withIndex = async (key: Record<string, 1 | -1>, ...of: Parameters<typeof advised>) => {
    await database().collection('jobs').createIndex(key, { name: 'there' });
    try {
      return await advised(...of);
    } finally {
      await database().collection('jobs').dropIndex('there');
    }
  };
  test('what is missing in a case is advised, though it serves in another', async () => {
    const poll = { tenant: 't3', at: { $gt: now } };
    expect(await withIndex({ tenant: 1 }, [find(poll)], 0.2)).toEqual({
      keys: ['{"tenant":1,"at":1}'],
      read: 0,
    });
  });

  test('and nothing where it serves in all', async () => {
    expect((await withIndex({ status: 1, at: 1 }, [find(due, first)], 0.2)).keys).toEqual([]);
  });
});
