import { isRecord } from './conditions.js';

/** Whether a path leads to an array, or through one. */
export function hasArrayAt(value: unknown, path: readonly string[]): boolean {
  if (Array.isArray(value)) return true;
  const [name, ...rest] = path;
  return name !== undefined && isRecord(value) && hasArrayAt(value[name], rest);
}
