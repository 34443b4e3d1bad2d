/**
 * Everything that can be reached from a value the way code reaches it: properties, getters, prototypes, and what maps
 * and sets hold. Private fields and closures are out of reach, as they are for code.
 */
export function reachableFrom(start: unknown): Set<object> {
  const seen = new Set<object>();
  const queue: unknown[] = [start];
  while (queue.length > 0) {
    const value = queue.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    if (seen.has(value) || BUILT_IN.has(value)) continue;
    seen.add(value);
    for (
      let owner: object | null = value;
      owner && !BUILT_IN.has(owner);
      owner = Object.getPrototypeOf(owner)
    )
      for (const key of Reflect.ownKeys(owner)) queue.push(read(value, key));
    if (value instanceof Map || value instanceof Set) queue.push(...[...value.entries()].flat());
  }
  return seen;
}

function read(value: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    // A getter that refuses leads nowhere.
    return undefined;
  }
}

/** What every piece of code has anyway. */
const BUILT_IN = new Set<object>([
  globalThis,
  ...Object.getOwnPropertyNames(globalThis).flatMap((name) => {
    const value: unknown = Reflect.get(globalThis, name);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return [];
    const prototype: unknown = Reflect.get(value, 'prototype');
    return typeof prototype === 'object' && prototype !== null ? [value, prototype] : [value];
  }),
]);
