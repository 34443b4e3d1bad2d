import type { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { applyIndexes } from './apply.js';
import { classWith, type Declaration, namesOf, useCollections } from '../../test/support/indexes.js';
import { planIndexes } from './plan.js';
import { rememberReplaced } from './replaced-indexes.js';

const { given } = useCollections();
const kinds = (changes: readonly { kind: string; name: string }[]) =>
  changes.map(({ kind, name }) => `${kind} ${name}`);

describe('a build that fails', () => {
  const SECRET = 'Alice Smith 123-45-6789';
  test.each<[string, object, Record<string, string | 1>, RegExp]>([
    [
      'no place',
      { loc: { type: 'Point', coordinates: [500, 1] } },
      { loc: '2dsphere' },
      /no place \(code 16755\)/,
    ],
    ['no language', { title: 'x', language: SECRET }, { title: 'text' }, /language .* \(code 17262\)/],
    ['a language in it', { sub: { title: 'x', language: SECRET } }, { 'sub.title': 'text' }, /17262/],
    ['arrays', { a: [SECRET], sub: { b: [SECRET] } }, { a: 1, 'sub.b': 1 }, /parallel arrays, at two/],
    ['an array in a hash', { a: [SECRET] }, { a: 'hashed' }, /not hashed \(code 16766\)/],
  ])(
    'is told without a word of the document at which it stops, but its id: %s',
    async (_, wrong, key, reason) => {
      const _id = { place: 7 };
      const fine = [
        { a: 1, sub: { b: 1 } },
        { loc: { type: 'Point', coordinates: [1, 1] }, language: 'EN' },
        { loc: null },
      ];
      const { db, classes } = await given([...fine, { _id, patient: SECRET, ...wrong }], [], [key]);
      const { left } = await applyIndexes(db, classes);
      expect(left.map(({ why }) => why)).toEqual([expect.stringMatching(reason)]);
      expect(left[0]!.why).toMatch(/: \{"place":7\}$/);
      expect(JSON.stringify(left)).not.toContain('Alice');
    },
  );

  test('for a point out of bounds and for a new duplicate is told without values', async () => {
    const { db, classes } = await given([{ loc: [999, 1], patient: SECRET }], [], [{ loc: '2d' }]);
    const { left } = await applyIndexes(db, classes);
    expect(left.map(({ why }) => why)).toEqual(['a document has a point outside of the bounds (code 13027)']);
    const twins = await given(
      [
        { _id: { n: 1 }, a: SECRET },
        { _id: { n: 2 }, a: SECRET },
      ],
      [],
      [{ a: 1 }, { unique: true }],
    );
    const [refused] = (await applyIndexes(twins.db, twins.classes)).left;
    expect(refused!.why).toMatch(/share 1 key that must be unique: \{"n":[12]\}, \{"n":[12]\}$/);
  });
});

describe('a replacement', () => {
  const text = (names: readonly string[], options: mongo.Document = {}): Declaration => [
    Object.fromEntries(names.map((name) => [name, 'text'])),
    options,
  ];
  const old = { key: { title: 'text' }, name: 'old_text', weights: { title: 3 } } as const;
  const find = (db: mongo.Db, collection: string) =>
    db.collection(collection).countDocuments({ $text: { $search: 'x' } });

  test('is blocked beforehand where a document does not fit', async () => {
    const fine = { title: 'x', lingo: 'klingon' };
    const { db, classes, collection } = await given(
      [fine],
      [old],
      text(['title', 'body'], { language_override: 'lingo' }),
    );
    const { left } = await applyIndexes(db, classes, { allowGap: true });
    expect(left.map(({ why }) => why)).toEqual([expect.stringContaining('documents that do not fit: ')]);
    expect(await namesOf(db, collection)).toEqual(['old_text']);
  });

  test('whose build fails puts back what it dropped, and says so', async () => {
    const { db, classes, collection } = await given(
      // What lies deep under a wildcard is found by the build only.
      [{ title: 'x' }, { deep: { er: 'x', lingo: 'klingon' } }],
      [old],
      text(['$**'], { language_override: 'lingo' }),
    );
    const before = await db.collection(collection).listIndexes().toArray();
    const plan = await planIndexes(db, classes);
    expect(kinds(plan.changes)).toEqual(['replace $**_text']);
    const { left, done } = await applyIndexes(db, classes, { plan, allowGap: true });
    expect([done, left.map(({ why }) => why)]).toEqual([
      [],
      [expect.stringMatching(/17262\); old_text was put back and serves as before$/)],
    ]);
    expect(await db.collection(collection).listIndexes().toArray()).toEqual(before);
    expect(await find(db, collection)).toBe(1);
    expect(await db.collection('_bulkhead.indexes').countDocuments({ collection })).toBe(0);
  });

  test('that was cut short and whose second half fails does, too', async () => {
    const { db, collection, classes } = await given(
      [{ a: 1 }],
      [{ key: { a: 1 }, expireAfterSeconds: 9 }],
      [{ a: 1 }],
    );
    const [change] = (await planIndexes(db, classes)).changes;
    await rememberReplaced(db, change!);
    await db.collection(collection).dropIndex('a_1');
    const refusing = [
      classWith(collection, [{ a: 1 }, { name: 'a_1', partialFilterExpression: { $nor: [] } }]),
    ];
    const { left } = await applyIndexes(db, refusing);
    expect(left[0]!.why).toMatch(/; a_1 was put back and serves as before$/);
    expect((await db.collection(collection).listIndexes().toArray()).at(-1)).toMatchObject({
      expireAfterSeconds: 9,
    });
  });

  test('that cannot be put back says that there is neither', async () => {
    const { db, collection, classes } = await given(
      [{ a: 1 }],
      [{ key: { a: 1 }, unique: true, name: 'u' }],
      [{ b: 1, a: 1 }, { name: 'u' }],
    );
    const plan = await planIndexes(db, classes);
    const dropping = new Proxy(db, {
      get: (target, name) =>
        name !== 'command'
          ? (Reflect.get(target, name, target) as unknown)
          : async (command: mongo.Document) => {
              const answer = await target.command(command);
              // While there is none, others write what neither takes.
              if ('dropIndexes' in command)
                await target.collection(collection).insertMany([{ a: 1 }, { a: [1], b: [1] }]);
              return answer;
            },
    });
    const { left } = await applyIndexes(dropping, classes, { plan, allowGap: true });
    expect(left[0]!.why).toMatch(
      /parallel arrays.*; u was dropped and cannot be put back \(11000 DuplicateKey\): a\d+ has neither of the two$/,
    );
  });

  test('that the server would not take drops nothing', async () => {
    const { db, collection, classes } = await given(
      [],
      [old],
      text(['title', 'body'], { default_language: 'klingon' }),
    );
    const { left } = await applyIndexes(db, classes, { allowGap: true });
    expect(left).toHaveLength(1);
    expect(left[0]!.why).not.toContain('put back');
    expect(await namesOf(db, collection)).toEqual(['old_text']);
    expect(await db.listCollections({ name: '_bulkhead.trial' }).toArray()).toEqual([]);
  });
});
