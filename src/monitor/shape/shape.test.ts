import * as fc from 'fast-check';
import { mongo } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { isPlain } from './is-plain.js';
import { hasCollation, isCut, parseShape, shapeOf } from './shape.js';

const { ObjectId } = mongo;
const find = (filter: unknown, rest: mongo.Document = {}) =>
  shapeOf('find', { find: 'posts', filter, ...rest });
const filterOf = (filter: unknown): unknown => parseShape(find(filter)!).parts['filter'];

describe('a shape', () => {
  test('tells equality, range, lists, sort and projection apart, and keeps no value', () => {
    const text = find(
      {
        status: 'PUBLISHED',
        publishedAt: { $lt: new Date(), $gte: new Date(0) },
        author: { $in: [new ObjectId(), new ObjectId()] },
      },
      {
        sort: { publishedAt: -1, _id: 1 },
        projection: { title: 1, _id: 1 },
        limit: 20,
        comment: 'x',
        maxTimeMS: 3,
      },
    );
    expect(text).toBe(
      '{"find":"posts","filter":{"author":{"$in":["?","?"]},"publishedAt":{"$gte":"?","$lt":"?"},"status":"?"},' +
        '"sort":{"publishedAt":-1,"_id":1},"projection":["_id","title"],"limit":"?"}',
    );
  });

  test.each([
    [{ a: { $in: [1] } }, { a: { $in: ['?'] } }],
    [{ a: { $in: Array.from({ length: 1_000 }, (_, n) => n) } }, { a: { $in: ['?', '?'] } }],
    [{ $or: [{ a: 1 }, { a: 2 }, { b: 3 }] }, { $or: [{ a: '?' }, { b: '?' }] }],
    [{ $and: [{ a: 1 }, { a: 2 }] }, { $and: [{ a: '?' }] }],
    [{ $and: [{ a: 5 }] }, { a: '?' }],
    [{ $and: [{ $and: [{ a: 5 }, { b: 5 }] }] }, { $and: [{ a: '?' }, { b: '?' }] }],
    [
      { $and: [{ $or: [{ a: 5 }, { b: 5 }] }], c: 5 },
      { $or: [{ a: '?' }, { b: '?' }], c: '?' },
    ],
    [
      { b: 5, $and: [{ a: { $gt: 5 } }] },
      { a: { $gt: '?' }, b: '?' },
    ],
    // Both of a list may be met by different elements.
    [
      { a: 5, $and: [{ a: 6 }] },
      { $and: [{ a: '?' }], a: '?' },
    ],
    [{ $or: [{ $and: [{ a: 5 }] }, { a: { $eq: 5 } }] }, { $or: [{ a: '?' }] }],
    [{ $and: [7] }, { $and: ['?'] }],
    [{ a: { $eq: 5 } }, { a: '?' }],
    [{ a: { $eq: null } }, { a: '?' }],
    // Equal to the expression itself, and to the document.
    [{ a: { $eq: /^abc/ } }, { a: '?' }],
    [{ a: { $eq: { $gt: 5 } } }, { a: '?' }],
    [{ a: { $eq: 5, $gt: 3 } }, { a: { $eq: '?', $gt: '?' } }],
    // Neither takes a value.
    [{ a: { $not: { $eq: 5 } } }, { a: { $not: { $eq: '?' } } }],
    [{ a: { $elemMatch: { $eq: 5 } } }, { a: { $elemMatch: { $eq: '?' } } }],
    [{ a: { $elemMatch: { b: { $eq: 5 } } } }, { a: { $elemMatch: { b: '?' } } }],
    [{ a: /^abc/ }, { a: { $regex: '^?' } }],
    [{ a: /abc/ }, { a: { $regex: '?' } }],
    [{ a: /^abc/i }, { a: { $regex: '?' } }],
    [{ a: { $regex: '^abc' } }, { a: { $regex: '^?' } }],
    [{ a: { $regex: '^abc', $options: 's' } }, { a: { $regex: '^?' } }],
    [{ a: { $regex: '^abc', $options: 'i' } }, { a: { $regex: '?' } }],
    [{ a: { $options: 'i', $regex: 'abc', $ne: 'abcd' } }, { a: { $ne: '?', $regex: '?' } }],
    [{ a: { $not: { $regex: /^abc/ } } }, { a: { $not: { $regex: '^?' } } }],
    [{ a: new mongo.BSONRegExp('^abc', 's') }, { a: { $regex: '^?' } }],
    [{ a: new mongo.BSONRegExp('(?i)^abc', '') }, { a: { $regex: '?' } }],
    [{ a: /^abc$|^def$/ }, { a: { $regex: '?' } }],
    [{ a: { $not: { $gt: 3 } } }, { a: { $not: { $gt: '?' } } }],
    [{ a: { $exists: false } }, { a: { $exists: false } }],
    [{ a: { $elemMatch: { b: 1, c: { $gt: 2 } } } }, { a: { $elemMatch: { b: '?', c: { $gt: '?' } } } }],
    [{ a: { $elemMatch: { $gt: 2 } } }, { a: { $elemMatch: { $gt: '?' } } }],
    [{ a: { b: 'a document to be equal to' } }, { a: '?' }],
    [{ a: null }, { a: '?' }],
    [{ a: [1, 2] }, { a: '?' }],
    [{ $expr: { $gt: ['$a', 'secret'] } }, { $expr: { $gt: ['$a', '?'] } }],
    [{ $where: 'this.secret' }, { $where: '?' }],
    [{ 'scores.65a000000000000000000001': 1 }, { 'scores.*': '?' }],
    [{ 'mail.ada@example.org': 1 }, { 'mail.ada@example.org': '?' }],
  ])('of %j is %j', (filter, shape) => {
    if (JSON.stringify(filter).includes('@')) expect(JSON.stringify(filterOf(filter))).not.toContain('ada');
    else expect(filterOf(filter)).toEqual(shape);
  });

  test.each([
    '+4912345678',
    '2026-11-27',
    '2026-11-27T10:00:00Z',
    'd41d8cd98f00b204e9800998ecf8427e',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'V1StGXR8_Z5jdHi6B-myT',
    'cjld2cjxh0000qzrmn831i7rn',
    'tz4a98xxat96iws9zmbrgj3a',
    'cus_NffrFeUfNV2Hib',
    'x9Kd0aPqLm3ZtRw7',
    'aGVsbG8gd29ybGQh',
    'QhYdkLrBzNfWvTxCmJpG',
    '0ujtsYcgvSTl8PAuAdqWYSMnLOv',
    'Ada Lovelace',
    'user_12345',
    'C100234',
    'K20391',
    'INV-2026-00012345',
    'AB1234567',
    '+49(0)30-123456',
    '030/1234567',
    'https://x',
    '2001:db8::8a2e:370:7334',
    'fe80::1',
  ])('has no map’s key: %s', (key) => {
    expect(filterOf({ [`map.${key}.open`]: 1 })).toEqual({ 'map.*.open': '?' });
  });

  test.each([
    'address2',
    'line_1',
    'sha256',
    'oauth2ClientRegistrationId',
    'i18nTitleDe',
    'utf8',
    'x509CertificateSha256',
    'twoFactorAuthEnabledAt2',
    'address_line_2_postcode',
    'ISO3166CountryCode',
    'iso_8601_date',
    'budget2026',
    'sales_2026_q1',
    'mp3Url',
    'dc:title',
    'top100',
  ])('has a name with digits: %s', (name) => expect(filterOf({ [name]: 1 })).toEqual({ [name]: '?' }));

  test('has no value that looks like a path', () => {
    for (const stage of [
      {
        $geoNear: {
          near: [1, 2],
          key: '$ecret',
          query: { tag: '$ecret', $or: [{ n: { $in: ['$ecret'] } }] },
        },
      },
      { $search: { text: { query: '$ecret', path: 'title' } } },
      { $addFields: { a: { $const: '$ecret' } } },
    ])
      expect(shapeOf('aggregate', { aggregate: 'posts', pipeline: [stage] })).not.toContain('$ecret');
  });

  test('of every command names the index of its hint', () => {
    const hint = 'posts by day 2024.1';
    for (const [name, command] of Object.entries({
      find: { filter: {}, hint },
      count: { query: {}, hint },
      aggregate: { pipeline: [], hint },
      findAndModify: { query: {}, remove: true, hint },
      update: { updates: [{ q: {}, u: {}, hint }] },
      delete: { deletes: [{ q: {}, limit: 0, hint }] },
    }))
      expect(shapeOf(name, { [name]: 'posts', ...command })).toContain(`"hint":${JSON.stringify(hint)}`);
  });

  test('of every command says whether it has a collation, and holds none', () => {
    const collation = { locale: 'en', strength: 2 };
    for (const [name, command] of Object.entries({
      find: { filter: {}, collation },
      count: { query: {}, collation },
      distinct: { key: 'a', query: {}, collation },
      aggregate: { pipeline: [], collation },
      findAndModify: { query: {}, remove: true, collation },
      update: { updates: [{ q: {}, u: {}, collation }] },
      delete: { deletes: [{ q: {}, limit: 0, collation }] },
    })) {
      const shape = shapeOf(name, { [name]: 'posts', ...command })!;
      expect(shape).toContain('"collation":"?"');
      expect(hasCollation(parseShape(shape))).toBe(true);
    }
    expect(hasCollation(parseShape(find({ collation: 1 })!))).toBe(false);
  });

  test('has no limit of 0', () => {
    expect(find({}, { limit: 0, skip: 0 })).toBe(find({}));
    expect(find({}, { limit: 1, skip: 1 })).toBe('{"find":"posts","limit":"?","skip":"?"}');
  });

  test('of child lists is the same for any number of parents', () => {
    const branch = (n: number) => [{ $match: { post: n } }, { $sort: { createdAt: 1 } }, { $limit: 2 }];
    const pipeline = (parents: number) => [
      ...branch(0),
      ...Array.from({ length: parents }, (_, n) => ({
        $unionWith: { coll: 'comments', pipeline: branch(n) },
      })),
    ];
    const shape = (parents: number) =>
      shapeOf('aggregate', { aggregate: 'comments', pipeline: pipeline(parents) });
    expect(shape(1)).toBe(shape(40));
    expect(parseShape(shape(3)!).parts['pipeline']).toHaveLength(4);
  });

  test('of branches that match different paths has each', () => {
    const union = (match: object) => ({ $unionWith: { coll: 'users', pipeline: [{ $match: match }] } });
    const stages = (...matches: object[]) =>
      parseShape(shapeOf('aggregate', { aggregate: 'a', pipeline: matches.map(union) })!).parts['pipeline'];
    const [email, name] = [union({ email: '?' }), union({ name: '?' })];
    expect(stages({ email: 1 }, { name: 1 })).toEqual([email, name]);
    expect(stages({ email: 1 }, { email: 2 }, { name: 1 }, { name: 2 }, { email: 3 })).toEqual([
      email,
      name,
      email,
    ]);
    const many = (last: number) =>
      Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n === 1_999 ? last : n}`, 1]));
    expect(stages(many(1), many(2))).toHaveLength(1);
  });

  test('of writes tells what is looked for and which fields change', () => {
    const update = {
      update: 'posts',
      updates: [{ q: { _id: 1 }, u: { $set: { title: 'x' }, $inc: { n: 1 } }, upsert: true }],
    };
    expect(shapeOf('update', update)).toBe(
      '{"update":"posts","updates":{"q":{"_id":"?"},"u":{"$inc":["n"],"$set":["title"]},"upsert":true}}',
    );
    expect(shapeOf('delete', { delete: 'posts', deletes: [{ q: { a: 1 }, limit: 1 }] })).toBe(
      '{"delete":"posts","deletes":{"q":{"a":"?"},"limit":1}}',
    );
    expect(shapeOf('insert', { insert: 'posts', documents: [{ secret: 1 }] })).toBe('{"insert":"posts"}');
  });

  test('is none for commands on no collection', () => {
    for (const command of ['hello', 'commitTransaction', 'getMore', 'constructor', '__proto__', ''])
      expect(shapeOf(command, { [command]: 1, collection: 'posts' })).toBeUndefined();
    expect(shapeOf('aggregate', { aggregate: 1, pipeline: [] })).toBeUndefined();
  });

  test('is bounded: a thousand keys, five megabytes, a hundred levels, a circle', () => {
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`key_${n}x`, n]));
    const megabytes = [
      { $match: { text: 'x'.repeat(5_000_000) } },
      ...Array.from({ length: 50_000 }, (_, n) => ({ $match: { [`k${n}x`]: n } })),
    ];
    let deep: mongo.Document = { a: 1 };
    for (let n = 0; n < 100; n += 1) deep = { $and: [deep] };
    const circle: mongo.Document = {};
    circle['$or'] = [circle];
    for (const text of [
      find(keys),
      shapeOf('aggregate', { aggregate: 'posts', pipeline: megabytes }),
      find(deep),
      find(circle),
    ]) {
      expect(text!.length).toBeLessThan(5_000);
      expect(isCut(text!)).toBe(true);
      expect(() => parseShape(text!)).not.toThrow();
    }
  });
});

const MARK = 'S3cretValue';
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<unknown>(
      MARK,
      42n,
      Symbol(MARK),
      () => MARK,
      undefined,
      null,
      Number.NaN,
      new Date(),
      new ObjectId(),
      Buffer.from(MARK),
      new RegExp(MARK),
    ),
    fc.string().map((text) => MARK + text),
    fc.double(),
  ),
  node: fc.oneof(
    { maxDepth: 6 },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(
      fc.constantFrom(
        'a',
        'b.c',
        '$and',
        '$or',
        '$in',
        '$gt',
        '$not',
        '$expr',
        '$elemMatch',
        '$regex',
        '$match',
        '$group',
        '$lookup',
        '$unionWith',
        'pipeline',
        '__proto__',
        'toString',
      ),
      tie('node'),
      { maxKeys: 5 },
    ),
  ),
})).node;

test('whatever a command holds, its shape is readable JSON without a value of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('find', 'aggregate', 'update', 'delete', 'findAndModify', 'count', 'insert'),
      value,
      value,
      (name, one, other) => {
        const text = shapeOf(name, {
          filter: one,
          query: one,
          sort: other,
          projection: other,
          pipeline: [one, other],
          updates: [{ q: one, u: other }],
          deletes: [{ q: one, limit: other }],
          update: other,
          [name]: 'posts',
        })!;
        expect(parseShape(text).collection).toBe('posts');
        // A collection's name is one.
        expect(text.replaceAll(/"\$unionWith":"[^"]*"/g, '')).not.toContain(MARK);
      },
    ),
    { numRuns: 500 },
  );
});

test('an equality is one shape in each of its forms, wherever it stands', () => {
  const leaf = fc.constantFrom<unknown>(1, 'x', null, new Date(0), [1], /^a/, new ObjectId());
  const plainLeaf = leaf.filter((one) => !(one instanceof RegExp));
  const name = fc.constantFrom('a', 'b', 'c.d', 'toString');
  const { filter } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      fc.dictionary(name, fc.oneof(plainLeaf, fc.constant({ $gt: 1 })), { minKeys: 1, maxKeys: 3 }),
      fc.record({ $or: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }) }),
      fc.record({ a: fc.record({ $elemMatch: fc.record({ x: plainLeaf }) }), b: plainLeaf }),
    ),
  }));
  /** The same in other words. */
  const reworded = (one: unknown, next: () => number): unknown => {
    if (!isPlain(one)) return one;
    const entries = Object.entries(one).map(([key, test]): [string, unknown] => {
      if (Array.isArray(test) && key.startsWith('$')) return [key, test.map((each) => reworded(each, next))];
      if (isPlain(test)) {
        const { $elemMatch: inner } = test;
        return [key, inner === undefined ? test : { $elemMatch: reworded(inner, next) }];
      }
      return [key, next() % 2 === 0 ? { $eq: test } : test];
    });
    const moved = next() % 3;
    const some = Object.fromEntries(entries.filter((_, at) => moved === 1 || (moved === 2 && at === 0)));
    const others = Object.fromEntries(entries.filter(([key]) => !Object.hasOwn(some, key)));
    return moved === 0 ? others : { ...others, $and: [some] };
  };
  fc.assert(
    fc.property(filter, fc.infiniteStream(fc.nat()), (one, numbers) => {
      const next = (): number => numbers.next().value;
      expect(find(reworded(one, next) as object)).toBe(find(one));
      expect(find({ $and: [{ $and: [one] }] })).toBe(find(one));
    }),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(leaf, (one) => {
      expect(find({ a: { $eq: one } })).toBe(find({ a: 1 }));
      expect(find({ a: { $eq: { $in: [one] } } })).toBe(find({ a: 1 }));
    }),
  );
});

test('the order of a filter’s keys makes no difference, that of a sort does', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.string({ minLength: 1 }).filter((key) => !key.startsWith('$')),
        { minLength: 2, maxLength: 6 },
      ),
      (keys) => {
        const object = (order: readonly string[]) => Object.fromEntries(order.map((key) => [key, 1]));
        const back = [...keys].reverse();
        expect(find(object(keys))).toBe(find(object(back)));
      },
    ),
  );
  expect(find({}, { sort: { a: 1, b: 1 } })).not.toBe(find({}, { sort: { b: 1, a: 1 } }));
});
