import type { Limits } from '../../product/product.js';

/** What an object, a list or a place in one takes when it is parsed; some 56 bytes on Node 20. */
const PART_BYTES = 64;
/** Beside what its variables bring: the request itself, and variables that nobody declares. */
const SPARE = 1_000;

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const BRACKET = '['.charCodeAt(0);
const BRACE = '{'.charCodeAt(0);

/** How many objects, lists and further places in them a text of JSON has. */
export function partsOf(json: string): number {
  let parts = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (isText) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isText = false;
    } else if (code === QUOTE) isText = true;
    else if (code === COMMA || code === BRACKET || code === BRACE) parts += 1;
  }
  return parts;
}

/** How many a body may have: an item of a list, which may be an object, is two, and counts to `inputs` as one. */
export const mostParts = ({
  inputs,
  operationsPerRequest,
}: Pick<Limits, 'inputs' | 'operationsPerRequest'>) => 2 * (inputs + SPARE) * operationsPerRequest;

/** What a body takes for as long as its request lasts, in bytes: a megabyte of `[{},{},…]` is twenty when it is parsed. */
export const weightOf = (json: string, parts: number): number => json.length + parts * PART_BYTES;
