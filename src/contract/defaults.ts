import type { ClassType } from '../database/class-type.js';
import { schemaOf } from '../database/schema.js';
import type { Problems } from './problem.js';
import { allPaths } from './stored-path.js';

/** A moment computed while the class was loaded would be the same in each document until the next start. */
export function checkDefaults(target: ClassType, problems: Problems): void {
  for (const [name, path] of allPaths(schemaOf(target))) {
    const value = path.options.default;
    if (path.instance !== 'Date' || !(value instanceof Date || typeof value === 'number')) continue;
    problems
      .place(`${target.name}.${name}`)
      .say(
        'its default is a moment computed once, when the class was loaded',
        'write a function: default: () => new Date()',
      );
  }
}
