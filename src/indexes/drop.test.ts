import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import type { ClassType } from '../database/class-type.js';
import { applyIndexes } from './apply.js';
import { classWith, namesOf, useCollections } from '../../test/support/indexes.js';
import { shapeOf } from '../monitor/shape/shape.js';
import { planIndexes } from './plan.js';

const { given } = useCollections();
const kinds = (changes: readonly { kind: string; name: string }[]) =>
  changes.map(({ kind, name }) => `${kind} ${name}`);

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
    const now = { dropUndeclared: true, waitMs: 0 };
    expect(kinds((await applyIndexes(db, classes, now)).done)).toEqual(['drop old_1']);
    expect(await namesOf(db, collection)).toEqual(['a_1']);
    expect(await db.collection('_bulkhead.indexes').countDocuments({ collection })).toBe(0);
  });

  test('waits as long as was said when it was hidden, and goes only where the plan is to drop', async () => {
    const { db, classes, collection } = await given([], [{ key: { old: 1 } }], [{ a: 1 }]);
    const DAY_MS = 86_400_000;
    const hidden = {
      days: async (days: number) => {
        const hiddenAt = new Date(Date.now() - days * DAY_MS);
        await db.collection('_bulkhead.indexes').updateOne({ collection }, { $set: { hiddenAt } });
      },
    };
    await applyIndexes(db, classes, { dropUndeclared: true, waitMs: 30 * DAY_MS });
    await hidden.days(8);
    // After the usual wait, and before its own.
    expect((await applyIndexes(db, classes, { dropUndeclared: true })).done).toEqual([]);
    await hidden.days(31);
    for (const options of [{}, { waitMs: 0 }]) {
      expect((await applyIndexes(db, classes, options)).done).toEqual([]);
      expect((await planIndexes(db, classes, options)).undeclared[0]!.hidden).toBe(true);
    }
    expect(kinds((await applyIndexes(db, classes, { dropUndeclared: true })).done)).toEqual(['drop old_1']);
    expect(await namesOf(db, collection)).toEqual(['a_1']);
  });

  test('goes alone where it is named, also from a collection of no class', async () => {
    const { db, classes, collection } = await given(
      [],
      [{ key: { old: 1 } }, { key: { busy: 1 } }],
      [{ lacking: 1 }],
    );
    const other = `other.${collection}`;
    await db.collection(other).createIndexes([{ key: { x: 1 } }, { key: { 'y.0': 1 } }]);
    const drop = [`${collection}.old_1`, `${other}.y.0_1`];
    const hide = await applyIndexes(db, classes, { drop });
    expect(kinds(hide.done)).toEqual(['hide old_1', 'hide y.0_1']);
    expect((await applyIndexes(db, classes, { drop })).done).toEqual([]);
    const plan = await planIndexes(db, classes, { drop, waitMs: 0 });
    expect(kinds((await applyIndexes(db, classes, { plan })).done)).toEqual(['drop old_1', 'drop y.0_1']);
    expect(await namesOf(db, collection)).toEqual(['busy_1']);
    expect(await namesOf(db, other)).toEqual(['x_1']);
    expect(await applyIndexes(db, classes, { plan })).toMatchObject({ done: [], left: [] });
  });

  test('and was shown again by somebody, is kept', async () => {
    const { db, classes, collection } = await given([], [{ key: { old: 1 } }], [{ a: 1 }]);
    await applyIndexes(db, classes, { dropUndeclared: true });
    const plan = await planIndexes(db, classes, { dropUndeclared: true, waitMs: 0 });
    expect(kinds(plan.changes)).toEqual(['drop old_1']);
    await db.command({ collMod: collection, index: { name: 'old_1', hidden: false } });
    const { done, left } = await applyIndexes(db, classes, { plan });
    const again = { why: expect.stringContaining('plan again') as unknown };
    // Neither is it dropped, nor hidden again: the plan does not say so.
    expect({ done, left }).toMatchObject({ done: [], left: [again, again] });
    expect(await namesOf(db, collection)).toEqual(['a_1', 'old_1']);
  });

  test.each<[string, (db: mongo.Db, classes: readonly ClassType[]) => Promise<unknown>]>([
    ['with nothing done in between', async () => undefined],
    ['with an apply in between that had nothing to do', (db, classes) => applyIndexes(db, classes)],
  ])('was shown, and is hidden again by hand: its wait begins anew, %s', async (_, between) => {
    const { db, classes, collection } = await given([], [{ key: { old: 1 } }]);
    const hide = (hidden: boolean) => db.command({ collMod: collection, index: { name: 'old_1', hidden } });
    const due = { dropUndeclared: true };
    await applyIndexes(db, classes, { ...due, waitMs: 0 });
    const noted = db.collection('_bulkhead.indexes');
    const past = (ms: number) => {
      const then = new Date(Date.now() - ms);
      return noted.updateOne({ collection }, { $set: { hiddenAt: then, countedSince: then } });
    };
    // Noted after it was done, and by another clock: that is no other hiding.
    await past(1_000);
    expect(kinds((await planIndexes(db, classes, due)).changes)).toEqual(['drop old_1']);
    await hide(false);
    // Not what comes with a start: the server has counted for longer.
    await sleep(1_100);
    await between(db, classes);
    await hide(true);
    await past(3_600_000);
    expect((await planIndexes(db, classes, due)).changes.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['hide', 'no class declares it; it is hidden already, and the wait begins'],
    ]);
    await applyIndexes(db, classes, due);
    expect((await planIndexes(db, classes, due)).changes).toEqual([]);
  });

  test('and is declared again while it is hidden, is shown again', async () => {
    const { db, classes, collection } = await given([], [{ key: { old: 1 } }], [{ a: 1 }]);
    await applyIndexes(db, classes, { dropUndeclared: true });
    const again = [classWith(collection, [{ a: 1 }], [{ old: 1 }])];
    expect(kinds((await applyIndexes(db, again, { dropUndeclared: true, waitMs: 0 })).done)).toEqual([
      'unhide old_1',
    ]);
    expect(await db.collection('_bulkhead.indexes').countDocuments({ collection })).toBe(0);
  });

  test('is left where an observed query names it in a hint, by name or by key', async () => {
    const { db, classes, collection } = await given(
      [{ a: 1 }],
      [{ key: { old: 1 }, name: 'by_name' }, { key: { other: -1 } }, { key: { free: 1 } }],
      [{ a: 1 }],
    );
    const shape = (n: number, hint: unknown) => ({
      kind: 'shape',
      collection,
      shape: `s${n}`,
      text: shapeOf('find', { find: collection, filter: { a: 1 }, hint }),
      expiresAt: new Date(Date.now() + 1e9),
    });
    const stats = db.collection('_bulkhead.stats');
    await stats.insertMany([shape(1, 'by_name'), shape(2, { other: -1 }), shape(3, 'free_1_')]);
    const { done, left } = await applyIndexes(db, classes, { dropUndeclared: true });
    await stats.deleteMany({ collection });
    expect(kinds(done)).toEqual(['create a_1', 'hide free_1']);
    expect(left.map(({ change, why }) => `${change.name}: ${why}`)).toEqual([
      `by_name: observed queries name it in a hint, and would fail: ${collection}.find({a}).hint(by_name)`,
      `other_-1: observed queries name it in a hint, and would fail: ${collection}.find({a}).hint({other: -1})`,
    ]);
    expect(await db.collection(collection).find({ a: 1 }).hint('by_name').toArray()).toHaveLength(1);
  });

  test.each<[string, mongo.IndexDescription, Record<string, unknown>]>([
    ['a hashed one', { key: { user: 'hashed' } }, { filter: { user: 'u' }, hint: { user: 'hashed' } }],
    ['a place in an array', { key: { 'tags.0': 1 } }, { filter: { 'tags.0': 'x' }, hint: { 'tags.0': 1 } }],
    ['a text', { key: { title: 'text' } }, { filter: { $text: { $search: 'words' } } }],
    ['a place', { key: { loc: '2dsphere' } }, { filter: { loc: { $near: [1, 2], $maxDistance: 1 } } }],
    [
      'a place, by its plane',
      { key: { 'at.0': '2d' } },
      { filter: { $or: [], 'at.0': { $nearSphere: [1, 2] } } },
    ],
    [
      'any place',
      { key: { loc: '2dsphere' } },
      { pipeline: [{ $geoNear: { near: [1, 2], distanceField: 'd' } }] },
    ],
  ])('is left where an observed query fails without it: %s', async (_, index, asks) => {
    const { db, classes, collection } = await given(
      [],
      [index, { key: { free: 1 } }, { key: { away: '2d' } }],
    );
    const command = 'pipeline' in asks ? 'aggregate' : 'find';
    const stats = db.collection('_bulkhead.stats');
    const text = shapeOf(command, { [command]: collection, ...asks })!;
    await stats.insertOne({ kind: 'shape', collection, shape: 's', text });
    if (command === 'aggregate') await db.collection(collection).dropIndex('away_2d');
    const { done, left } = await applyIndexes(db, classes, { dropUndeclared: true });
    const [name] = await namesOf(db, collection).then((all) =>
      all.filter((one) => !/^(?:free|away)/.test(one)),
    );
    expect(left.map(({ change, why }) => [change.name, why])).toEqual([
      [name, expect.stringMatching(/^observed queries .*would fail: /)],
    ]);
    expect(done.map((one) => one.name)).toContain('free_1');
    // What is like it and stays will do.
    if (index.key && 'loc' in index.key) {
      const twin = [classWith(collection, [{ loc: '2dsphere', kind: 1 }])];
      expect(kinds((await applyIndexes(db, twin, { dropUndeclared: true })).done)).toEqual([
        'create loc_2dsphere_kind_1',
      ]);
      expect(kinds((await applyIndexes(db, twin, { dropUndeclared: true })).done)).toEqual([
        'hide loc_2dsphere',
      ]);
    }
    await stats.deleteMany({ collection });
  });

  test('of a kind that searches need, says that they fail', async () => {
    const { db, classes } = await given([], [{ key: { title: 'text' } }]);
    const [hide] = (await planIndexes(db, classes, { dropUndeclared: true })).changes;
    expect(hide!.cost.blocks).toBe('nobody; searches for text or near a place that need it fail at once');
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
      expect.stringMatching(/^used 1 time since /),
      expect.stringContaining('refuses duplicates'),
    ]);
    expect(plan.changes[2]!.warnings).toEqual([expect.stringContaining('goes on deleting')]);
  });
});
