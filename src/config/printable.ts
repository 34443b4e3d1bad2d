/** Characters that move a cursor, end a line, or turn the direction of writing. */
const ORDERS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** The styles in which lines of our own are painted. */
const STYLES = [1, 2, 22, 31, 32, 33, 36, 39].map((style) => `\u001B[${style}m`);

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A name as it may be shown: whoever may write to a database may name a collection or a field as they like. */
export const printable = (name: string): string => name.replaceAll(ORDERS, escaped);

/** Lines as they may go to a terminal: with their ends, with styles, and with nothing else that it would obey. */
export const printableLines = (text: string): string =>
  text.replaceAll(ORDERS, (character, at: number) => {
    const isOwn =
      character === '\n' || character === '\t' || STYLES.some((style) => text.startsWith(style, at));
    return isOwn ? character : escaped(character);
  });
