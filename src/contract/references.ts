import { type GraphQLOutputType, isNonNullType } from 'graphql';
import type { ClassType } from '../database/class-type.js';
import { modelNameOf, schemaOf } from '../database/schema.js';
import type { Problems, Say } from './problem.js';
import { allPaths, itemOf, type StoredPath } from './stored-path.js';

/** The name of the class a path refers to, as it is registered; undefined when the path is no reference. */
export function referredName(path: StoredPath): string | undefined {
  const { ref } = itemOf(path).options;
  if (typeof ref === 'string') return ref;
  // Typegoose compiles `() => User` to its name; a bare class stays a function with a prototype.
  return typeof ref === 'function' ? modelNameOf(ref as unknown as ClassType) : undefined;
}

/** Each reference of a stored class, exposed or not, must lead to a class that the product stores. */
export function checkReferredClasses(
  target: ClassType,
  classes: readonly ClassType[],
  problems: Problems,
): void {
  const names = new Set(classes.map(modelNameOf));
  for (const [name, path] of allPaths(schemaOf(target))) {
    const referred = referredName(path);
    if (referred === undefined || names.has(referred)) continue;
    problems
      .place(`${target.name}.${name}`)
      .say(
        `a reference to ${referred}, which the product does not store`,
        `add ${referred} to the product's schema, or take ref off @prop`,
      );
  }
}

/** An exposed reference must mean the class GraphQL says, and be nullable: nothing keeps it from dangling. */
export function checkReference(
  type: GraphQLOutputType,
  shown: { readonly name: string; readonly target: unknown },
  referred: string,
  { classes, say }: { readonly classes: readonly ClassType[]; readonly say: Say },
): void {
  const target = classes.find((one) => modelNameOf(one) === referred);
  if (!target) return;
  if (target !== shown.target) {
    const other = modelNameOf(shown.target as ClassType) === referred;
    say(
      `GraphQL says ${shown.name}, ref says ${referred}${other ? ', and they are two classes of one name' : ''}`,
      other
        ? `import ${referred} from the product's own schema folder`
        : `write ref: () => ${shown.name} in @prop, or @Field(() => ${referred})`,
    );
    return;
  }
  if (isNonNullType(type))
    say(
      `a reference to ${referred} that is never null, but the document it points to may be gone`,
      'declare the field { nullable: true }',
    );
}
