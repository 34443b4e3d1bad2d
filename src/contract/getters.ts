import type { Schema } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import type { Say } from './problem.js';
import { findPath } from './stored-path.js';

/** Whether a class or an ancestor answers a property with a getter. */
export function hasGetter(target: ClassType, property: string): boolean {
  for (let one = target.prototype as object | null; one; one = Object.getPrototypeOf(one) as object | null) {
    const found = Object.getOwnPropertyDescriptor(one, property);
    if (found) return found.get !== undefined;
  }
  return false;
}

/** A getter must say what it reads: the projection fetches nothing else. */
export function checkGetter(name: string, requires: readonly string[] | undefined, say: Say): void {
  if (requires) return;
  say(
    'a getter that does not say which stored fields it reads',
    `add @Requires('…') with their names beside @Field of ${name}`,
  );
}

/** What `@Requires` names must be stored. */
export function checkRequires(schema: Schema, requires: readonly string[], say: Say): void {
  for (const path of requires) {
    const kind = schema.pathType(path);
    if (kind === 'real' || kind === 'nested') continue;
    say(
      `@Requires names ${path}, which is not stored`,
      path === 'id' ? "write @Requires('_id')" : 'name a property that has @prop',
    );
  }
}

/** Lean documents have no virtuals and no `get` of a path. Answers whether the field is one of them. */
export function checkVirtual(schema: Schema, name: string, say: Say): boolean {
  if (findPath(schema, name)) {
    if (findPath(schema, name)?.options.get === undefined) return false;
    say(
      'get in @prop is not applied to documents that are read lean',
      'expose a getter with @Requires instead',
    );
    return true;
  }
  if (schema.pathType(name) !== 'virtual') return false;
  say(
    'a virtual, which documents that are read lean do not have',
    'write a getter with @Requires, or a @FieldResolver',
  );
  return true;
}
