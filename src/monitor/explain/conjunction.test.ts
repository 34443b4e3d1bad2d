import { expect, test } from 'vitest';
import { conjunctionOf, joined } from './conjunction.js';

test.each<[string, object, object]>([
  ['two bounds', { $and: [{ a: { $gte: '?' } }, { a: { $lt: '?' } }] }, { a: { $gte: '?', $lt: '?' } }],
  ['beside others', { b: '?', $and: [{ a: '?' }] }, { b: '?', a: '?' }],
  ['within branches', { $or: [{ $and: [{ a: '?' }] }] }, { $or: [{ a: '?' }] }],
  ['one value and another', { a: '?', $and: [{ a: '?' }] }, { a: '?', $and: [{ a: '?' }] }],
  [
    'two $or',
    { $and: [{ $or: [{ a: '?' }] }, { $or: [{ b: '?' }] }] },
    { $or: [{ a: '?' }], $and: [{ $or: [{ b: '?' }] }] },
  ],
  // Nothing may be built as if it were not there.
  ['what is cut off', { a: '?', $and: '…' }, { a: '?', $and: [{ $and: '…' }] }],
])('%s', (_, filter, whole) => {
  expect(joined([filter as Record<string, unknown>])).toEqual(whole);
});

test('what is cut off is lost by no second condition of one path', () => {
  const both = joined([{ a: '?', $and: '…' }, { a: '?' }]);
  expect(both).toEqual({ a: '?', $and: [{ $and: '…' }, { a: '?' }] });
  expect(conjunctionOf(both)).toEqual([
    ['a', '?'],
    ['$and', '…'],
    ['a', '?'],
  ]);
});
