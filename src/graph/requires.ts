import type { ClassType } from '../database/class-type.js';

const requirements = new WeakMap<object, Map<string, readonly string[]>>();

/**
 * Declares which stored fields a field resolver or a getter reads, so that they are fetched with it. Without it a
 * field resolver gets the whole document; a getter exposed as a field stops the start.
 *
 * @example @Field() @Requires('title') get headline(): string { return this.title.toUpperCase(); }
 */
export function Requires(...fields: readonly string[]): (target: object, property: string) => void {
  return (target, property) => {
    const of = target.constructor;
    requirements.set(of, (requirements.get(of) ?? new Map()).set(property, fields));
  };
}

/** What a property of a class (or of an ancestor) declared; undefined when it declared nothing. */
export function requirementsOf(target: ClassType, property: string): readonly string[] | undefined {
  for (let one: object | null = target; one; one = Object.getPrototypeOf(one) as object | null) {
    const found = requirements.get(one)?.get(property);
    if (found) return found;
  }
  return undefined;
}
