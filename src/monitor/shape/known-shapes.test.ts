import fc from 'fast-check';
import { mongo } from 'mongoose';
import { expect, test, vi } from 'vitest';
import { formOf, KnownShapes } from './known-shapes.js';
import { isPlain } from './is-plain.js';
import { shapeOf } from './shape.js';

const COMMENT = 'bulkhead:blog:Front:Query.posts';

const LEAVES: readonly (readonly unknown[])[] = [
  ['', 'a', 'b', '$a', '$b', '^a', '^a|b', 'i', 's'],
  [0, -0, 1, -1, 2, 7, -3, Number.NaN],
  [true, false],
  [new Date(5), new mongo.ObjectId(), new Map([['a', 1]]), new mongo.BSONRegExp('^a'), /^a/, /b/i, null],
  [undefined],
  [5n, 0n],
];
const leaf = fc.constantFrom(...LEAVES.flat());
const FIELDS = ['a', 'b', 'a.5', 'from', 'hint', 'key'];
const OPERATORS = [
  '$in',
  '$nin',
  '$all',
  '$exists',
  '$regex',
  '$options',
  '$not',
  '$elemMatch',
  '$gt',
  '$literal',
  '$set',
];
const REGEX = ['$regex', '$options', '$ne'];
const EQUALS = ['$eq', '$and', 'a'];
const BRANCHES = ['$and', '$or', '$expr'];
const STAGES = ['$match', '$sort', '$limit', '$lookup', '$unionWith', '$graphLookup', '$group', '$facet'];
const JOIN = ['from', 'coll', 'as', 'localField', 'pipeline'];
const { value, stages } = fc.letrec<{ value: unknown; stages: unknown[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    ...[FIELDS, OPERATORS, REGEX, EQUALS, BRANCHES, JOIN].map((keys) => ({
      weight: 1,
      arbitrary: fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 3 }),
    })),
  ),
  stages: fc.array(fc.dictionary(fc.constantFrom(...STAGES), tie('value'), { minKeys: 1, maxKeys: 1 }), {
    maxLength: 3,
  }),
}));
const parts = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
const statements = (...names: string[]) => fc.array(parts(...names), { minLength: 1, maxLength: 2 });
const command: fc.Arbitrary<mongo.Document> = fc.oneof(
  parts('filter', 'sort', 'projection', 'hint', 'limit', 'skip', 'collation').map((rest) => ({
    find: 'posts',
    ...rest,
  })),
  fc.record({ pipeline: stages, hint: value }).map((rest) => ({ aggregate: 'posts', ...rest })),
  parts('query', 'hint', 'collation').map((rest) => ({ count: 'posts', ...rest })),
  parts('key', 'query', 'collation').map((rest) => ({ distinct: 'posts', ...rest })),
  parts('query', 'sort', 'update', 'remove', 'collation').map((rest) => ({
    findAndModify: 'posts',
    ...rest,
  })),
  statements('q', 'u', 'multi', 'upsert', 'hint', 'collation').map((updates) => ({
    update: 'posts',
    updates,
  })),
  statements('q', 'limit', 'hint', 'collation').map((deletes) => ({ delete: 'posts', deletes })),
  fc.constantFrom({ insert: 'posts' }, { ping: 1 }),
);

/** The same with other values of the same kinds in some places, and here and there another key or element. */
const changed = (one: unknown, next: () => number): unknown => {
  const isRare = next() % 8 === 0;
  if (Array.isArray(one)) {
    const elements: unknown[] = one.map((element) => changed(element, next));
    return isRare ? [...elements.slice(1), ...elements, 'a'] : elements;
  }
  if (isPlain(one)) {
    const entries = Object.entries(one).map(([name, inner]) => [name, changed(inner, next)] as const);
    return Object.fromEntries(isRare ? entries.map(([, inner], n) => [FIELDS[n]!, inner]) : entries);
  }
  const kind = LEAVES.find((leaves) => leaves.includes(one));
  return kind && next() % 3 === 0 ? kind[next() % kind.length] : one;
};

test('answers what a look at the whole command would, whatever came before it', () => {
  fc.assert(
    fc.property(command, fc.infiniteStream(fc.nat()), (one, numbers) => {
      const known = new KnownShapes();
      const [[name], ...rest] = Object.entries(one) as [[string, unknown], ...[string, unknown][]];
      const next = (): number => numbers.next().value;
      const other = (): mongo.Document => ({
        [name]: next() % 8 === 0 ? 'users' : 'posts',
        ...Object.fromEntries(rest.map(([part, value]) => [part, changed(value, next)])),
      });
      for (const each of [one, other(), other(), other()]) {
        expect(known.shapeOf(name, each, COMMENT)).toBe(shapeOf(name, each));
      }
    }),
    { numRuns: 3_000 },
  );
});

test.each<[string, mongo.Document, mongo.Document]>([
  ['a key less', { find: 'posts', filter: { a: 1, b: 1 } }, { find: 'posts', filter: { a: 1 } }],
  [
    'several for one',
    { delete: 'posts', deletes: [{ q: { a: 1 }, limit: 1 }] },
    { delete: 'posts', deletes: [{ q: { a: 1 }, limit: 2 }] },
  ],
  [
    'alternatives',
    { find: 'posts', filter: { a: { $regex: '^a' } } },
    { find: 'posts', filter: { a: { $regex: '^a|b' } } },
  ],
  [
    'options',
    { find: 'posts', filter: { a: { $regex: '^a', $options: 's' } } },
    { find: 'posts', filter: { a: { $regex: '^a', $options: 'i' } } },
  ],
  [
    'a condition more',
    { find: 'posts', filter: { $and: [{ a: 1 }] } },
    { find: 'posts', filter: { $and: [{ a: 1 }, { a: 2 }] } },
  ],
  [
    'an operator beside it',
    { find: 'posts', filter: { a: { $eq: 1 } } },
    { find: 'posts', filter: { a: { $eq: 1, $gt: 0 } } },
  ],
  ['a limit', { find: 'posts', limit: 0 }, { find: 'posts', limit: 2 }],
  [
    'a collation',
    { update: 'posts', updates: [{ q: { a: 1 }, u: { $set: { b: 1 } } }] },
    { update: 'posts', updates: [{ q: { a: 1 }, u: { $set: { b: 1 } }, collation: { locale: 'en' } }] },
  ],
  [
    'conditions for values',
    { find: 'posts', filter: { $or: [1, 2] } },
    { find: 'posts', filter: { $or: [{ a: 1 }, { b: 1 }] } },
  ],
])('tells apart by %s', (_, one, other) => {
  const known = new KnownShapes();
  const name = Object.keys(one)[0]!;
  expect(shapeOf(name, other)).not.toBe(shapeOf(name, one));
  expect([one, other, one].map((each) => known.shapeOf(name, each, COMMENT))).toEqual(
    [one, other, one].map((each) => shapeOf(name, each)),
  );
});

test('takes no second look at a command of the same form', () => {
  const look = vi.spyOn(JSON, 'stringify');
  const known = new KnownShapes();
  const page = (status: string, ids: number, n: number): mongo.Document => ({
    find: 'posts',
    filter: {
      status,
      publishedAt: { $lt: new Date(n) },
      author: { $in: Array.from({ length: ids }, () => new mongo.ObjectId()) },
    },
    sort: { publishedAt: -1, _id: -1 },
    projection: { title: 1 },
    limit: n,
  });
  const first = known.shapeOf('find', page('PUBLISHED', 3, 10), COMMENT);
  look.mockClear();
  expect(known.shapeOf('find', page('DRAFT', 20, 25), COMMENT)).toBe(first);
  expect(look).not.toHaveBeenCalled();
  known.shapeOf('find', page('DRAFT', 1, 25), COMMENT);
  expect(look).toHaveBeenCalled();
  look.mockRestore();
});

test('knows a child list again, for however many parents', () => {
  const known = new KnownShapes();
  const page = (parents: number): mongo.Document => {
    const branch = (n: number) => [
      { $match: { post: n, status: 'PUBLISHED', deletedAt: null } },
      { $sort: { createdAt: -1, _id: -1 } },
      { $limit: 4 },
      { $project: { _id: 1, body: 1, author: 1, post: 1 } },
    ];
    const others = Array.from({ length: parents - 1 }, (_, n) => ({
      $unionWith: { coll: 'comments', pipeline: branch(n) },
    }));
    return { aggregate: 'comments', pipeline: [...branch(0), ...others], cursor: {} };
  };
  const first = known.shapeOf('aggregate', page(20), COMMENT);
  const look = vi.spyOn(JSON, 'stringify');
  for (const parents of [20, 3, 100]) expect(known.shapeOf('aggregate', page(parents), COMMENT)).toBe(first);
  expect(look).not.toHaveBeenCalled();
  look.mockRestore();
});

test('keeps no value, and of a huge command nothing', () => {
  const secret = 'correct horse battery staple';
  const formed = (filter: unknown) => formOf('find', { find: 'users', filter, limit: 4_711 }, 'a shape');
  const form = JSON.stringify(
    formed({
      email: secret,
      name: { $regex: `^${secret}`, $options: 'i' },
      n: 4_711,
      $or: [{ a: { $in: [secret] } }, { a: [secret] }],
    }),
  );
  expect(form).toContain('email');
  expect(form).not.toMatch(/horse|4711/);
  expect(formed({ from: secret.repeat(10) })).toBeUndefined();
  expect(formed(Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`f${n}`, n])))).toBeUndefined();
  const wide = (depth: number): unknown =>
    depth === 0 ? 1 : Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`f${n}`, wide(depth - 1)]));
  expect(formed(wide(5))).toBeUndefined();
});
