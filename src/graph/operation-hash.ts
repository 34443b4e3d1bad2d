import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';

/** A document as it is registered: without white space that means nothing, its selections in the order written. */
export const operationText = (document: DocumentNode): string => stripIgnoredCharacters(print(document));

/** The SHA-256 of a text, in hexadecimal: what a client sends in `extensions.persistedQuery.sha256Hash`. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The hash of what a text asks, however it is laid out, and with or without the `__typename` that Apollo Client and urql
 * add to every selection set but the operation's own; undefined where it is no document.
 *
 * @param maxTokens more are not read.
 */
export function formOf(text: string, maxTokens: number): string | undefined {
  try {
    const document = parse(text, { noLocation: true, maxTokens });
    return hashOf(operationText(text.includes('__typename') ? withoutAdded(document) : document));
  } catch {
    return undefined;
  }
}

const isAddable = (one: SelectionNode): boolean =>
  one.kind === Kind.FIELD && one.name.value === '__typename' && !one.alias && !one.directives?.length;

/** One `__typename` less in each selection set that has something else as well. */
const withoutAdded = (document: DocumentNode): DocumentNode =>
  visit(document, {
    SelectionSet(set, _key, parent) {
      if (parent && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION) return undefined;
      const at = set.selections.length > 1 ? set.selections.findIndex(isAddable) : -1;
      return at < 0 ? undefined : { ...set, selections: set.selections.toSpliced(at, 1) };
    },
  });
