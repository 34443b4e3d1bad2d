import type { Limits } from '../../product/product.js';

/** Of a document, for each token that it may have. Names and what stands between them need a tenth; texts belong into variables. */
const CHARACTERS_PER_TOKEN = 50;

/** Whether a text has more lines than so many; `\r\n` ends two, which nobody minds. */
function hasMoreLines(text: string, most: number): boolean {
  let lines = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) lines += 1;
    if (lines > most) return true;
  }
  return false;
}

/**
 * In what the text of a document is larger than its tokens need; undefined where it is not. graphql-js counts the lines
 * of the whole text before each place that an error names: with 500,000 empty lines, a tenth of a second for each error.
 */
export function textExcess(text: string, { tokens }: Pick<Limits, 'tokens'>): string | undefined {
  const most = CHARACTERS_PER_TOKEN * tokens;
  if (text.length > most)
    return `The document has ${text.length} characters; at most ${most} are allowed: send texts as variables.`;
  // Empty lines and comments are no tokens.
  return text.length > tokens && hasMoreLines(text, tokens)
    ? `The document has more than ${tokens} lines.`
    : undefined;
}
