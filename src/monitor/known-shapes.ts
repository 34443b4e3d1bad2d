import type { mongo } from 'mongoose';
import { branchOf, isPlain, NAMED, partsOf, shapeOf, type ShapeText } from './shape.js';

/** Comments of which forms are remembered, and forms of each. */
const MOST_COMMENTS = 1_000;
const MOST_FORMS = 4;
/** Nodes of a command that are compared; half of those that a shape looks at, so that none of its bounds is met. */
const MOST_NODES = 200;

/** What commands of one shape have in common. */
export interface Form {
  readonly name: string;
  readonly collection: unknown;
  /** What decides the shape, by part, without values. */
  readonly parts: readonly (readonly [part: string, form: unknown])[];
  readonly shape: ShapeText;
}

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
    const known = forms?.find((form) => isOfForm(form, name, command));
    if (known) return known.shape;
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

function isOfForm({ name, collection, parts }: Form, otherName: string, command: mongo.Document): boolean {
  if (name !== otherName || collection !== command[name]) return false;
  const budget = { left: MOST_NODES };
  return parts.every(([part, form]) => isAlike(form, command[part], part, budget));
}

/** What is remembered of a command: none of its values. Undefined for one that is too large, or cannot be compared. */
export function formOf(name: string, command: mongo.Document, shape: ShapeText): Form | undefined {
  const budget = { left: MOST_NODES };
  const parts = partsOf(name)!.map((part) => [part, withoutValues(command[part], part, budget)] as const);
  const form = { name, collection: command[name], parts, shape };
  // What was left out makes it unlike itself.
  return isOfForm(form, name, command) ? form : undefined;
}

/** Keys whose strings are names of fields, collections and indexes, or whose text matters otherwise. */
const TELLING = new Set([...NAMED, '$unionWith', 'key', 'hint', '$regex']);
const isTelling = (text: string, key: string): boolean => text.startsWith('$') || TELLING.has(key);
const LONGEST_NAME = 120;

const isValue = (value: unknown): boolean =>
  typeof value === 'string'
    ? !value.startsWith('$')
    : typeof value !== 'object' || value === null || !(isPlain(value) || Array.isArray(value));
/** Values alone, of which a shape tells apart none, one and several. */
const areValues = (values: readonly unknown[]): boolean => values.every(isValue);

/** A pipeline with the first of each row of branches for further parents: a shape looks at no other. */
function withoutRepeats(stages: readonly unknown[]): readonly unknown[] {
  let branch: string | undefined;
  return stages.filter((stage) => {
    const before = branch;
    branch = branchOf(stage);
    return branch === undefined || branch !== before;
  });
}

/** Stand for values: of a type of its own, and a text. */
const OBJECT = new Date(0);
const TEXT = 'x';

/** A part of a command in which every value is replaced by one that is like it. */
function withoutValues(value: unknown, key: string, budget: { left: number }): unknown {
  if ((budget.left -= 1) < 0) return undefined;
  if (typeof value === 'string') {
    if (value !== '' && !isTelling(value, key)) return TEXT;
    return value.length > LONGEST_NAME ? undefined : value;
  }
  if (typeof value === 'number') return value === 1 ? 1 : 2 * Math.sign(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const own = key === 'pipeline' ? withoutRepeats(value) : value;
    const elements: unknown[] = areValues(own) ? own.slice(0, 2) : own.slice(0, budget.left);
    return elements.map((element) => withoutValues(element, key, budget));
  }
  if (!isPlain(value)) return value instanceof RegExp || value instanceof Map ? undefined : OBJECT;
  const names = Object.keys(value).slice(0, Math.max(0, budget.left));
  return Object.fromEntries(names.map((name) => [name, withoutValues(value[name], name, budget)]));
}

/**
 * Whether two values are certain to be written alike in a shape. It says no where it would take a closer look: of
 * regular expressions, of keys in another order.
 */
function isAlike(one: unknown, other: unknown, key: string, budget: { left: number }): boolean {
  if ((budget.left -= 1) < 0) return false;
  if (typeof one !== typeof other) return false;
  if (typeof one === 'string') {
    if (isTelling(one, key) || isTelling(other as string, key)) return one === other;
    return (one === '') === (other === '');
  }
  if (typeof one === 'number')
    return Math.sign(one) === Math.sign(other as number) && (one === 1) === (other === 1);
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null)
    return one === other;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || (budget.left -= other.length) < 0) return false;
    return areAlike(one, key === 'pipeline' ? withoutRepeats(other) : other, key, budget);
  }
  if (!isPlain(one))
    return !(isPlain(other) || Array.isArray(other) || other instanceof RegExp || other instanceof Map);
  if (!isPlain(other)) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    keys.length === others.length &&
    keys.every((name, n) => name === others[n] && isAlike(one[name], other[name], name, budget))
  );
}

function areAlike(
  one: readonly unknown[],
  other: readonly unknown[],
  key: string,
  budget: { left: number },
): boolean {
  const areBothValues = areValues(other) && areValues(one);
  if (areBothValues) return Math.min(one.length, 2) === Math.min(other.length, 2);
  return one.length === other.length && one.every((element, n) => isAlike(element, other[n], key, budget));
}
