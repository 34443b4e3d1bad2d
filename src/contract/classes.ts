import type { ClassType } from '../database/class-type.js';
import { collectionOf, modelNameOf } from '../database/schema.js';
import { Entity } from '../graph/entity.js';
import type { Problems } from './problem.js';

/** Stored classes are entities, and no two of a product share a name or a collection. */
export function checkClasses(classes: readonly ClassType[], problems: Problems): void {
  for (const target of classes) {
    if (target.prototype instanceof Entity) continue;
    problems
      .place(target.name)
      .say('a stored class without identity and timestamps', `write class ${target.name} extends Entity`);
  }
  checkShared(classes, 'model name', modelNameOf, problems);
  checkShared(classes, 'collection', collectionOf, problems);
}

function checkShared(
  classes: readonly ClassType[],
  what: 'model name' | 'collection',
  of: (target: ClassType) => string,
  problems: Problems,
): void {
  const first = new Map<string, ClassType>();
  for (const target of classes) {
    const name = of(target);
    const other = first.get(name);
    first.set(name, other ?? target);
    if (!other) continue;
    problems
      .place(target.name)
      .say(
        `its ${what} ${name} is already that of ${other === target ? 'the same class, listed twice' : other.name}`,
        other === target
          ? "list it once in the product's schema"
          : what === 'collection'
            ? 'name another: @modelOptions({ schemaOptions: { collection } })'
            : 'name another: @modelOptions({ options: { customName } })',
      );
  }
}
