import { modelOptions } from '@typegoose/typegoose';
import type { mongo } from 'mongoose';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabases } from '../../../test/support/advice.js';
import { classWith, type Declaration } from '../../../test/support/indexes.js';
import type { ClassType } from '../../database/class-type.js';
import { shapeOf } from '../../monitor/shape/shape.js';
import { adviseIndexes } from './advise.js';

const DOCUMENTS = 2_000;
const { database, scratch } = useDatabases();
let db: mongo.Db;
beforeAll(() => void (db = database()));

let collections = 0;
/** A collection with indexes, and the advice for one shape that is asked often. */
async function advise({
  options = {},
  indexes = [],
  classes,
  found,
  command,
}: {
  options?: mongo.CreateCollectionOptions;
  indexes?: mongo.IndexDescription[];
  classes?: (collection: string) => ClassType;
  found: number;
  command: (collection: string) => mongo.Document;
}) {
  const collection = `c${(collections += 1)}`;
  await db.createCollection(collection, options);
  await db.collection(collection).insertMany(
    Array.from({ length: DOCUMENTS }, (_, n) => ({
      userId: `u${n % 250}`,
      status: n % 100 === 0 ? 'open' : 'closed',
      at: new Date(1_700_000_000_000 + n * 60_000),
      prio: n % 40,
      text: `word${n % 500}`,
    })),
  );
  if (indexes.length > 0) await db.collection(collection).createIndexes(indexes);
  const asked = command(collection);
  const shape = {
    shape: 's1',
    text: shapeOf(Object.keys(asked)[0]!, asked)!,
    calls: 500,
    documents: 500 * found,
  };
  const { collections: advices } = await adviseIndexes(db, [(classes ?? classWith)(collection)], {
    product: 'lab',
    shapes: [{ ...shape, origins: [] }],
    scratch: scratch(),
  });
  const advice = advices.find((one) => one.collection === collection)!;
  return { ...advice, keys: advice.indexes.map(({ key }) => Object.fromEntries(key)) };
}

const byUser = (collection: string) => ({ find: collection, filter: { userId: 'u1' } });

describe('what is there already is not advised', () => {
  const CASELESS = { locale: 'en', strength: 2 };

  test('an index with the default collation of its collection', async () => {
    const key = { userId: 1, at: -1 } as const;
    const page = (find: string) => ({ find, filter: { userId: 'u1' }, sort: { at: -1 } });
    const options = { collation: CASELESS };
    const here = await advise({ options, indexes: [{ key }], found: 8, command: page });
    expect([here.keys, here.left]).toEqual([[], []]);
    expect((await advise({ options, found: 8, command: page })).keys).toEqual([key]);
    // One that the collection's queries cannot use stands in for nothing.
    const simple = [{ key, collation: { locale: 'simple' } }];
    expect((await advise({ options, indexes: simple, found: 8, command: page })).keys).toEqual([key]);
  });

  test('an index of a class with another collation than its collection’s queries, once the line names theirs', async () => {
    const classes =
      (...declared: Declaration[]) =>
      (collection: string) => {
        const target = classWith(collection, ...declared);
        modelOptions({ schemaOptions: { collation: CASELESS } })(target);
        return target;
      };
    const key = { userId: 1 } as const;
    const simple = { collation: { locale: 'simple' } };
    const before = await advise({ classes: classes([key]), found: 8, command: byUser });
    expect([before.keys, before.collation]).toEqual([[key], simple.collation]);
    const after = await advise({ classes: classes([key, simple]), found: 8, command: byUser });
    expect([after.keys, after.collation]).toEqual([[], simple.collation]);
    const options = { collation: CASELESS };
    const same = await advise({ options, classes: classes(), found: 8, command: byUser });
    expect([same.keys, same.collation]).toEqual([[key], undefined]);
  });

  test.each<[string, mongo.IndexDescription]>([
    ['hashed', { key: { userId: 'hashed' } }],
    ['wildcard', { key: { '$**': 1 } }],
  ])('a %s one', async (_, index) => {
    const { keys, left } = await advise({ indexes: [index], found: 8, command: byUser });
    expect([keys, left]).toEqual([[], []]);
  });

  test('a partial one whose filter the query has', async () => {
    const partial = { key: { prio: 1 }, partialFilterExpression: { userId: 'u1' } } as const;
    expect((await advise({ found: 8, command: byUser })).keys).toEqual([{ userId: 1 }]);
    // It holds one user's documents: of other users it says nothing.
    expect((await advise({ indexes: [partial], found: 8, command: byUser })).keys).toEqual([{ userId: 1 }]);
  });
});

describe('the values of a path', () => {
  const distinct = (query: object) => (collection: string) => ({ distinct: collection, key: 'prio', query });

  test('are read from an index that begins with it, one key for each', async () => {
    const { keys, indexes } = await advise({ found: 40, command: distinct({}) });
    expect(keys).toEqual([{ prio: 1 }]);
    expect(indexes[0]!.gains).toMatchObject([
      { before: { documents: DOCUMENTS, isScan: true }, after: { documents: 0, keys: 40, returned: 40 } },
    ]);
    const there = await advise({ indexes: [{ key: { prio: -1, at: 1 } }], found: 40, command: distinct({}) });
    expect([there.keys, there.left]).toEqual([[], []]);
  });

  test('of what a filter finds, behind the paths of the filter', async () => {
    const { keys } = await advise({ found: 2, command: distinct({ status: 'open' }) });
    expect(keys).toEqual([{ status: 1, prio: 1 }]);
  });

  test('where nearly every document has another, are not worth an index', async () => {
    const { keys, left } = await advise({
      found: DOCUMENTS,
      command: (collection) => ({ distinct: collection, key: 'at', query: {} }),
    });
    expect([keys, left.map(({ why }) => why)]).toEqual([[], ['no index reads much less than all documents']]);
  });
});
