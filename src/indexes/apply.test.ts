import type { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { addIndexes, type ApplyEvent, applyIndexes, type ApplyResult } from './apply.js';
import { classWith, namesOf, useCollections } from '../../test/support/indexes.js';
import { linesOfPlan } from '../cli/indexes-lines.js';
import { planIndexes } from './plan.js';

const { given } = useCollections();
const kinds = (changes: readonly { kind: string; name: string }[]) =>
  changes.map(({ kind, name }) => `${kind} ${name}`);

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

describe('what is no plain collection', () => {
  test('a view has no indexes, and stands in nobody’s way', async () => {
    const { db, collection, classes } = await given([{ a: 1 }], [], [{ a: 1 }]);
    const view = `view_of_${collection}`;
    await db.createCollection(view, { viewOn: collection, pipeline: [] });
    expect(await applyIndexes(db, [classWith(view)])).toMatchObject({ done: [], left: [] });
    const plan = await planIndexes(db, [classWith(view)]);
    const said = `${view} is a view: it has no indexes, its reads use those of the collection that it is of`;
    expect(plan).toMatchObject({ changes: [], views: [view] });
    expect(linesOfPlan({ product: 'shop', ...plan }).join('\n')).toContain(said);
    const [blocked] = (await planIndexes(db, [classWith(view, [{ a: 1 }])])).changes;
    expect(blocked!.blockers).toEqual([said]);
    const { done, left } = await applyIndexes(db, [...classes, classWith(view, [{ a: 1 }])]);
    expect(kinds(done)).toEqual(['create a_1']);
    expect(left.map(({ change, why }) => [change.collection, why])).toEqual([
      [view, expect.stringContaining('view')],
    ]);
  });

  test('of a time series indexes are made once', async () => {
    const { db, collection } = await given([], []);
    const series = `series_of_${collection}`;
    await db.createCollection(series, { timeseries: { timeField: 'at', metaField: 'meta' } });
    const classes = [classWith(series, [{ 'meta.kind': 1, at: 1 }])];
    expect(kinds((await applyIndexes(db, classes)).done)).toEqual(['create meta.kind_1_at_1']);
    expect((await applyIndexes(db, classes)).done).toEqual([]);
  });

  test('of a time series buckets are counted, an index has an entry for each of them, and none is unique', async () => {
    const { db, collection } = await given([], []);
    const series = `measured_of_${collection}`;
    await db.createCollection(series, { timeseries: { timeField: 'at', metaField: 'meta' } });
    await db
      .collection(series)
      .insertMany(
        Array.from({ length: 3_000 }, (_, n) => ({ at: new Date(n * 1_000), meta: { kind: n % 2 }, v: n })),
      );
    const old = [{ at: 1 }, { expireAfterSeconds: 60, partialFilterExpression: { 'meta.kind': 1 } }] as const;
    const classes = [classWith(series, [{ 'meta.kind': 1, v: 1 }], [{ v: 1 }, { unique: true }], old)];
    const plan = await planIndexes(db, classes);
    const [plain, unique, expiring] = plan.changes;
    expect(plain!.cost).toMatchObject({
      documents: 4,
      isTimeSeries: true,
      writes:
        'one entry more for every new bucket, not for every document; written again where the least or greatest meta.kind, v of a bucket changes (beside 0 indexes)',
    });
    expect(linesOfPlan({ product: 'shop', ...plan }).join('\n')).toContain('(4 buckets of a time series, ');
    expect(unique!.blockers).toEqual(['a time series can have no unique index']);
    expect(expiring!.deletes).toMatchObject({ documents: 1_500 });
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
  // Builds stop at this document. A fail point is one for the whole server: other files use other ones.
  const marker = `stop ${process.pid} ${Math.random()}`;
  const hang = (db: mongo.Db, mode: 'alwaysOn' | 'off') =>
    db.admin().command({
      configureFailPoint: 'hangIndexBuildDuringCollectionScanPhaseAfterInsertion',
      mode,
      data: { fieldsToMatch: { marker } },
    });

  test('is the server’s: who stops leaves it, the next run sees it and waits, and it is built once', async () => {
    const { db, classes, collection } = await given(
      [...Array.from({ length: 2_000 }, (_, a) => ({ a })), { marker }],
      [],
      [{ a: 1 }],
      [{ b: 1 }],
    );
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
        expect.objectContaining({
          event: 'building',
          progress: {
            seconds: expect.any(Number),
            step: 'scanning collection',
            done: expect.any(Number),
            total: 2_001,
          },
        }),
      );

      const plan = await planIndexes(db, classes);
      expect(plan.changes.map(({ name, building, reason }) => [name, building, reason])).toEqual([
        ['a_1', true, 'Parcel declares it; the server is building it'],
        ['b_1', undefined, 'Parcel declares it'],
      ]);
      let second!: Promise<ApplyResult>;
      await new Promise<void>((waits) => {
        second = applyIndexes(db, classes, { onEvent: ({ event }) => event === 'building' && waits() });
      });
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
