import { getNullableType, type GraphQLOutputType, isListType, isNonNullType } from 'graphql';
import { storedValues } from './enums.js';
import type { Say } from './problem.js';
import { isPromised, isStoredList, type StoredPath } from './stored-path.js';

/** A field that is never null in the graph must be in each document. */
export function checkPresence(type: GraphQLOutputType, path: StoredPath, say: Say): void {
  if (!isNonNullType(type) || isPromised(path)) return;
  const wrong =
    typeof path.options.required === 'function'
      ? `${type.toString()} in GraphQL, but required is a function and lets some documents lack it`
      : path.options.default === undefined
        ? `${type.toString()} in GraphQL, but a stored document may lack it`
        : `${type.toString()} in GraphQL, but its default is not applied to documents that are read lean`;
  say(wrong, 'add required: true to @prop, or declare the field { nullable: true }');
}

/** A list must be a list on both sides. Answers whether the levels below can be compared. */
export function checkList(type: GraphQLOutputType, path: StoredPath, say: Say): boolean {
  const listed = getNullableType(type);
  if (isListType(listed) === isStoredList(path)) return true;
  if (isListType(listed))
    say(
      `a list in GraphQL, but stored as a single ${path.instance}`,
      'write type: () => [Type] in @prop, or take the brackets off @Field',
    );
  else
    say('a single value in GraphQL, but stored as a list', 'put brackets into @Field: @Field(() => [Type])');
  return false;
}

/** Items that are never null in the graph must not be null by declaration: an enum with null, a null default, `required: false`. */
export function checkItems(type: GraphQLOutputType, path: StoredPath, say: Say): void {
  const listed = getNullableType(type);
  const item = path.embeddedSchemaType;
  if (!isListType(listed) || !isNonNullType(listed.ofType) || !item) return;
  const { required, default: value } = item.options;
  if (required !== false && value !== null && !storedValues(item)?.includes(null)) return;
  say(
    `items are ${String(listed.ofType)} in GraphQL, but storage allows null among them`,
    "add innerOptions: { required: true } to @prop, or declare the field { nullable: 'items' }",
  );
}
