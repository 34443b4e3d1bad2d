import type { GraphQLEnumType } from 'graphql';
import type { Say } from './problem.js';
import type { StoredPath } from './stored-path.js';

/** The values `@prop` allows; undefined when it allows any. */
export function storedValues(item: StoredPath): readonly unknown[] | undefined {
  const said = item.options.enum;
  if (Array.isArray(said)) return said.length > 0 ? (said as unknown[]) : undefined;
  if (typeof said !== 'object' || said === null) return undefined;
  if ('values' in said && Array.isArray(said.values)) return said.values as unknown[];
  return Object.values(said);
}

/** The values of an enum must be the same on both sides. */
export function checkEnum(type: GraphQLEnumType, item: StoredPath, say: Say): void {
  const stored = storedValues(item);
  if (!stored) {
    say(
      `enum ${type.name} in GraphQL, but any ${item.instance} can be stored and would fail to serialise`,
      `add enum: ${type.name} to @prop`,
    );
    return;
  }
  const shown: unknown[] = type.getValues().map((one) => one.value as unknown);
  const nameless = stored.filter((value) => value !== null && !shown.includes(value));
  const refused = shown.filter((value) => !stored.includes(value));
  if (nameless.length > 0)
    say(
      `stored value ${nameless.join(', ')} has no name in enum ${type.name}`,
      `add it to the enum, or take it out of enum in @prop`,
    );
  if (refused.length > 0)
    say(
      `value ${refused.join(', ')} of enum ${type.name} is refused by storage`,
      `add it to enum in @prop, or take it out of the enum`,
    );
}
