import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldsRead, wordsOf } from './shape-words.js';
import { shapeOf } from './shape.js';

const words = (name: string, command: object) => wordsOf(shapeOf(name, { ...command, [name]: 'posts' })!);

test.each<[string, object, string]>([
  ['find', {}, 'posts.find()'],
  [
    'find',
    {
      filter: { status: 'PUBLISHED', publishedAt: { $lt: new Date() } },
      sort: { publishedAt: -1 },
    },
    'posts.find({publishedAt <, status}).sort({publishedAt: -1})',
  ],
  [
    'find',
    { filter: { a: { $gte: 1, $lt: 9 }, b: { $ne: 2 } }, skip: 3, limit: 4 },
    'posts.find({a >=, a <, b !=}).skip().limit()',
  ],
  [
    'find',
    { filter: { a: { $in: [1] }, b: { $in: [1, 2] }, c: { $nin: [1, 2] } } },
    'posts.find({a in [?], b in [?, …], c not in [?, …]})',
  ],
  [
    'find',
    { filter: { $and: [{ a: 1 }, { b: { $exists: false } }], $or: [{ a: 1 }, { c: { $gt: 1 } }] } },
    'posts.find({a, b is missing, ({a} or {c >})})',
  ],
  ['find', { filter: { $or: [{ a: 1 }, { a: 2 }] } }, 'posts.find({({a} or …)})'],
  [
    'find',
    { filter: { t: /^go/, u: /x/i, v: { $not: /y/ }, w: { $elemMatch: { x: 1, y: { $lt: 1 } } } } },
    'posts.find({t begins with /…/, u matches /…/, not (v matches /…/), w has {x, y <}})',
  ],
  ['find', { filter: { $expr: { $gt: ['$a', '$b.c'] } } }, 'posts.find({$expr $gt(a, b.c)})'],
  [
    'find',
    { filter: { _id: 1 }, hint: { a: 1 }, collation: { locale: 'de' } },
    'posts.find({_id}).hint({a: 1}).collation()',
  ],
  ['count', { query: { a: 1 } }, 'posts.count({a})'],
  ['distinct', { key: 'tags', query: { a: 1 } }, 'posts.distinct(tags, {a})'],
  ['insert', { documents: [{ a: 1 }] }, 'posts.insert()'],
  [
    'update',
    { updates: [{ q: { _id: 1 }, u: { $set: { a: 1, b: 2 }, $inc: { n: 1 } }, upsert: true }] },
    'posts.updateOne({_id}, $inc {n}, $set {a, b}, upsert)',
  ],
  ['update', { updates: [{ q: {}, u: { $set: { a: 1 } }, multi: true }] }, 'posts.updateMany({}, $set {a})'],
  ['delete', { deletes: [{ q: { a: 1 }, limit: 0 }] }, 'posts.deleteMany({a})'],
  [
    'delete',
    { deletes: [{ q: { a: 1 }, limit: 1, collation: { locale: 'de' } }] },
    'posts.deleteOne({a}).collation()',
  ],
  [
    'count',
    { query: { a: 1 }, hint: 'a_1', collation: { locale: 'de' } },
    'posts.count({a}).hint(a_1).collation()',
  ],
  [
    'findAndModify',
    { query: { a: 1 }, update: { $set: { b: 1 } }, sort: { c: 1 } },
    'posts.findOneAndUpdate({a}, $set {b}).sort({c: 1})',
  ],
  ['findAndModify', { query: { a: 1 }, remove: true }, 'posts.findOneAndDelete({a})'],
  [
    'aggregate',
    {
      pipeline: [
        { $match: { status: 'x' } },
        { $group: { _id: '$author', n: { $sum: 1 } } },
        { $sort: { n: -1 } },
        { $limit: 5 },
        { $lookup: { from: 'users', localField: '_id', foreignField: '_id', as: 'user' } },
        { $unwind: '$user' },
        { $project: { n: 1, user: 1 } },
      ],
    },
    'posts.aggregate($match {status} → $group by author → $sort {n: -1} → $limit → $lookup users by _id = _id → $unwind user → $project {n, user})',
  ],
  [
    'aggregate',
    { pipeline: [{ $match: { a: 1 } }, { $unionWith: { coll: 'posts', pipeline: [{ $match: { a: 1 } }] } }] },
    'posts.aggregate($match {a} → $unionWith posts ($match {a}))',
  ],
])('%s %j', (name, command, expected) => {
  expect(words(name, command)).toBe(expected);
});

test('the fields of a projection are told apart', () => {
  const shape = shapeOf('find', { find: 'posts', projection: { title: 1, author: 1 } })!;
  expect([wordsOf(shape), fieldsRead(shape)]).toEqual(['posts.find()', ['author', 'title']]);
  expect([wordsOf('nonsense'), fieldsRead('nonsense')]).toEqual(['nonsense', []]);
});

test('never throws and never shows a value, whatever the command holds', () => {
  const SECRET = 'a value nobody may see';
  const { node } = fc.letrec<{ node: unknown; leaf: unknown }>((tie) => ({
    leaf: fc.constantFrom<unknown>(SECRET, 7, null, true, new RegExp(SECRET), new Date()),
    node: fc.oneof(
      { maxDepth: 5 },
      tie('leaf'),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'a',
          'b.c',
          '_id',
          '$and',
          '$or',
          '$nor',
          '$in',
          '$not',
          '$elemMatch',
          '$expr',
          '$lt',
          '$regex',
          '$exists',
          '$match',
          '$group',
          '$lookup',
          '$unionWith',
          '$facet',
          '$sort',
          '$unwind',
          'from',
          'pipeline',
        ),
        tie('node'),
        { maxKeys: 3 },
      ),
    ),
  }));
  const command = fc.record({
    filter: node,
    query: node,
    sort: node,
    pipeline: fc.oneof(node, fc.array(node, { maxLength: 3 })),
    updates: node,
    deletes: node,
    update: node,
  });
  fc.assert(
    fc.property(
      fc.constantFrom('find', 'aggregate', 'update', 'delete', 'count', 'findAndModify'),
      command,
      (name, parts) => {
        expect(words(name, parts)).not.toContain(SECRET.slice(0, 7));
      },
    ),
  );
});

test('names hold nothing that a terminal would obey', () => {
  const text = shapeOf('find', {
    find: 'a\u001B[2J',
    filter: { 'b\u001B[31m': 1 },
    projection: { 'c\u0007': 1 },
  })!;
  expect(wordsOf(text)).toBe(String.raw`a\u001b[2J.find({b\u001b[31m})`);
  expect(fieldsRead(text)).toEqual([String.raw`c\u0007`]);
});
