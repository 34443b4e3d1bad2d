import type { mongo } from 'mongoose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Asked, useAdvice } from '../../../test/support/advice.js';
import { shapeOf } from '../../monitor/shape/shape.js';
import { classWith } from '../../../test/support/indexes.js';
import { factsOfAdvice } from '../../cli/indexes-advise-lines.js';
import { adviseIndexes } from './advise.js';
import { textOfKey } from './candidates.js';
import { unitsOf } from './cost.js';

const DOCUMENTS = 3_000;
const { database, scratch, advise: adviseIn } = useAdvice();
let db: mongo.Db;
beforeAll(async () => {
  db = database();
  await db.collection('posts').insertMany(
    Array.from({ length: DOCUMENTS }, (_, n) => ({
      status: `s${n % 6}`,
      publishedAt: new Date(1_700_000_000_000 + ((n * 7_919) % DOCUMENTS) * 60_000),
      author: `a${(n * 31) % 300}`,
      editor: `e${(n * 17) % 200}`,
      tags: [`t${n % 40}`, `t${(n * 3) % 40}`],
      flag: n % 2 === 0,
    })),
  );
  await db.collection('few').insertMany(Array.from({ length: 999 }, (_, a) => ({ a })));
});
const advise = (asked: readonly Asked[], collection = 'posts', budget?: number) =>
  adviseIn(collection, asked, budget);
const keys = async (...asked: Parameters<typeof advise>) =>
  (await advise(...asked)).indexes.map(({ key }) => textOfKey(key)).sort();

const page: Asked = [
  { find: 'posts', filter: { status: 'x' }, sort: { publishedAt: -1 }, limit: 20 },
  1_000,
  20,
];

describe('for one collection', () => {
  test('a filter and a sort get the one compound index, not two', async () => {
    const { indexes, sampled } = await advise([page]);
    expect(sampled).toBe(DOCUMENTS);
    expect(indexes.map(({ key }) => key)).toEqual([
      [
        ['status', 1],
        ['publishedAt', -1],
      ],
    ]);
    expect(indexes[0]!.gains).toMatchObject([
      {
        before: { documents: DOCUMENTS, isScan: true },
        after: { documents: 20, keys: 20, sorted: 0, isScan: false },
      },
    ]);
    expect(indexes[0]!.gains[0]!.before.sorted).toBeGreaterThan(0);
  });

  test('one of the two directions is enough for both', async () => {
    const other: Asked = [{ ...page[0], sort: { publishedAt: 1 } }, 10, 20];
    expect(await keys([page, other])).toHaveLength(1);
  });

  test('a shorter index is left out where a longer one serves', async () => {
    const count: Asked = [{ count: 'posts', query: { status: 'x' } }, 100, 500];
    expect(await keys([page, count])).toEqual(['{"status":1,"publishedAt":-1}']);
  });

  test('an $or gets an index for each branch', async () => {
    const either: Asked = [{ find: 'posts', filter: { $or: [{ author: 'x' }, { editor: 'y' }] } }, 500, 25];
    expect(await keys([either])).toEqual(['{"author":1}', '{"editor":1}']);
  });

  test('what is asked rarely, or finds half of everything, is left to a scan and named', async () => {
    const rare: Asked = [{ find: 'posts', filter: { author: 'x' } }, 3, 10];
    const half: Asked = [{ find: 'posts', filter: { flag: true } }, 5_000, DOCUMENTS / 2];
    const { indexes, left } = await advise([rare, half]);
    expect(indexes).toEqual([]);
    expect(left.map(({ shape, why }) => [shape, why])).toEqual([
      ['s1', 'no index reads much less than all documents'],
      ['s0', 'it was asked 3 times: an index would cost more than it saves'],
    ]);
  });

  test('an index that costs writes more than it saves reads is not advised', async () => {
    const read: Asked = [{ find: 'posts', filter: { author: 'x' } }, 50, 10];
    const write: Asked = [
      { update: 'posts', updates: [{ q: { _id: 1 }, u: { $set: { author: 'x' } } }] },
      100_000,
      1,
    ];
    expect(await keys([read])).toEqual(['{"author":1}']);
    expect(await keys([read, write])).toEqual([]);
  });

  test('conditions that seldom meet are tried with values that do not', async () => {
    const seldom: Asked = [{ find: 'posts', filter: { status: 'x', author: 'y' } }, 3_000, 0.05];
    const { indexes } = await advise([seldom]);
    expect(indexes.map(({ key }) => key.map(([path]) => path).sort())).toEqual([['author', 'status']]);
  });

  test('a pipeline that filters behind what it unwinds gets the index of its filter', async () => {
    const pipeline = [{ $unwind: '$tags' }, { $match: { author: 'x' } }];
    expect(await keys([[{ aggregate: 'posts', pipeline }, 500, 20]])).toEqual(['{"author":1}']);
  });

  test('an existing index that serves is enough', async () => {
    await db.collection('posts').createIndex({ author: 1, publishedAt: 1 });
    const { indexes, used } = await advise([[{ find: 'posts', filter: { author: 'x' } }, 900, 10]]);
    await db.collection('posts').dropIndex('author_1_publishedAt_1');
    expect([indexes, [...used]]).toEqual([[], ['author_1_publishedAt_1']]);
  });

  test('a sample is enough, and what is told is about the whole', async () => {
    const { indexes, sampled } = await advise(
      [[{ find: 'posts', filter: { author: 'x' } }, 900, 10]],
      'posts',
      1_000,
    );
    expect(sampled).toBeLessThanOrEqual(1_000);
    expect(indexes.map(({ key }) => textOfKey(key))).toEqual(['{"author":1}']);
    const [{ before, after }] = indexes[0]!.gains as [(typeof indexes)[0]['gains'][0]];
    expect(before.documents).toBe(DOCUMENTS);
    expect(unitsOf(after)).toBeLessThan(60);
  });

  test('a small collection gets none, and nothing is copied', async () => {
    const { indexes, sampled, left } = await advise([[{ find: 'few', filter: { a: 1 } }, 9_999, 1]], 'few');
    expect([indexes, sampled, left[0]!.why]).toEqual([[], 0, 'few has fewer than 1000 documents']);
  });

  test('shapes that look alike are measured as one, and told each with its own calls', async () => {
    const observed = (shape: string, command: mongo.Document, calls: number, documents: number) => ({
      shape,
      text: shapeOf(Object.keys(command)[0]!, command)!,
      calls,
      documents,
      origins: [],
    });
    const [q, u] = [{ author: 'x' }, { $set: { flag: true } }];
    const shapes = [
      observed('found', { find: 'posts', filter: { editor: 'x' } }, 300, 4_500),
      observed('counted', { find: 'posts', filter: { editor: 'x' }, projection: { tags: 1 } }, 200, 3_000),
      observed('deleted', { delete: 'posts', deletes: [{ q, limit: 1 }] }, 3, 3),
      observed('updated', { update: 'posts', updates: [{ q, u }] }, 2, 2),
    ];
    const advice = await adviseIndexes(db, [classWith('posts')], {
      product: 'shop',
      shapes,
      scratch: scratch(),
    });
    const { collections } = factsOfAdvice(
      { ...advice, since: new Date(), texts: new Map() },
      () => undefined,
    );
    const [one] = collections.filter(({ collection }) => collection === 'posts');
    expect(
      one!.indexes.map(({ key, gains }) => [key, gains.map(({ shape, calls }) => [shape, calls])]),
    ).toEqual([
      [
        { editor: 1 },
        [
          ['found', 300],
          ['counted', 200],
        ],
      ],
    ]);
    const why = 'all that look so were asked 5 times: an index would cost more than it saves';
    expect(one!.left.map((left) => [left.shape, left.calls, left.why])).toEqual([
      ['deleted', 3, why],
      ['updated', 2, why],
    ]);
  });

  test('a view gets no advice, and it is said why', async () => {
    await db.createCollection('pages', { viewOn: 'posts', pipeline: [] });
    const text = shapeOf('find', { find: 'pages', filter: { author: 1 } })!;
    const shapes = [{ shape: 's1', text, calls: 1_000, documents: 1_000, origins: [] }];
    const { collections } = await adviseIndexes(db, [classWith('pages')], {
      product: 'shop',
      shapes,
      scratch: scratch(),
    });
    const [one] = collections.filter(({ collection }) => collection === 'pages');
    expect(one!.left.map(({ why }) => why)).toEqual([
      'pages is a view: it has no indexes, its reads use those of the collection that it is of',
    ]);
  });

  test('a time series gets no advice, and it is said why', async () => {
    await db.createCollection('gauges', { timeseries: { timeField: 'at', metaField: 'meta' } });
    await db
      .collection('gauges')
      .insertMany(Array.from({ length: 1_500 }, (_, n) => ({ at: new Date(n * 1_000), meta: n, v: n })));
    const text = shapeOf('find', { find: 'gauges', filter: { v: 1 } })!;
    const shapes = [{ shape: 's1', text, calls: 1_000, documents: 1_000, origins: [] }];
    const { collections } = await adviseIndexes(db, [classWith('gauges')], {
      product: 'shop',
      shapes,
      scratch: scratch(),
    });
    const [one] = collections.filter(({ collection }) => collection === 'gauges');
    expect([one!.indexes, one!.left.map(({ why }) => why)]).toEqual([
      [],
      ['gauges is a time series: what an index over its buckets saves and costs is not reckoned'],
    ]);
  });
});

describe('a narrow range', () => {
  const MANY = 20_000;
  beforeAll(async () => {
    await db.collection('events').insertMany(
      Array.from({ length: MANY }, (_, n) => ({
        at: new Date(1_700_000_000_000 + ((n * 7_919) % MANY) * 1_000),
        user: `u${n % 300}`,
      })),
    );
  });
  const since = { at: { $gt: 1 } };
  const between = { at: { $gte: 1, $lt: 2 } };
  const expired = { delete: 'events', deletes: [{ q: { at: { $lt: 1 } }, limit: 0 }] };

  test.each<[string, mongo.Document, number, number]>([
    ['what is new since', { find: 'events', filter: since }, 3, MANY],
    ['what is new since, in a sample', { find: 'events', filter: since }, 3, 2_000],
    ['what is new since, in a sample that has none of it', { find: 'events', filter: since }, 4, 1_000],
    ['nothing new', { find: 'events', filter: since }, 0.01, 2_000],
    ['a moment', { find: 'events', filter: between }, 2, 2_000],
    ['a moment, of all', { find: 'events', filter: between }, 2, MANY],
    ['a cleaning up', expired, 40, 2_000],
    ['less than a sample can tell', { find: 'events', filter: since }, 15, 100],
  ])('is found and gets its index: %s', async (_, command, found, budget) => {
    const { indexes, left } = await advise([[command, 3_000, found]], 'events', budget);
    expect([left, indexes.map(({ key }) => textOfKey(key))]).toEqual([[], ['{"at":1}']]);
  });
});

test('what a sample cannot tell from one document gets its index, too', async () => {
  const { indexes, left } = await advise(
    [[{ find: 'events', filter: { user: 'x' } }, 3_000, 15]],
    'events',
    100,
  );
  expect([left, indexes.map(({ key }) => textOfKey(key))]).toEqual([[], ['{"user":1}']]);
});

describe('a condition that cannot be asked for', () => {
  beforeAll(async () => {
    await db.collection('items').insertMany(
      Array.from({ length: 4_000 }, (_, n) => ({
        owner: `o${n % 100}`,
        tags: Array.from({ length: n % 4 }, (__, at) => at),
        ...(n % 200 === 0 && { ext: `x${n}` }),
        score: n / 4_000,
      })),
    );
  });

  test.each<[string, mongo.Document, number, string]>([
    ['$size', { owner: 'x', tags: { $size: 2 } }, 20, 'owner'],
    ['$type beside an equality', { owner: 'x', ext: { $type: 'string' } }, 0.5, 'owner'],
    ['$where', { owner: 'x', $where: '1' }, 3, 'owner'],
    ['$geoWithin', { owner: 'x', loc: { $geoWithin: { $box: [] } } }, 1, 'owner'],
    ['two paths', { owner: 'x', $expr: { $gt: ['$score', '$tags'] } }, 0.1, 'owner'],
    ['and one that can', { ext: { $type: 'string' } }, 20, 'ext'],
    ['a comparison with a constant', { $expr: { $gt: ['$score', 0.9995] } }, 2, 'score'],
    ['an equality with a constant', { $expr: { $eq: ['$owner', 'x'] } }, 40, 'owner'],
  ])('leaves the others their index: %s', async (_, filter, found, path) => {
    const { indexes, left } = await advise([[{ find: 'items', filter }, 1_000, found]], 'items');
    expect([left, indexes.map(({ key }) => key[0]![0])]).toEqual([[], [path]]);
  });
});

describe('what few documents have', () => {
  beforeAll(async () => {
    await db
      .collection('jobs')
      .insertMany(
        Array.from({ length: 6_000 }, (_, n) => ({ status: n < 5_988 ? 'done' : 'open', prio: n % 100 })),
      );
  });

  test.each([
    ['all of a collection', undefined],
    ['a sample of it', 3_000],
  ])('is found in %s, and its index is advised', async (_, budget) => {
    const { indexes, left } = await advise(
      [[{ find: 'jobs', filter: { status: 'open' } }, 200, 12]],
      'jobs',
      budget,
    );
    expect(left).toEqual([]);
    expect(indexes.map(({ key }) => textOfKey(key))).toEqual(['{"status":1}']);
    expect(unitsOf(indexes[0]!.gains[0]!.before)).toBeGreaterThan(100 * unitsOf(indexes[0]!.gains[0]!.after));
  });

  test('is not said to be most where nothing was counted', async () => {
    const pipeline = [{ $match: { status: 'open' } }, { $group: { _id: 1, n: { $sum: 1 } } }];
    const { left } = await advise([[{ aggregate: 'jobs', pipeline }, 100, 1]], 'jobs');
    expect(left[0]!.why).toMatch(/^with values of sampled documents no index .* for rare values one may\)$/);
  });
});
