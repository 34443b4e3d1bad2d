import { createHash } from 'node:crypto';
import { type DocumentNode, parse, print, stripIgnoredCharacters } from 'graphql';

/** A document as it is registered: without white space that means nothing, its selections in the order written. */
export const operationText = (document: DocumentNode): string => stripIgnoredCharacters(print(document));

/** The SHA-256 of a text, in hexadecimal: what a client sends in `extensions.persistedQuery.sha256Hash`. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The hash under which a text would be registered, however it is laid out; undefined where it is no document.
 *
 * @param maxTokens more are not read.
 */
export function registeredHashOf(text: string, maxTokens: number): string | undefined {
  try {
    return hashOf(operationText(parse(text, { noLocation: true, maxTokens })));
  } catch {
    return undefined;
  }
}
