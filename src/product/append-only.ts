import type { ClassType } from '../database/class-type.js';

const appendOnly = new WeakSet<ClassType>();

/**
 * Declares that documents of a class are added and read, and never changed or removed while the product serves: the
 * serving credential gets no grant for it. A TTL index still removes what is old. It takes effect with
 * `bulkhead provision`.
 *
 * @example @AppendOnly() export class AuditEntry extends Entity { … }
 */
export function AppendOnly(): (target: ClassType) => void {
  return (target) => {
    appendOnly.add(target);
  };
}

/** Whether a class is declared so itself; its ancestors do not count. */
export const isAppendOnly = (target: ClassType): boolean => appendOnly.has(target);
