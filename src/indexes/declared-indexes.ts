import type { mongo } from 'mongoose';
import type { ClassType } from '../database/class-type.js';
import { collectionOf, schemaOf } from '../database/schema.js';
import { StartError } from '../errors/bulkhead-error.js';
import {
  defaultName,
  INDEX_OPTIONS,
  type IndexSpec,
  keyText,
  meaningOf,
  signatureOf,
  toIndexSpec,
} from './index-spec.js';

/** An index as a class declares it. */
export interface DeclaredIndex {
  readonly collection: string;
  /** The class, for messages. */
  readonly by: string;
  /** What is sent to the server to make it, without a name. */
  readonly definition: mongo.Document;
  readonly spec: IndexSpec;
  /** The declared name, or the server's own for the key. */
  readonly name: string;
  /** Whether the class gave the name; then a hint may rely on it, and no other will do. */
  readonly isNamed: boolean;
}

/** Settings by which a collation is completed, asked of the server: see `resolveCollations`. */
export type Collations = ReadonlyMap<string, mongo.Document>;

/** A declared collation as a key of {@link Collations}. */
export const collationKey = (collation: mongo.Document): string => JSON.stringify(collation);

/** What is declared, before collations are completed. */
interface Declaration {
  readonly collection: string;
  readonly by: string;
  readonly options: mongo.Document;
  readonly key: Readonly<Record<string, unknown>>;
}

const SIMPLE: mongo.Document = { locale: 'simple' };

function declarations(classes: readonly ClassType[]): Declaration[] {
  return classes.flatMap((target) => {
    const schema = schemaOf(target);
    const collation = schema.get('collation') as mongo.Document | undefined;
    return schema.indexes().map(([key, options]) => ({
      collection: collectionOf(target),
      by: target.name,
      key: key as Record<string, unknown>,
      // Mongoose gives indexes the collation of their schema, except text indexes, which can have none.
      options: { ...(collation && !Object.values(key).includes('text') && { collation }), ...options },
    }));
  });
}

/** The collections in which classes are stored. */
export const declaredCollections = (classes: readonly ClassType[]): string[] =>
  [...new Set(classes.map(collectionOf))].sort();

/** Every collation that classes declare, for themselves or for an index, each once, with a class that does. */
export function declaredCollations(
  classes: readonly ClassType[],
): { readonly by: string; readonly collection: string; readonly collation: mongo.Document }[] {
  const own = classes.map((target) => ({
    collection: collectionOf(target),
    by: target.name,
    options: { collation: schemaOf(target).get('collation') },
  }));
  const found = [...declarations(classes), ...own].flatMap(({ by, collection, options }) => {
    const collation = options['collation'] as mongo.Document | undefined;
    return collation && collation['locale'] !== 'simple' ? [{ by, collection, collation }] : [];
  });
  return [...new Map(found.map((one) => [collationKey(one.collation), one])).values()];
}

/**
 * The indexes that classes declare with `@index` or on a property, each once.
 *
 * @param collations every declared collation with all its settings, and by `collection:<name>` the default of a collection.
 * @throws StartError where classes ask for what one collection cannot have: two indexes of one name, or two that
 * differ in nothing but what the server takes for one index (such as an expiry).
 */
export function declaredIndexes(
  classes: readonly ClassType[],
  collations: Collations = new Map(),
): DeclaredIndex[] {
  const problems: string[] = [];
  const found: DeclaredIndex[] = [];
  for (const { collection, by, key, options } of declarations(classes)) {
    const inherited = collations.get(`collection:${collection}`);
    // Text and 2d indexes know the simple collation only, and are refused where they would inherit another.
    const isBare = Object.values(key).some((kind) => kind === 'text' || kind === '2d');
    const declared = (options['collation'] ?? (isBare && inherited ? SIMPLE : undefined)) as
      mongo.Document | undefined;
    const collation = declared ? (collations.get(collationKey(declared)) ?? declared) : inherited;
    const known = INDEX_OPTIONS.flatMap((name) => (options[name] == null ? [] : [[name, options[name]]]));
    const definition = {
      key,
      ...(Object.fromEntries(known) as mongo.Document),
      ...(declared && { collation: declared }),
    };
    const index: DeclaredIndex = {
      collection,
      by,
      definition,
      spec: toIndexSpec({ ...definition, ...(collation && { collation }) }),
      name: (options['name'] as string | undefined) ?? defaultName(key),
      isNamed: options['name'] != null,
    };
    const at = found.findIndex((one) => one.collection === collection && clash(one, index));
    const twin = found[at];
    if (!twin) found.push(index);
    else if (meaningOf(twin.spec) !== meaningOf(index.spec) || isRenamed(twin, index))
      problems.push(
        `${collection}: ${twin.by} declares ${keyText(twin.spec)} and ${by} ${keyText(index.spec)} with other options; ` +
          'a collection cannot have both. Keep one of them.',
      );
    else if (index.isNamed) found[at] = index;
  }
  if (problems.length > 0) throw new StartError(problems);
  return found;
}

const isText = ({ spec }: DeclaredIndex): boolean => spec.key.some(([, kind]) => kind === 'text');
const isRenamed = (one: DeclaredIndex, other: DeclaredIndex): boolean =>
  one.isNamed && other.isNamed && one.name !== other.name;

/** Whether the server would refuse the second. */
const clash = (one: DeclaredIndex, other: DeclaredIndex): boolean =>
  signatureOf(one.spec) === signatureOf(other.spec) ||
  (one.isNamed && other.isNamed && one.name === other.name) ||
  (isText(one) && isText(other));
