import type { mongo } from 'mongoose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Asked, keysIn, useAdvice } from '../../../test/support/advice.js';
import { unitsOf } from './cost.js';

const DOCUMENTS = 6_000;
const { database, advise, readWith } = useAdvice();
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
beforeAll(async () => {
  await database()
    .collection('orders')
    .insertMany(
      Array.from({ length: DOCUMENTS }, (_, n) => ({
        number: n,
        tenant: `t${n % 20}`,
        user: `u${(n * 7_919) % 600}`,
        owner: `o${(n * 31) % 500}`,
        status: n % 300 === 0 ? 'open' : `s${n % 2}`,
        kind: `k${n % 7}`,
        // One in fifty is not archived yet.
        ...(n % 50 !== 0 && { archived: true }),
        at: new Date(START + ((n * 7_919) % DOCUMENTS) * MINUTE),
      })),
    );
});

const from = new Date(START + 3_000 * MINUTE);
const to = new Date(START + 3_030 * MINUTE);
const users = (count: number) => Array.from({ length: count }, (_, n) => `u${n * 7}`);
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n * 7);

/** What is advised for a command, and whether it is so when the server plans by itself. */
async function advised(command: mongo.Document, found: number, budget?: number) {
  const asked: Asked = [command, 2_000, found];
  const advice = await advise('orders', [asked], budget);
  const keys = keysIn(advice);
  const [before, after] = [await readWith('orders', [], command), await readWith('orders', keys, command)];
  const told = advice.indexes[0] && unitsOf(advice.indexes[0].gains[0]!.after);
  return {
    left: advice.left,
    // As text: the order of the paths counts.
    keys: keys.map((key) => JSON.stringify(key)),
    isWorth: after < before / 4,
    isAsTold: told !== undefined && told > after / 4 - 5 && told < after * 4 + 5,
  };
}
const right = (...keys: readonly Readonly<Record<string, 1 | -1>>[]) => ({
  left: [],
  keys: keys.map((key) => JSON.stringify(key)),
  isWorth: true,
  isAsTold: true,
});
const find = (filter: mongo.Document, more: mongo.Document = {}) => ({ find: 'orders', filter, ...more });

describe('two bounds are a range, wherever they stand', () => {
  test.each<[string, mongo.Document, number, Record<string, 1 | -1>]>([
    ['in two conditions', { $and: [{ at: { $gte: from } }, { at: { $lt: to } }] }, 30, { at: 1 }],
    [
      'beside an equality',
      { $and: [{ tenant: 't5' }, { at: { $gte: from } }, { at: { $lt: new Date(+from + 600 * MINUTE) } }] },
      30,
      { tenant: 1, at: 1 },
    ],
    ['one in an $and', { at: { $gte: from }, $and: [{ at: { $lt: to } }] }, 30, { at: 1 }],
    ['in an $expr', { $expr: { $and: [{ $gte: ['$at', from] }, { $lt: ['$at', to] }] } }, 30, { at: 1 }],
  ])('%s', async (_, filter, found, key) => {
    expect(await advised(find(filter), found)).toEqual(right(key));
  });

  test('in two stages', async () => {
    const pipeline = [{ $match: { at: { $gte: from } } }, { $match: { at: { $lt: to } } }];
    expect(await advised({ aggregate: 'orders', pipeline, cursor: {} }, 30)).toEqual(right({ at: 1 }));
  });
});

describe('one $or of several', () => {
  const mine = { $or: [{ user: 'u1' }, { owner: 'o9' }] };
  const shown = { $or: [{ tenant: 't2' }, { kind: 'k3' }] };
  test('is looked up by an index for each of its branches', async () => {
    expect(await advised(find({ $and: [shown, mine] }), 4)).toEqual(right({ user: 1 }, { owner: 1 }));
  });

  test('also beside an equality, and where its branches are of one form', async () => {
    const either = { $or: [{ user: 'u1' }, { user: 'u2' }] };
    const filter = { status: 's0', $and: [either, shown] };
    expect(await advised(find(filter), 2)).toEqual(right({ user: 1, status: 1 }));
  });

  test('gets nothing where what stands beside it is enough', async () => {
    const or = { $or: [{ status: 's0' }, { status: 'open' }] };
    expect(await advised(find({ user: 'u1', $and: [shown, or] }), 1)).toEqual(right({ user: 1 }));
  });

  test('is left, and it is said why, where it is asked rarely', async () => {
    const { indexes, left } = await advise('orders', [[find({ $and: [mine, shown] }), 8, 4]]);
    expect([indexes, left.map(({ why }) => why)]).toEqual([
      [],
      ['it was asked 8 times: an index would cost more than it saves'],
    ]);
  });
});

describe('an $in has as many values as it takes', () => {
  const one: Record<string, 1 | -1> = { user: 1 };
  test.each<[string, mongo.Document, number, Record<string, 1 | -1>, number?]>([
    ['twenty', { user: { $in: users(20) } }, 200, one],
    ['fifty', { user: { $in: users(50) } }, 500, one],
    ['a hundred numbers', { number: { $in: numbers(100) } }, 100, { number: 1 }],
    ['four hundred numbers', { number: { $in: numbers(400) } }, 400, { number: 1 }],
    ['a hundred numbers, in a sample', { number: { $in: numbers(100) } }, 100, { number: 1 }, 2_000],
    ['eighty, of which few are left', { user: { $in: users(100) }, kind: 'k3' }, 143, { kind: 1, user: 1 }],
    ['two rare ones', { status: { $in: ['open', 'paused'] } }, 20, { status: 1 }],
    ['two rare ones, in a sample', { status: { $in: ['open', 'paused'] } }, 20, { status: 1 }, 3_000],
    [
      'rare ones that seldom meet another condition',
      { status: { $in: ['open', 'paused'] }, kind: 'k3' },
      0.3,
      { kind: 1, status: 1 },
    ],
    ['of what nobody has at the time', { status: { $in: ['new', 'paused'] } }, 0.01, { status: 1 }],
  ])('%s', async (_, filter, found, key, budget) => {
    expect(await advised(find(filter), found, budget)).toEqual(right(key));
  });

  test('also of those that a page does not reach', async () => {
    expect(await advised(find({ user: { $in: users(50) } }, { limit: 5_000 }), 500)).toEqual(right(one));
  });

  test('and one that finds half of everything is left to a scan', async () => {
    const { indexes } = await advise('orders', [[find({ kind: { $in: ['k1', 'k2', 'k3'] } }), 2_000, 2_600]]);
    expect(indexes).toEqual([]);
  });
});

describe('the first of each group', () => {
  const group = (...pipeline: mongo.Document[]) => ({ aggregate: 'orders', pipeline, cursor: {} });
  const newest = { $sort: { tenant: 1, at: -1 } };
  test.each<[string, mongo.Document, number, Record<string, 1 | -1>, number?]>([
    [
      'whole documents',
      group(newest, { $group: { _id: '$tenant', last: { $first: '$$ROOT' } } }),
      20,
      { tenant: 1, at: -1 },
    ],
    [
      'one field, of a sample',
      group(newest, { $group: { _id: { tenant: '$tenant' }, at: { $first: '$at' } } }),
      20,
      { tenant: 1, at: -1 },
      3_000,
    ],
    ['values alone', group({ $group: { _id: '$tenant' } }), 20, { tenant: 1 }],
  ])('%s', async (_, command, found, key, budget) => {
    expect(await advised(command, found, budget)).toEqual(right(key));
  });

  test('gets none where the others are read all the same', async () => {
    const sum = group(newest, {
      $group: { _id: '$tenant', last: { $first: '$at' }, n: { $sum: '$number' } },
    });
    const other = group({ $sort: { at: -1 } }, { $group: { _id: '$tenant', last: { $first: '$$ROOT' } } });
    expect((await advise('orders', [[other, 2_000, 20]])).indexes.map(({ key }) => key)).toEqual([]);
    expect(await advised(sum, 20)).toMatchObject({ isWorth: false });
  });
});

describe('what is missing is looked up like a value', () => {
  const page = { sort: { at: -1 }, limit: 20 };
  const live = { archived: { $exists: false } };
  test.each<[string, mongo.Document, mongo.Document, number, Record<string, 1 | -1>]>([
    ['before the sort', { tenant: 't10', ...live }, page, 20, { tenant: 1, archived: 1, at: -1 }],
    ['alone', live, {}, 120, { archived: 1 }],
    [
      'tested, where nearly all lack it',
      { tenant: 't10', gone: { $exists: false } },
      page,
      20,
      { tenant: 1, at: -1 },
    ],
  ])('%s', async (_, filter, more, found, key) => {
    expect(await advised(find(filter, more), found)).toEqual(right(key));
  });
});
