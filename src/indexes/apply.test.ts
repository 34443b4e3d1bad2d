import type { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { addIndexes, type ApplyEvent, applyIndexes } from './apply.js';
import { classWith, type Declaration, namesOf, useDatabase } from '../../test/support/indexes.js';
import { planIndexes } from './plan.js';

const database = useDatabase();
let collections = 0;

/** A collection with documents and indexes, and what its class is to declare. */
async function given(documents: object[], existing: mongo.IndexDescription[], ...declared: Declaration[]) {
  const db = database();
  const collection = `a${(collections += 1)}`;
  await db.createCollection(collection);
  if (documents.length > 0) await db.collection(collection).insertMany(documents as mongo.Document[]);
  if (existing.length > 0) await db.collection(collection).createIndexes(existing);
  const classes = [classWith(collection, ...declared)];
  return { db, collection, classes, indexes: () => db.collection(collection).listIndexes().toArray() };
}
const kinds = (changes: readonly { kind: string; name: string }[]) =>
  changes.map(({ kind, name }) => `${kind} ${name}`);

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
        writes: 'one entry more for every insert, and for every update of a, b (1 indexes now)',
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
    const collection = `a${(collections += 1)}`;
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

describe('what the server can change in place', () => {
  test('a hidden index is shown, and another is hidden where the class says so', async () => {
    const { db, classes, indexes } = await given(
      [],
      [{ key: { a: 1 }, hidden: true }, { key: { b: 1 } }],
      [{ a: 1 }],
      [{ b: 1 }, { hidden: true }],
    );
    const { done } = await applyIndexes(db, classes);
    expect(kinds(done)).toEqual(['unhide a_1', 'modify b_1']);
    expect((await indexes()).map(({ name, hidden }) => [name, hidden])).toEqual([
      ['_id_', undefined],
      ['a_1', undefined],
      ['b_1', true],
    ]);
  });

  test('an expiry is changed, and given to an index that had none', async () => {
    const { db, classes, indexes } = await given(
      [{ at: new Date() }],
      [{ key: { at: 1 }, expireAfterSeconds: 1_000 }, { key: { until: 1 } }],
      [{ at: 1 }, { expireAfterSeconds: 500 }],
      [{ until: 1 }, { expireAfterSeconds: 0 }],
    );
    expect(kinds((await applyIndexes(db, classes)).done)).toEqual(['modify at_1', 'modify until_1']);
    expect((await indexes()).map(({ expireAfterSeconds }) => expireAfterSeconds)).toEqual([
      undefined,
      500,
      0,
    ]);
  });

  test('an index becomes unique without being built again; duplicates leave it as it was', async () => {
    const { db, classes, collection, indexes } = await given(
      [{ a: 1 }, { a: 2 }],
      [{ key: { a: 1 } }],
      [{ a: 1 }, { unique: true }],
    );
    const stored = db.collection(collection);
    const plan = await planIndexes(db, classes);
    expect(kinds(plan.changes)).toEqual(['modify a_1']);
    // A duplicate that came after the plan: the plan knows of none, the server does.
    const { insertedId } = await stored.insertOne({ a: 1 });
    const { left } = await applyIndexes(db, classes, { plan });
    expect(left[0]!.why).toMatch(/2 documents share 1 key that must be unique: /);
    expect(left[0]!.change.duplicates!.ids).toContain(String(insertedId));
    await stored.insertOne({ a: 1 });
    await stored.deleteMany({ a: 1 });
    expect((await applyIndexes(db, classes, { plan })).left).toEqual([]);
    expect((await indexes()).at(-1)).toMatchObject({ name: 'a_1', unique: true });
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
    ['by collation', [{ a: 'x' }, { a: 'X' }], { a: 1 }, { collation: { locale: 'en', strength: 2 } }, 2, 1],
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
      '1 documents have no date there and never expire',
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

describe('what no class declares', () => {
  test('is named and left; with leave it is hidden, waits, and goes', async () => {
    const { db, classes, collection, indexes } = await given(
      [{ a: 1 }],
      [{ key: { a: 1 } }, { key: { old: 1 } }],
      [{ a: 1 }],
    );
    const plan = await planIndexes(db, classes);
    expect(plan).toMatchObject({ changes: [], undeclared: [{ collection, name: 'old_1', hidden: false }] });
    expect((await applyIndexes(db, classes)).done).toEqual([]);
    expect(await namesOf(db, collection)).toEqual(['a_1', 'old_1']);

    expect(kinds((await applyIndexes(db, classes, { dropUndeclared: true })).done)).toEqual(['hide old_1']);
    expect((await indexes()).at(-1)).toMatchObject({ name: 'old_1', hidden: true });
    // Before its time is over, nothing happens; the plan says when.
    expect((await applyIndexes(db, classes, { dropUndeclared: true })).done).toEqual([]);
    const [waiting] = (await planIndexes(db, classes)).undeclared;
    expect(Date.parse(waiting!.droppableAt!) - Date.parse(waiting!.hiddenAt!)).toBe(7 * 86_400_000);
    expect(kinds((await applyIndexes(db, classes, { waitMs: 0 })).done)).toEqual(['drop old_1']);
    expect(await namesOf(db, collection)).toEqual(['a_1']);
    expect(await db.collection('_bulkhead.indexes').countDocuments({ collection })).toBe(0);
  });

  test('and was shown again by somebody, is kept', async () => {
    const { db, classes, collection } = await given([], [{ key: { old: 1 } }], [{ a: 1 }]);
    await applyIndexes(db, classes, { dropUndeclared: true });
    const plan = await planIndexes(db, classes, { waitMs: 0 });
    expect(kinds(plan.changes)).toEqual(['drop old_1']);
    await db.command({ collMod: collection, index: { name: 'old_1', hidden: false } });
    const { done, left } = await applyIndexes(db, classes, { plan });
    expect([done, left.map(({ why }) => why)]).toEqual([[], [expect.stringContaining('plan again')]]);
    expect(await namesOf(db, collection)).toEqual(['a_1', 'old_1']);
  });

  test('and is declared again while it is hidden, is shown again', async () => {
    const { db, classes, collection } = await given([], [{ key: { old: 1 } }], [{ a: 1 }]);
    await applyIndexes(db, classes, { dropUndeclared: true });
    const again = [classWith(collection, [{ a: 1 }], [{ old: 1 }])];
    expect(kinds((await applyIndexes(db, again, { waitMs: 0 })).done)).toEqual(['unhide old_1']);
    expect(await db.collection('_bulkhead.indexes').countDocuments({ collection })).toBe(0);
  });

  test('says what depends on it', async () => {
    const { db, classes, collection } = await given(
      [{ u: 1 }],
      [
        { key: { u: 1 }, unique: true },
        { key: { at: 1 }, expireAfterSeconds: 1_000 },
      ],
      [{ u: 1 }],
    );
    await db.collection(collection).find({ u: 1 }).hint('u_1').toArray();
    const plan = await planIndexes(db, classes, { dropUndeclared: true });
    expect(kinds(plan.changes)).toEqual(['create u_1__2', 'hide u_1', 'hide at_1']);
    expect(plan.changes[1]!.warnings).toEqual([
      expect.stringMatching(/^used 1 times since /),
      expect.stringContaining('refuses duplicates'),
    ]);
    expect(plan.changes[2]!.warnings).toEqual([expect.stringContaining('goes on deleting')]);
  });
});

describe('a plan that was made before', () => {
  test('is carried out as it stands: what came since is not done, what was done is no fault', async () => {
    const { db, classes, collection } = await given([], [], [{ a: 1 }], [{ b: 1 }]);
    const plan = JSON.parse(JSON.stringify(await planIndexes(db, classes))) as Awaited<
      ReturnType<typeof planIndexes>
    >;
    await db.collection(collection).createIndex({ a: 1 });
    const more = [classWith(collection, [{ a: 1 }], [{ b: 1 }], [{ c: 1 }])];
    const { done, left } = await applyIndexes(db, more, { plan });
    expect(kinds(done)).toEqual(['create b_1']);
    expect(left.map(({ change, why }) => [change.name, why])).toEqual([
      ['c_1', 'the plan does not name it: plan again'],
    ]);
    expect(await namesOf(db, collection)).toEqual(['a_1', 'b_1']);
  });

  test('does nothing where the index it is about has changed', async () => {
    const { db, classes, collection } = await given(
      [],
      [{ key: { a: 1 }, expireAfterSeconds: 50 }],
      [{ a: 1 }, { expireAfterSeconds: 100 }],
    );
    const plan = await planIndexes(db, classes);
    await db.command({ collMod: collection, index: { name: 'a_1', expireAfterSeconds: 70 } });
    const { done, left } = await applyIndexes(db, classes, { plan });
    expect(done).toEqual([]);
    expect(left.map(({ why }) => why)).toEqual([
      'the plan does not name it: plan again',
      'the database or the classes have changed since the plan: plan again',
    ]);
  });

  test('is refused for another database', async () => {
    const { db, classes } = await given([], [], [{ a: 1 }]);
    const plan = { ...(await planIndexes(db, classes)), database: 'elsewhere' };
    await expect(applyIndexes(db, classes, { plan })).rejects.toThrow(/made for database elsewhere/);
  });
});

describe('from several places', () => {
  test('two at once build each index once, and neither fails', async () => {
    const { db, classes, collection } = await given(
      Array.from({ length: 200 }, (_, a) => ({ a })),
      [{ key: { old: 1 } }],
      [{ a: 1 }, { unique: true }],
      [{ b: 1 }],
      [{ c: 1, a: -1 }],
    );
    const events: ApplyEvent[] = [];
    const results = await Promise.all(
      Array.from({ length: 4 }, () =>
        applyIndexes(db, classes, { dropUndeclared: true, onEvent: (event) => events.push(event) }),
      ),
    );
    expect(results.flatMap(({ left }) => left)).toEqual([]);
    const all = kinds(results.flatMap(({ done }) => done));
    expect(all.sort()).toEqual(['create a_1', 'create b_1', 'create c_1_a_-1', 'hide old_1']);
    expect(await namesOf(db, collection)).toEqual(['a_1', 'b_1', 'c_1_a_-1', 'old_1']);
    expect(events.filter(({ event }) => event === 'begin')).toHaveLength(4);
  });
});

describe('a build under way', () => {
  // Builds stop at this document, and at no other file's.
  const marker = `stop ${process.pid} ${Math.random()}`;
  const hang = (db: mongo.Db, mode: 'alwaysOn' | 'off') =>
    db.admin().command({
      configureFailPoint: 'hangIndexBuildDuringCollectionScanPhaseBeforeInsertion',
      mode,
      data: { fieldsToMatch: { marker } },
    });

  test('is the server’s: who stops leaves it, the next run sees it and waits, and it is built once', async () => {
    const { db, classes, collection } = await given([{ a: 1, marker }], [], [{ a: 1 }], [{ b: 1 }]);
    await hang(db, 'alwaysOn');
    try {
      const stop = new AbortController();
      const told: ApplyEvent[] = [];
      const first = await applyIndexes(db, classes, {
        signal: stop.signal,
        onEvent: (event) => {
          told.push(event);
          if (event.event === 'building') stop.abort();
        },
      });
      expect(first.interrupted).toBe(true);
      expect(first.left.map(({ change, why }) => [change.name, why])).toEqual([
        ['a_1', expect.stringContaining('the server goes on building it')],
        ['b_1', 'stopped before it'],
      ]);
      expect(told).toContainEqual(
        expect.objectContaining({ event: 'building', progress: expect.objectContaining({ seconds: 1 }) }),
      );

      const plan = await planIndexes(db, classes);
      expect(plan.changes.map(({ name, building, reason }) => [name, building, reason])).toEqual([
        ['a_1', true, 'Parcel declares it; the server is building it'],
        ['b_1', undefined, 'Parcel declares it'],
      ]);
      const second = applyIndexes(db, classes);
      await hang(db, 'off');
      expect(kinds((await second).done)).toEqual(['create a_1', 'create b_1']);
    } finally {
      await hang(db, 'off');
    }
    expect(await namesOf(db, collection)).toEqual(['a_1', 'b_1']);
    expect((await planIndexes(db, classes)).changes).toEqual([]);
  });

  test('that fails is told with the server’s reason, and takes nothing else along', async () => {
    const { db, classes, collection } = await given([{ a: [1], b: [1] }], [], [{ a: 1, b: 1 }], [{ c: 1 }]);
    const { done, left } = await applyIndexes(db, classes);
    expect(kinds(done)).toEqual(['create c_1']);
    expect(left[0]!.why).toMatch(/parallel arrays/);
    expect(await namesOf(db, collection)).toEqual(['c_1']);
  });
});

describe('what start and provision do', () => {
  test('adds and changes, and leaves to apply what takes away', async () => {
    const { db, classes, collection } = await given(
      [],
      [{ key: { ttl: 1 }, expireAfterSeconds: 5 }, { key: { old: 1 } }, { key: { h: 1 }, hidden: true }],
      [{ ttl: 1 }],
      [{ h: 1 }],
      [{ a: 1 }],
    );
    const { done, left } = await addIndexes(db, classes);
    expect(kinds(done)).toEqual(['unhide h_1', 'create a_1']);
    expect(left.map(({ why }) => why)).toEqual([expect.stringContaining('bulkhead indexes apply')]);
    expect(await namesOf(db, collection)).toEqual(['a_1', 'h_1', 'old_1', 'ttl_1']);
  });
});
