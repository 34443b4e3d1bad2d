import fc from 'fast-check';
import type { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { StartError } from '../errors/bulkhead-error.js';
import { applyIndexes } from './apply.js';
import { existingIndexes } from './existing-indexes.js';
import { meaningOf } from './index-spec.js';
import { classWith, type Declaration, useDatabase } from '../../test/support/indexes.js';
import { planIndexes } from './plan.js';

/** A case takes a third of a second; INDEX_CASES asks for more of them. */
const RUNS = Number(process.env['INDEX_CASES'] ?? 10);
const LONGEST_MS = 30_000 + RUNS * 3_000;

const database = useDatabase();

const paths = fc.constantFrom('a', 'b', 'c');
const single = fc
  .tuple(paths, fc.constantFrom<1 | -1 | string>(1, -1, 'hashed', '2dsphere'))
  .map(([path, kind]) => ({ [kind === '2dsphere' ? 'place' : path]: kind }));
const compound = fc
  .uniqueArray(paths, { minLength: 2, maxLength: 3 })
  .chain((names) =>
    fc
      .tuple(...names.map(() => fc.constantFrom<1 | -1>(1, -1)))
      .map((kinds) => Object.fromEntries(names.map((name, i) => [name, kinds[i]!]))),
  );
const text = fc.constantFrom({ a: 'text' }, { a: 'text', b: 'text' }, { c: 1, b: 'text' });
const wildcard = fc.constantFrom({ '$**': 1 as const }, { 'a.$**': 1 as const });

/** Keys and options that the server takes together. */
const declaration: fc.Arbitrary<Declaration> = fc
  .oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.oneof(single, compound),
        fc.record(
          {
            unique: fc.constant(true),
            sparse: fc.constant(true),
            hidden: fc.constant(true),
            partialFilterExpression: fc.constantFrom({ a: { $gt: 1 } }, { b: 1, a: { $exists: true } }),
            collation: fc.constantFrom(
              { locale: 'en', strength: 2 },
              { locale: 'fr_CA' },
              { locale: 'simple' },
            ),
            expireAfterSeconds: fc.constantFrom(1_000_000, 2_000_000),
            name: fc.constantFrom('first', 'second', 'a_1'),
          },
          { requiredKeys: [] },
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(text, fc.constantFrom({}, { default_language: 'german' }, { hidden: true })),
    },
    { weight: 1, arbitrary: fc.tuple(wildcard, fc.constantFrom({}, { hidden: true })) },
  )
  .map(([key, options]): Declaration => [key as Record<string, 1 | -1 | string>, fit(key, options)]);

/** Leaves out options that the server does not take for a key. */
function fit(key: object, options: mongo.Document): mongo.Document {
  const kinds = Object.values(key);
  const { unique, expireAfterSeconds, sparse, partialFilterExpression, ...rest } = options;
  const isPlain = kinds.every((kind) => typeof kind === 'number');
  const isSingle = kinds.length === 1 && isPlain && !Object.keys(key)[0]!.includes('$');
  return {
    ...rest,
    ...(unique && isPlain && { unique }),
    ...(expireAfterSeconds && isSingle && { expireAfterSeconds }),
    ...(partialFilterExpression ? { partialFilterExpression } : sparse && { sparse }),
  };
}

let cases = 0;
interface Case {
  readonly collection: string;
  readonly target: ReturnType<typeof classWith>;
}

/** A collection with some indexes and documents, and a class with others; undefined where no class can be that. */
async function build(
  db: mongo.Db,
  declared: Declaration[],
  existing: Declaration[],
): Promise<Case | undefined> {
  const collection = `c${(cases += 1)}`;
  const target = classWith(collection, ...declared);
  try {
    await planIndexes(db, [target]);
  } catch (error) {
    if (error instanceof StartError) return undefined;
    throw error;
  }
  await db.collection(collection).insertMany([
    { z: 1, a: 2, c: 3 },
    { a: 5, b: 1 },
  ]);
  for (const [key, { name, ...options } = {}] of existing) {
    const one = {
      key,
      name: (name as string | undefined) ?? Object.entries(key).flat().join('_'),
      ...options,
    };
    // Two that the server does not hold both: the second is no part of this case.
    await db.command({ createIndexes: collection, indexes: [one] }).catch(() => {});
  }
  return { collection, target };
}

/** Every index with its meaning, `_id_` apart. */
const stateOf = async (db: mongo.Db, collection: string): Promise<string[]> =>
  (await existingIndexes(db, collection)).map(({ name, spec }) => `${name} ${meaningOf(spec)}`).sort();
const hasIdIndex = async (db: mongo.Db, collection: string): Promise<boolean> =>
  (await db.collection(collection).listIndexes().toArray()).some(
    ({ name, key }) => name === '_id_' && JSON.stringify(key) === '{"_id":1}',
  );

const declarations = fc.array(declaration, { maxLength: 4 });

test(
  'what was applied is there, nothing unnamed is gone, and again there is nothing to do',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        declarations,
        declarations,
        fc.boolean(),
        async (declared, existing, dropUndeclared) => {
          const db = database();
          const made = await build(db, declared, existing);
          if (!made) return;
          const { collection, target } = made;
          const before = await stateOf(db, collection);
          const plan = await planIndexes(db, [target], { dropUndeclared });
          expect(plan.changes.flatMap(({ blockers }) => blockers)).toEqual([]);
          const { done, left } = await applyIndexes(db, [target], { plan, allowGap: true });
          expect(left).toEqual([]);
          expect(done.map(({ id }) => id)).toEqual(plan.changes.map(({ id }) => id));

          const after = await stateOf(db, collection);
          const named = new Set(plan.changes.flatMap(({ name, replaces = [] }) => [name, ...replaces]));
          for (const one of before) if (!named.has(one.split(' ')[0]!)) expect(after).toContain(one);
          expect(await hasIdIndex(db, collection)).toBe(true);

          const again = await planIndexes(db, [target], { dropUndeclared });
          expect(again.changes).toEqual([]);
          await applyIndexes(db, [target], { dropUndeclared, allowGap: true });
          expect(await stateOf(db, collection)).toEqual(after);

          // Once the wait is over, what was hidden goes, and only that.
          const later = await planIndexes(db, [target], { dropUndeclared, waitMs: 0 });
          expect(later.changes.map(({ kind }) => kind).every((kind) => kind === 'drop')).toBe(true);
          expect(later.changes).toHaveLength(dropUndeclared ? again.undeclared.length : 0);
          await applyIndexes(db, [target], { plan: later });
          const gone = new Set(later.changes.map(({ name }) => name));
          expect(await stateOf(db, collection)).toEqual(after.filter((one) => !gone.has(one.split(' ')[0]!)));
          expect(await hasIdIndex(db, collection)).toBe(true);
          expect((await planIndexes(db, [target], { dropUndeclared })).changes).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  },
  LONGEST_MS,
);

/** A database as a process sees it that is killed after its n-th change: nothing it does later arrives, not even a release. */
function dying(db: mongo.Db, lastChange: number): mongo.Db {
  let changes = 0;
  const alive = () => {
    if (changes > lastChange) throw new Error('killed');
  };
  return new Proxy(db, {
    get(target, name) {
      alive();
      if (name !== 'command') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return async (command: mongo.Document) => {
        const answer = await target.command(command);
        if (['createIndexes', 'collMod', 'dropIndexes'].includes(Object.keys(command)[0]!)) changes += 1;
        alive();
        return answer;
      };
    },
  });
}

test(
  'killed after any command that changes something and run again, it ends in the same state',
  async () => {
    await fc.assert(
      fc.asyncProperty(declarations, declarations, fc.nat(6), async (declared, existing, lastChange) => {
        const db = database();
        const whole = await build(db, declared, existing);
        if (!whole) return;
        await applyIndexes(db, [whole.target], { dropUndeclared: true, allowGap: true });

        const cut = (await build(db, declared, existing))!;
        const options = {
          plan: await planIndexes(db, [cut.target], { dropUndeclared: true }),
          allowGap: true,
          leaseMs: 100,
        };
        await applyIndexes(dying(db, lastChange), [cut.target], options).catch((error: unknown) =>
          expect((error as Error).message).toBe('killed'),
        );
        const { left } = await applyIndexes(db, [cut.target], options);
        expect(left).toEqual([]);
        expect(await stateOf(db, cut.collection)).toEqual(await stateOf(db, whole.collection));
        expect((await planIndexes(db, [cut.target], { dropUndeclared: true })).changes).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / 2) },
    );
  },
  LONGEST_MS,
);
