import 'reflect-metadata';
import { modelOptions, prop } from '@typegoose/typegoose';
import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import { ModelRegistry } from './models.js';
import { collectionOf, schemaOf } from './schema.js';

class Category {
  @prop({ type: String })
  name?: string;
}

@modelOptions({ schemaOptions: { collection: 'kept.elsewhere', timestamps: false, autoIndex: true } })
class Named {
  @prop({ type: String })
  name?: string;
}

describe('a class', () => {
  test.each([
    [Category, 'categories'],
    [Named, 'kept.elsewhere'],
  ])('%s is read and written in one collection', (target, name) => {
    const registry = new ModelRegistry(mongoose.createConnection(), [target]);
    expect(collectionOf(target)).toBe(name);
    expect(registry.model(target).collection.collectionName).toBe(name);
  });

  test('has timestamps and makes no indexes, whatever its options say', () => {
    const schema = schemaOf(Named);
    expect(schema.get('autoIndex')).toBe(false);
    expect(schema.path('createdAt')).toBeDefined();
    expect(schema.path('updatedAt')).toBeDefined();
    expect(schemaOf(Named)).toBe(schema);
  });
});
