import { index, modelOptions, prop } from '@typegoose/typegoose';
import { describe, expect, test } from 'vitest';
import { classWith } from '../../test/support/indexes.js';
import type { ClassType } from '../database/class-type.js';
import { declaredIndexes } from './declared-indexes.js';

class Address {
  @prop({ type: String, index: true })
  city?: string;
}

@modelOptions({ schemaOptions: { collection: 'people' } })
@index({ name: 1, age: -1 })
class Person {
  @prop({ type: String, unique: true })
  name?: string;

  @prop({ type: Number })
  age?: number;

  @prop({ type: Date, expires: '1h' })
  seenAt?: Date;

  @prop({ type: String, text: true })
  about?: string;

  @prop({ type: [Number], index: '2dsphere' })
  home?: number[];

  @prop({ type: () => Address, _id: false })
  address?: Address;
}

const shown = (classes: readonly ClassType[]) =>
  declaredIndexes(classes).map(({ name, definition, by }) => [by, name, definition]);

test('a class declares with @index and on properties, nested ones too, and nothing of Mongoose’s own goes along', () => {
  expect(shown([Person])).toEqual([
    ['Person', 'name_1', { key: { name: 1 }, unique: true }],
    ['Person', 'seenAt_1', { key: { seenAt: 1 }, expireAfterSeconds: 3_600 }],
    ['Person', 'about_text', { key: { about: 'text' } }],
    ['Person', 'home_2dsphere', { key: { home: '2dsphere' } }],
    ['Person', 'address.city_1', { key: { 'address.city': 1 } }],
    ['Person', 'name_1_age_-1', { key: { name: 1, age: -1 } }],
  ]);
});

test('order and direction of fields are kept', () => {
  const [one] = declaredIndexes([classWith('c', [{ z: -1, a: 1, m: -1 }])]);
  expect(one!.spec.key).toEqual([
    ['z', -1],
    ['a', 1],
    ['m', -1],
  ]);
});

test('what two classes of one collection declare alike is one index, under the name that one of them gives', () => {
  const classes = [classWith('c', [{ a: 1 }]), classWith('c', [{ a: 1 }, { name: 'mine' }], [{ b: 1 }])];
  expect(shown(classes)).toEqual([
    ['Parcel', 'mine', { key: { a: 1 } }],
    ['Parcel', 'b_1', { key: { b: 1 } }],
  ]);
  expect(declaredIndexes([classWith('c', [{ a: 1 }]), classWith('d', [{ a: 1 }])])).toHaveLength(2);
});

describe('what a collection cannot have both', () => {
  test.each<[string, ...Parameters<typeof classWith>]>([
    ['an expiry and none', 'c', [{ a: 1 }], [{ a: 1 }, { expireAfterSeconds: 5 }]],
    ['hidden and not', 'c', [{ a: 1 }], [{ a: 1 }, { hidden: true }]],
    ['two of one name', 'c', [{ a: 1 }, { name: 'x' }], [{ b: 1 }, { name: 'x' }]],
    ['one under two names', 'c', [{ a: 1 }, { name: 'x' }], [{ a: 1 }, { name: 'y' }]],
    ['two text indexes', 'c', [{ a: 'text' }], [{ b: 'text' }]],
  ])('%s', (_, collection, ...declarations) => {
    expect(() => declaredIndexes([classWith(collection, ...declarations)])).toThrow(
      /^c: Parcel declares .* a collection cannot have both\. Keep one of them\.$/,
    );
  });

  test('but unique, sparse, partial and another collation beside the plain one it can', () => {
    const collation = { locale: 'en', strength: 2 };
    const partialFilterExpression = { a: { $gt: 1 } };
    const target = classWith(
      'c',
      [{ a: 1 }],
      [{ a: 1 }, { unique: true }],
      [{ a: 1 }, { sparse: true }],
      [{ a: 1 }, { partialFilterExpression }],
      [{ a: 1 }, { collation }],
    );
    expect(declaredIndexes([target])).toHaveLength(5);
  });
});
