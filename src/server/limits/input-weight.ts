import { Kind, type ValueNode } from 'graphql';

/** Characters of a text, and of a name in an object, that count nothing; each further begun so many count one. */
const CHARACTERS = 256;
/** Reading and checking a value calls itself for each level of it; no input is declared so deep. */
const MOST_LEVELS = 32;

const ofText = (text: string): number =>
  text.length <= CHARACTERS ? 0 : Math.ceil(text.length / CHARACTERS) - 1;

/** What a value costs to look at, where its parts are found in some way. */
function weigh<T>(
  root: T,
  most: number,
  partsOf: (value: T) => { own: number; parts: readonly T[] },
): number {
  let weight = 0;
  // Not by recursion: a megabyte is half a million levels.
  let level: T[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MOST_LEVELS) return Infinity;
    const below: T[] = [];
    for (const value of level) {
      const { own, parts } = partsOf(value);
      weight += own + parts.length;
      if (weight > most) return weight;
      // Not spread into a call, which takes some ten thousand.
      for (const part of parts) below.push(part);
    }
    level = below;
  }
  return weight;
}

const NOTHING = { own: 0, parts: [] } as const;
/** The weight of names. */
const named = (names: readonly string[]) => names.reduce((sum, name) => sum + ofText(name), 0);

/**
 * What the value of a variable costs to read and to check: one for each item of a list, each field of an object, and
 * each further 256 characters of a text; `Infinity` where it is nested deeper than any input. A plain value costs nothing.
 *
 * @param most more is not counted: it is answered as something above.
 */
export const weightOf = (value: unknown, most: number): number => {
  if (typeof value !== 'object') return typeof value === 'string' ? ofText(value) : 0;
  return weigh(value, most, (one) => {
    if (typeof one === 'string') return { own: ofText(one), parts: [] };
    if (typeof one !== 'object' || one === null) return NOTHING;
    if (Array.isArray(one))
      return one.length > most ? { own: one.length, parts: [] } : { own: 0, parts: one };
    const names = Object.keys(one);
    if (names.length > most) return { own: names.length, parts: [] };
    return { own: named(names), parts: Object.values(one) as unknown[] };
  });
};

/** The same of a literal. @param ofVariable the weight of a variable within it */
export const weightOfLiteral = (
  value: ValueNode,
  most: number,
  ofVariable: (name: string) => number,
): number =>
  weigh(value, most, (one) => {
    if (one.kind === Kind.VARIABLE) return { own: ofVariable(one.name.value), parts: [] };
    if (one.kind === Kind.STRING) return { own: ofText(one.value), parts: [] };
    if (one.kind === Kind.LIST) return { own: 0, parts: one.values };
    if (one.kind !== Kind.OBJECT) return NOTHING;
    return {
      own: named(one.fields.map(({ name }) => name.value)),
      parts: one.fields.map((field) => field.value),
    };
  });
