import { type Change, ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import {
  buildSchema,
  type GraphQLSchema,
  isRequiredArgument,
  isRequiredInputField,
  resolveSchemaCoordinate,
} from 'graphql';
import { printSdl } from './sdl.js';

/**
 * What a change does to clients: `breaking` refuses or changes what they ask for; `dangerous` may surprise them, such as
 * a new value of an enum or another default; `safe` they do not notice.
 */
export type ChangeLevel = 'breaking' | 'dangerous' | 'safe';

/** One change of a schema. */
export interface SchemaChange {
  readonly level: ChangeLevel;
  /** GraphQL Inspector's name of the kind of change, such as `FIELD_REMOVED`. */
  readonly kind: string;
  /** Where, as a schema coordinate: `Post.title`, `Query.posts.first`. Undefined where the schema itself changed. */
  readonly at?: string;
  /** In words. */
  readonly message: string;
}

const LEVELS: Readonly<Record<CriticalityLevel, ChangeLevel>> = {
  [CriticalityLevel.Breaking]: 'breaking',
  [CriticalityLevel.Dangerous]: 'dangerous',
  [CriticalityLevel.NonBreaking]: 'safe',
};
const ORDER: readonly ChangeLevel[] = ['breaking', 'dangerous', 'safe'];

/** How a schema differs from an earlier one, for its clients; what breaks them first. */
export async function findSchemaChanges(
  before: GraphQLSchema,
  after: GraphQLSchema,
): Promise<SchemaChange[]> {
  // As text both, since a schema of code has values of its own behind the names of enums.
  const [from, to] = [printSdl(before), printSdl(after)];
  if (from === to) return [];
  // Inspector's own `simplifyChanges` would also leave out a field that is gone from a type with a new interface.
  const next = buildSchema(to);
  const changes = await diff(buildSchema(from), next);
  const newTypes = new Set(
    changes.filter(({ type }) => type === ChangeType.TypeAdded).map(({ path }) => path),
  );
  const found = changes
    .filter((change) => !isSaidAlready(change, newTypes))
    .map((change): SchemaChange => {
      const joined = joinedBy(change);
      // As with a union: whoever asks the interface may be answered another type now.
      if (joined !== undefined && !newTypes.has(joined))
        return { level: 'dangerous', kind: change.type, at: joined, message: change.message };
      return {
        level: levelOf(change, next),
        kind: change.type,
        ...(change.path !== undefined && { at: change.path }),
        message: messageOf(change),
      };
    })
    .sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level));
  // Whatever it does not look at, such as a description of a directive's argument.
  return found.length > 0 ? found : [{ level: 'safe', kind: 'TEXT_CHANGED', message: 'the text differs' }];
}

/** Members of a type that is new as a whole, and what a deprecation says once more as a directive. */
const isSaidAlready = ({ type, path = '' }: Change, newTypes: ReadonlySet<string | undefined>): boolean =>
  (path.includes('.') && newTypes.has(path.slice(0, path.indexOf('.')))) ||
  (type.startsWith('DIRECTIVE_USAGE') && /\.@(deprecated|specifiedBy)\b/.test(path));

/** The interface that a type implements from now on. */
const joinedBy = ({ type, meta }: Change): string | undefined =>
  type === ChangeType.ObjectTypeInterfaceAdded
    ? (meta as { readonly addedInterfaceName: string }).addedInterfaceName
    : undefined;

function levelOf({ type, criticality, path }: Change, next: GraphQLSchema): ChangeLevel {
  const level = LEVELS[criticality.level];
  // Called dangerous; whoever gives it twice at one place is refused.
  if (type === ChangeType.DirectiveRepeatableRemoved) return 'breaking';
  // Another default is called dangerous, also where there is none any more.
  if (path !== undefined && isOfDefault(type) && isRequired(path, next)) return 'breaking';
  // Called dangerous for servers that extend an interface; no client notices an argument that it need not give.
  return type === ChangeType.FieldArgumentAdded && level === 'dangerous' ? 'safe' : level;
}

const isOfDefault = (type: string): boolean => /_DEFAULT_(VALUE_)?CHANGED$/.test(type);

/** Whether an argument or a field of an input has to be given. @param path Inspector's: `Query.post.id`, `Filter.tag`, `@upper.locale` */
function isRequired(path: string, schema: GraphQLSchema): boolean {
  const isOfInput = !path.startsWith('@') && path.split('.').length === 2;
  const found = resolveSchemaCoordinate(schema, isOfInput ? path : path.replace(/\.(\w+)$/, '($1:)'));
  if (found?.kind === 'InputField') return isRequiredInputField(found.inputField);
  if (found?.kind === 'FieldArgument') return isRequiredArgument(found.fieldArgument);
  return found?.kind === 'DirectiveArgument' && isRequiredArgument(found.directiveArgument);
}

const messageOf = ({ type, message }: Change): string =>
  isOfDefault(type) ? message.replaceAll(/\b(from|to) 'undefined'/g, '$1 none') : message;

/**
 * The coordinate whose users notice a change. Whoever uses a field notices its new or other argument, given or not;
 * an argument that is gone is noticed by those who give it.
 */
export function noticedAt({ kind, at }: SchemaChange): string | undefined {
  if (at === undefined) return undefined;
  const [subject = at] = at.split('.@');
  if (subject !== at || !subject.includes('.')) return subject;
  const isNew = kind.endsWith('_ADDED') && !kind.includes('DEPRECATION');
  const isOptional = /ARGUMENT|INPUT_FIELD/.test(kind) && !kind.endsWith('_REMOVED');
  return isNew || isOptional ? subject.slice(0, subject.lastIndexOf('.')) : subject;
}
