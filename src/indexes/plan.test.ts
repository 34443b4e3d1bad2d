import type { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { classWith, namesOf, useCollections } from '../../test/support/indexes.js';
import { applyIndexes } from './apply.js';
import { planIndexes } from './plan.js';

const { database, given } = useCollections();
const CASELESS = { collation: { locale: 'en', strength: 2 } };

describe('a plan', () => {
  test('says why, what it costs, and is empty for a class that declares nothing', async () => {
    const { db, classes, collection } = await given([{ a: 1 }, { a: 2 }], [], [{ a: 1, b: -1 }]);
    const [change] = (await planIndexes(db, classes)).changes;
    expect(change).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
      kind: 'create',
      collection,
      name: 'a_1_b_-1',
      index: '{ a: 1, b: -1 }',
      reason: 'Parcel declares it',
      cost: {
        documents: 2,
        duration: 'a moment',
        blocks: expect.stringContaining('nobody'),
        writes: 'one entry more for every insert, and for every update of a, b (beside 1 index)',
      },
      warnings: [],
      blockers: [],
    });
    expect(change!.cost.dataBytes).toBeGreaterThan(0);
    const nothing = await given([], []);
    expect((await planIndexes(nothing.db, nothing.classes)).changes).toEqual([]);
  });

  test('writes nothing, whatever it finds', async () => {
    const { db, classes } = await given(
      [{ a: 1 }, { a: 1 }],
      [{ key: { z: 1 } }],
      [{ a: 1 }, { unique: true }],
    );
    const before = await db.command({ dbHash: 1 });
    const collectionsBefore = (await db.listCollections().toArray()).map(({ name }) => name).sort();
    await planIndexes(db, classes, { dropUndeclared: true });
    expect((await db.command({ dbHash: 1 }))['md5']).toBe(before['md5']);
    expect((await db.listCollections().toArray()).map(({ name }) => name).sort()).toEqual(collectionsBefore);
  });

  test('refuses classes that contradict each other', async () => {
    const { db, classes } = await given([], [], [{ a: 1 }], [{ a: 1 }, { expireAfterSeconds: 5 }]);
    await expect(planIndexes(db, classes)).rejects.toThrow(/a collection cannot have both/);
  });

  test('stops before the 65th index', async () => {
    const existing = Array.from({ length: 63 }, (_, i) => ({ key: { [`f${i}`]: 1 } }));
    const { db, classes } = await given([{ a: 1 }], existing, [{ a: 1 }]);
    const [change] = (await planIndexes(db, classes)).changes;
    expect(change!.blockers).toEqual(['a collection has at most 64 indexes, and this would be number 65']);
  });

  test('takes the default collation of the collection, and leaves text indexes without', async () => {
    const db = database();
    const collection = 'with-collation';
    await db.createCollection(collection, { collation: { locale: 'de', strength: 1 } });
    const declared = [
      classWith(collection, [{ a: 1 }], [{ t: 'text' }], [{ b: 1 }, { collation: { locale: 'simple' } }]),
    ];
    expect((await applyIndexes(db, declared)).left).toEqual([]);
    expect((await planIndexes(db, declared)).changes).toEqual([]);
    const byName = Object.fromEntries(
      (await db.collection(collection).listIndexes().toArray()).map((one) => [
        one['name'],
        one['collation']?.locale,
      ]),
    );
    expect(byName).toMatchObject({ a_1: 'de', t_text: undefined, b_1: undefined });
  });
});

describe('duplicates', () => {
  test.each<[string, object[], Record<string, 1 | -1>, mongo.Document, number, number]>([
    ['plain', [{ a: 1 }, { a: 1 }, { a: 1 }, { a: 2 }], { a: 1 }, {}, 3, 1],
    ['numbers of any type', [{ a: 1 }, { a: 1.0 }, { a: 2 }], { a: 1 }, {}, 2, 1],
    ['missing is null', [{ b: 1 }, { a: null }, { a: 2 }], { a: 1 }, {}, 2, 1],
    [
      'but not in a sparse index',
      [{ b: 1 }, { b: 1 }, { a: null }, { a: 2 }],
      { a: 1 },
      { sparse: true },
      0,
      0,
    ],
    [
      'two paths',
      [
        { a: 1, b: 1 },
        { a: 1, b: 2 },
        { a: 1, b: 1 },
      ],
      { a: 1, b: -1 },
      {},
      2,
      1,
    ],
    ['an element of arrays', [{ a: [1, 2] }, { a: [2, 3] }, { a: [4, 4] }], { a: 1 }, {}, 2, 1],
    ['an empty array is no null', [{ a: [] }, { a: null }], { a: 1 }, {}, 0, 0],
    ['two empty arrays', [{ a: [] }, { a: [] }], { a: 1 }, {}, 2, 1],
    ['inside documents', [{ a: { b: 1 } }, { a: { b: 1 } }], { 'a.b': 1 }, {}, 2, 1],
    ['inside arrays', [{ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 2 }] }], { 'a.b': 1 }, {}, 2, 1],
    [
      'pairs of one array are no others',
      [
        {
          a: [
            { b: 1, c: 1 },
            { b: 2, c: 2 },
          ],
        },
        { a: [{ b: 1, c: 2 }] },
        {
          a: [
            { b: 3, c: 3 },
            { b: 3, c: 3, d: 1 },
          ],
        },
      ],
      { 'a.b': 1, 'a.c': 1 },
      {},
      0,
      0,
    ],
    [
      'a pair',
      [
        {
          a: [
            { b: 1, c: 1 },
            { b: 2, c: 2 },
          ],
        },
        { a: [{ b: 2, c: 2 }] },
      ],
      { 'a.b': 1, 'a.c': 1 },
      {},
      2,
      1,
    ],
    [
      'whatever its fields are called',
      [
        { a: 1, n1: 2 },
        { a: 1, n1: 3 },
        { of: 1, n1: 2, a: 2 },
      ],
      { a: 1, n1: 1 },
      {},
      0,
      0,
    ],
    ['elements without the path', [{ a: [{ b: 1 }, {}] }, { a: [{ b: 2 }, {}] }], { 'a.b': 1 }, {}, 2, 1],
    [
      'not in a sparse index',
      [{ a: [{ b: 1 }, {}] }, { a: [{ b: 2 }, {}] }],
      { 'a.b': 1 },
      { sparse: true },
      0,
      0,
    ],
    [
      'a place of an array',
      [{ a: ['x', 'z'] }, { a: ['y', 'z'] }, { a: ['z', 'x'] }],
      { 'a.0': 1 },
      {},
      0,
      0,
    ],
    ['the same place', [{ a: ['x', 'y'] }, { a: ['x', 'z'] }, { a: [] }], { 'a.0': 1 }, {}, 2, 1],
    ['one document twice, by collation', [{ a: ['x', 'X'] }], { a: 1 }, CASELESS, 0, 0],
    ['by collation', [{ a: 'x' }, { a: 'X' }], { a: 1 }, CASELESS, 2, 1],
    ['not by another', [{ a: 'x' }, { a: 'X' }], { a: 1 }, {}, 0, 0],
    [
      'within the partial filter',
      [
        { a: 1, on: true },
        { a: 1, on: false },
        { a: 2, on: false },
        { a: 2, on: false },
      ],
      { a: 1 },
      { partialFilterExpression: { on: true } },
      0,
      0,
    ],
  ])('%s: found exactly where the server refuses', async (_, documents, key, options, found, keys) => {
    const { db, classes, collection } = await given(documents, [], [key, { ...options, unique: true }]);
    const [change] = (await planIndexes(db, classes)).changes;
    expect([change!.duplicates?.documents ?? 0, change!.duplicates?.keys ?? 0]).toEqual([found, keys]);
    const { left } = await applyIndexes(db, classes);
    expect(left).toHaveLength(found > 0 ? 1 : 0);
    const build = db.command({
      createIndexes: collection,
      indexes: [{ key, name: 'proof', ...options, unique: true }],
    });
    if (found > 0) await expect(build).rejects.toMatchObject({ code: 11_000 });
    // The same index under another name: it is there.
    else await expect(build).rejects.toMatchObject({ code: 85 });
  });

  test('are left to the build where places and elements of one array are asked for', async () => {
    const { db, classes } = await given(
      [{ a: ['x'] }, { a: ['x'] }],
      [],
      [{ a: 1, 'a.0': 1 }, { unique: true }],
    );
    const [change] = (await planIndexes(db, classes)).changes;
    expect([change!.blockers, change!.warnings[0]]).toEqual([
      [],
      'duplicates are found by the build only: its paths are places and elements of one array',
    ]);
  });

  test('of many, ten are named', async () => {
    const { db, classes } = await given(
      Array.from({ length: 40 }, (_, i) => ({ a: i % 4 })),
      [],
      [{ a: 1 }, { unique: true }],
    );
    const [change] = (await planIndexes(db, classes)).changes;
    expect(change!.duplicates).toMatchObject({ documents: 40, keys: 4, ids: expect.any(Array) });
    expect(change!.duplicates!.ids).toHaveLength(10);
    expect(change!.blockers[0]).toMatch(/^40 documents share 4 keys that must be unique: .*, …$/);
  });
});

test('a collation that the server does not know is told with its class', async () => {
  const { db, classes } = await given([], [], [{ a: 1 }, { collation: { locale: 'xx' } }]);
  await expect(planIndexes(db, classes)).rejects.toThrow(
    /^The server refuses the collation \{"locale":"xx"\}, which Parcel declares: /,
  );
});

describe('an index that expires documents', () => {
  const day = 86_400_000;
  test('is left while it would delete some at once, and says how many and the oldest', async () => {
    const oldest = new Date(Date.now() - 10 * day);
    const { db, classes, collection } = await given(
      [
        { at: oldest },
        { at: new Date(Date.now() - 2 * day) },
        { at: [new Date(), oldest] },
        { at: new Date() },
        { at: 'never' },
        {},
      ],
      [],
      [{ at: 1 }, { expireAfterSeconds: 86_400 }],
    );
    const [change] = (await planIndexes(db, classes)).changes;
    expect(change!.deletes).toEqual({ documents: 3, oldest: oldest.toISOString(), withoutDate: 1 });
    expect(change!.warnings).toEqual([
      `deletes 3 documents at once; the oldest is of ${oldest.toISOString()}`,
      'never expires what has no date there: 1 document',
    ]);
    const { left } = await applyIndexes(db, classes);
    expect(left[0]!.why).toContain('--allow-deletes');
    expect(await namesOf(db, collection)).toEqual([]);
    expect((await applyIndexes(db, classes, { allowDeletes: true })).left).toEqual([]);
    expect(await namesOf(db, collection)).toEqual(['at_1']);
  });

  test('cannot lose its expiry in place: it is replaced, with leave', async () => {
    const { db, classes, indexes } = await given([], [{ key: { a: 1 }, expireAfterSeconds: 5 }], [{ a: 1 }]);
    const refused = await applyIndexes(db, classes);
    expect(refused.left.map(({ change, why }) => [change.kind, why])).toEqual([
      ['replace', expect.stringContaining('--allow-gap')],
    ]);
    expect((await applyIndexes(db, classes, { allowGap: true })).left).toEqual([]);
    expect((await indexes()).at(-1)).toEqual({ v: 2, key: { a: 1 }, name: 'a_1' });
  });
});
