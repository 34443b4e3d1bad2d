import type { mongo } from 'mongoose';
import { isBeginning, isRegex } from './regex.js';
import { branchIn, isAlike } from './branches.js';
import { isPlain } from './is-plain.js';
import { NAMED, partsOf, shapeOf, type ShapeText } from './shape.js';

/** Comments of which forms are remembered, and forms of each. */
const MOST_COMMENTS = 1_000;
const MOST_FORMS = 4;
/** Nodes of a command that are compared; half of those that a shape looks at, so that none of its bounds is met. */
const MOST_NODES = 200;

/** What commands of one shape have in common. */
export interface Form {
  readonly name: string;
  readonly collection: unknown;
  /** What decides the shape, by part. */
  readonly parts: readonly { readonly part: string; readonly pattern: Pattern }[];
  readonly shape: ShapeText;
}

/** What a value must be to be written like another in a shape. It holds no value. */
type Pattern =
  /** Written as it is: a name, a flag, null. */
  | { readonly kind: 'same'; readonly value: unknown }
  | { readonly kind: 'text'; readonly isEmpty: boolean }
  | { readonly kind: 'expression'; readonly isBeginning: boolean }
  | { readonly kind: 'number'; readonly sign: number; readonly isOne: boolean }
  /** Of a type of its own: a date, an id. */
  | { readonly kind: 'object' }
  /** Values alone, of which a shape tells apart none, one and several. */
  | { readonly kind: 'values'; readonly count: number }
  | { readonly kind: 'list'; readonly elements: readonly Pattern[]; readonly isPipeline: boolean }
  | { readonly kind: 'document'; readonly keys: readonly string[]; readonly patterns: readonly Pattern[] };

type PatternOf<Kind extends Pattern['kind']> = Extract<Pattern, { kind: Kind }>;

/**
 * Remembers the shapes of commands. A field sends commands of one or two forms, and to see that another is like the
 * last takes a tenth of what it takes to write its shape down.
 */
export class KnownShapes {
  readonly #forms = new Map<string, Form[]>();
  /** Comments whose commands have no form. */
  readonly #formless = new Set<string>();

  /** What {@link shapeOf} answers. @param comment whose commands are like each other. */
  shapeOf(name: string, command: mongo.Document, comment: string): ShapeText | undefined {
    const forms = this.#forms.get(comment);
    if (forms) for (const form of forms) if (isOfForm(form, name, command)) return form.shape;
    const shape = shapeOf(name, command);
    if (shape !== undefined && !this.#formless.has(comment)) this.#remember(comment, name, command, shape);
    return shape;
  }

  #remember(comment: string, name: string, command: mongo.Document, shape: ShapeText): void {
    if (this.#forms.size + this.#formless.size >= MOST_COMMENTS) {
      this.#forms.clear();
      this.#formless.clear();
    }
    const form = formOf(name, command, shape);
    if (form) this.#forms.set(comment, [form, ...(this.#forms.get(comment) ?? [])].slice(0, MOST_FORMS));
    else this.#formless.add(comment);
  }
}

/** What of a command may still be looked at. */
interface Budget {
  left: number;
}

function isOfForm(form: Form, name: string, command: mongo.Document): boolean {
  if (form.name !== name || form.collection !== command[name]) return false;
  const budget = { left: MOST_NODES };
  for (const { part, pattern } of form.parts) if (!fits(pattern, command[part], part, budget)) return false;
  return true;
}

/** What is remembered of a command: none of its values. Undefined for one that is too large, or cannot be compared. */
export function formOf(name: string, command: mongo.Document, shape: ShapeText): Form | undefined {
  const budget = { left: MOST_NODES };
  const parts: { part: string; pattern: Pattern }[] = [];
  for (const part of partsOf(name)!) {
    const pattern = patternOf(command[part], part, budget);
    if (!pattern) return undefined;
    parts.push({ part, pattern });
  }
  return { name, collection: command[name], parts, shape };
}

/** Keys whose strings are names of fields, collections and indexes, or whose text matters otherwise. */
const TELLING = new Set([...NAMED, '$unionWith', 'key', 'hint', '$options']);
const REGEX = '$regex';
const LONGEST_NAME = 120;
const DOLLAR = '$'.charCodeAt(0);

const isPath = (text: string): boolean => text.charCodeAt(0) === DOLLAR;
const isTelling = (text: string, key: string): boolean => isPath(text) || TELLING.has(key);
const isValue = (value: unknown): boolean =>
  typeof value === 'string'
    ? !isPath(value)
    : typeof value !== 'object' || value === null || !(isPlain(value) || Array.isArray(value));

/** A pipeline with the first of each row of branches for further parents: a shape looks at no other. */
const withoutRepeats = (stages: readonly unknown[]): readonly unknown[] =>
  stages.filter((stage, at) => !isAlike(branchIn(stage), branchIn(stages[at - 1])));

/** Undefined for what takes a closer look each time: regular expressions, maps, what is not a number, long names. */
function patternOf(value: unknown, key: string, budget: Budget): Pattern | undefined {
  if ((budget.left -= 1) < 0) return undefined;
  if (typeof value === 'string') {
    if (key === REGEX && !isPath(value)) return { kind: 'expression', isBeginning: isBeginning(value) };
    if (value === '' || !isTelling(value, key)) return { kind: 'text', isEmpty: value === '' };
    return value.length > LONGEST_NAME ? undefined : { kind: 'same', value };
  }
  if (typeof value === 'number') {
    const sign = Math.sign(value);
    return Number.isNaN(sign) ? undefined : { kind: 'number', sign, isOne: value === 1 };
  }
  if (typeof value === 'bigint') return undefined;
  if (typeof value !== 'object' || value === null) return { kind: 'same', value };
  if (Array.isArray(value)) {
    const isPipeline = key === 'pipeline';
    const list: readonly unknown[] = isPipeline ? withoutRepeats(value) : value;
    if (list.every(isValue)) return { kind: 'values', count: Math.min(list.length, 2) };
    const elements = patternsOf(list, () => key, budget);
    return elements && { kind: 'list', elements, isPipeline };
  }
  if (!isPlain(value)) return isRegex(value) || value instanceof Map ? undefined : { kind: 'object' };
  const keys = Object.keys(value).slice(0, Math.max(0, budget.left) + 1);
  const patterns = patternsOf(
    keys.map((name) => value[name]),
    (n) => keys[n]!,
    budget,
  );
  return patterns && { kind: 'document', keys, patterns };
}

function patternsOf(
  values: readonly unknown[],
  keyOf: (n: number) => string,
  budget: Budget,
): Pattern[] | undefined {
  const patterns: Pattern[] = [];
  for (const [n, value] of values.entries()) {
    const pattern = patternOf(value, keyOf(n), budget);
    if (!pattern) return undefined;
    patterns.push(pattern);
  }
  return patterns;
}

/**
 * Whether a value is certain to be written in a shape like that of which the pattern is. It says no where it would take
 * a closer look. It runs for every command, hence the loops.
 */
function fits(pattern: Pattern, value: unknown, key: string, budget: Budget): boolean {
  if ((budget.left -= 1) < 0) return false;
  switch (pattern.kind) {
    case 'same':
      return value === pattern.value;
    case 'text':
      // Under a key that tells, texts have another pattern.
      return typeof value === 'string' && (pattern.isEmpty ? value === '' : value !== '' && !isPath(value));
    case 'expression':
      return typeof value === 'string' && !isPath(value) && isBeginning(value) === pattern.isBeginning;
    case 'number':
      return (
        typeof value === 'number' && Math.sign(value) === pattern.sign && (value === 1) === pattern.isOne
      );
    case 'object':
      return (
        typeof value === 'object' &&
        value !== null &&
        !(isPlain(value) || Array.isArray(value) || isRegex(value) || value instanceof Map)
      );
    case 'values':
      return Array.isArray(value) && areValues(value, pattern.count, budget);
    case 'list':
      return Array.isArray(value) && fitsList(pattern, value, key, budget);
    default:
      return isPlain(value) && fitsDocument(pattern, value, budget);
  }
}

function areValues(list: readonly unknown[], count: number, budget: Budget): boolean {
  if ((budget.left -= list.length) < 0 || Math.min(list.length, 2) !== count) return false;
  for (const value of list) if (!isValue(value)) return false;
  return true;
}

function fitsList(
  { elements, isPipeline }: PatternOf<'list'>,
  list: readonly unknown[],
  key: string,
  budget: Budget,
): boolean {
  if ((budget.left -= list.length) < 0) return false;
  let at = 0;
  let before: ReturnType<typeof branchIn>;
  for (const one of list) {
    if (isPipeline) {
      const branch = branchIn(one);
      const isRepeated = isAlike(branch, before);
      before = branch;
      if (isRepeated) continue;
    }
    const element = elements[at];
    if (!element || !fits(element, one, key, budget)) return false;
    at += 1;
  }
  return at === elements.length;
}

function fitsDocument(
  { keys, patterns }: PatternOf<'document'>,
  document: Record<string, unknown>,
  budget: Budget,
): boolean {
  let n = 0;
  for (const name in document) {
    if (name !== keys[n] || !fits(patterns[n]!, document[name], name, budget)) return false;
    n += 1;
  }
  return n === keys.length;
}
