import type { mongo } from 'mongoose';
import { isPlain } from './is-plain.js';
import { LONGEST_NAME, pathOf } from './path-of.js';
import { branchIn, isAlike } from './branches.js';
import { isEquality, withoutLoneAnd } from './one-form.js';
import { formOf, isRegex } from './regex.js';
import { Budget } from './shape-budget.js';

/**
 * What a command asks, without a user's value: the same for all commands that the server would plan alike. JSON, in
 * which `"?"` stands for a value; operators, field names, sort directions and the form of regular expressions stay.
 *
 * @example {"find":"posts","filter":{"publishedAt":{"$lt":"?"},"status":"?"},"sort":{"publishedAt":-1}}
 */
export type ShapeText = string;

/** A shape as it is read back. */
export interface Shape {
  /** The command: `find`, `aggregate`, `update`, … */
  readonly command: string;
  readonly collection: string;
  /** The command's parts that matter to a plan, by name: `filter`, `sort`, `projection`, `pipeline`, … */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** Bounds of one shape, beside those of its nodes: what is beyond them is `"…"`. */
const MOST_CHARACTERS = 4_000;
const DEEPEST = 12;

const [CUT, VALUE, NOTHING] = ['"…"', '"?"', '{}'];

type Encode = (value: unknown, budget: Budget, depth: number) => string;
type Part = readonly [key: string, encode: Encode];

const COLLATION: Part = ['collation', () => VALUE];
/** For the server 0 is none. */
const encodeAmount: Encode = (value) => (value === 0 ? NOTHING : VALUE);

/** Parts of commands that decide how they are planned, in the order in which they are written. */
const PARTS: Readonly<Record<string, readonly Part[]>> = {
  find: [
    ['filter', encodeFilter],
    ['sort', encodeSort],
    ['projection', encodeProjection],
    ['hint', encodeHint],
    ['limit', encodeAmount],
    ['skip', encodeAmount],
    COLLATION,
  ],
  aggregate: [['pipeline', encodePipeline], ['hint', encodeHint], COLLATION],
  count: [['query', encodeFilter], ['hint', encodeHint], COLLATION],
  distinct: [['key', encodeName], ['query', encodeFilter], COLLATION],
  update: [['updates', encodeFirst(encodeUpdate)]],
  delete: [['deletes', encodeFirst(encodeDelete)]],
  findAndModify: [
    ['query', encodeFilter],
    ['sort', encodeSort],
    ['update', encodeChange],
    ['remove', () => 'true'],
    ['hint', encodeHint],
    COLLATION,
  ],
  insert: [],
};

/**
 * The shape of a command as the driver sends it; undefined for commands that read and write no documents of a
 * collection (`hello`, `commitTransaction`, `getMore`, …). It never throws, whatever the command holds, and looks at no
 * more than a few hundred of its nodes.
 */
export function shapeOf(name: string, command: mongo.Document): ShapeText | undefined {
  const parts = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  const collection: unknown = command[name];
  if (!parts || typeof collection !== 'string') return undefined;
  const budget = new Budget();
  let text = `{"${name}":${JSON.stringify(collection)}`;
  for (const [key, encode] of parts) {
    const value: unknown = command[key];
    if (value === undefined || value === null || value === false) continue;
    const encoded = encode(value, budget, 0);
    if (encoded === NOTHING) continue;
    text += `,"${key}":${text.length + encoded.length > MOST_CHARACTERS ? CUT : encoded}`;
  }
  return `${text}}`;
}

/** The parts of a command that decide its shape; none for a command that has no shape. */
export const partsOf = (name: string): readonly string[] | undefined =>
  Object.hasOwn(PARTS, name) ? PARTS[name]!.map(([key]) => key) : undefined;

/** Reads a shape back. @throws SyntaxError for a text that is none. */
export function parseShape(text: ShapeText): Shape {
  const [[command, collection] = ['', ''], ...parts] = Object.entries(
    JSON.parse(text) as Record<string, unknown>,
  );
  return { command, collection: String(collection), parts: Object.fromEntries(parts) };
}

/** No shape is longer: a part that would pass the bound is cut. */
const LONGEST_TEXT = 4 * MOST_CHARACTERS;

/** Whether it compares texts by a collation of its own, which is a value. */
export const hasCollation = ({ parts }: Shape): boolean =>
  'collation' in parts || 'collation' in Object(parts['updates'] ?? parts['deletes']);

/** Whether what stands in a database is a shape, and may be read back: others than the gateway may write there. */
export function isShape(text: unknown): text is ShapeText {
  if (typeof text !== 'string' || text.length > LONGEST_TEXT) return false;
  try {
    const shape: unknown = JSON.parse(text);
    return isPlain(shape) && typeof Object.values(shape)[0] === 'string';
  } catch {
    return false;
  }
}

/** Whether a part of a shape was cut off, so that it stands for more than one form. */
export const isCut = (text: ShapeText): boolean => text.includes(CUT);

const nameOf = (path: string): string => JSON.stringify(pathOf(path));

/** The entries of an object as JSON; `of` answers the whole entry or the value alone. */
function encodeEntries(
  value: Record<string, unknown>,
  budget: Budget,
  depth: number,
  of: (key: string, value: unknown, budget: Budget, depth: number) => string,
  sorted = true,
): string {
  if (depth > DEEPEST) return CUT;
  const keys = budget.keysOf(value);
  // In a filter the order of keys says nothing; in a sort and an expression it does.
  if (sorted && keys.length > 1) keys.sort();
  let text = '';
  for (const key of keys) {
    if (!budget.take()) return `{${text}${text ? ',' : ''}"…":${CUT}}`;
    text += `${text ? ',' : ''}${nameOf(key)}:${of(key, value[key], budget, depth + 1)}`;
  }
  return `{${text}}`;
}

/** Elements of an array, each form once. */
function encodeForms(values: readonly unknown[], budget: Budget, depth: number, encode: Encode): string {
  if (depth > DEEPEST) return CUT;
  const forms = new Set<string>();
  for (const value of values) {
    if (!budget.take()) {
      forms.add(CUT);
      break;
    }
    forms.add(encode(value, budget, depth + 1));
  }
  return `[${[...forms].join(',')}]`;
}

function encodeFilter(value: unknown, budget: Budget, depth: number): string {
  return isPlain(value) ? encodeEntries(withoutLoneAnd(value), budget, depth, encodeCondition) : VALUE;
}

const BRANCHES = new Set(['$and', '$or', '$nor']);

function encodeCondition(key: string, value: unknown, budget: Budget, depth: number): string {
  if (BRANCHES.has(key))
    return Array.isArray(value) ? encodeForms(value, budget, depth, encodeFilter) : VALUE;
  if (key === '$expr') return encodeExpression(value, budget, depth);
  if (key.startsWith('$')) return VALUE;
  return isEquality(value) ? VALUE : encodeTest(value, budget, depth);
}

/** What is asked of one field: a value, a regular expression, or operators. */
function encodeTest(value: unknown, budget: Budget, depth: number): string {
  if (isRegex(value)) return `{"$regex":"${formOf(value)}"}`;
  if (!isPlain(value)) return VALUE;
  const [first] = Object.keys(value);
  // A document to be equal to is a value.
  if (first === undefined || !first.startsWith('$')) return VALUE;
  // A regular expression is one shape, as an object or as two texts.
  const { $options, ...operators } = value;
  return encodeEntries(operators, budget, depth, (operator, operand, rest, deeper) =>
    operator === '$regex'
      ? `"${formOf(operand, $options)}"`
      : encodeOperator(operator, operand, rest, deeper),
  );
}

function encodeOperator(operator: string, value: unknown, budget: Budget, depth: number): string {
  switch (operator) {
    case '$in':
    case '$nin':
    case '$all':
      // One value is planned as an equality, more as a merge.
      return Array.isArray(value) && value.length === 1 ? '["?"]' : '["?","?"]';
    case '$exists':
      return value ? 'true' : 'false';
    case '$not':
      return encodeTest(value, budget, depth);
    case '$elemMatch':
      return isPlain(value) && !Object.keys(withoutLoneAnd(value))[0]?.startsWith('$')
        ? encodeFilter(value, budget, depth)
        : encodeTest(value, budget, depth);
    default:
      return VALUE;
  }
}

function encodeSort(value: unknown, budget: Budget, depth: number): string {
  if (value instanceof Map) return encodeSort(Object.fromEntries(value), budget, depth);
  return isPlain(value)
    ? encodeEntries(value, budget, depth, (_, direction) => directionOf(direction), false)
    : VALUE;
}

const directionOf = (direction: unknown): string =>
  typeof direction === 'number' && direction !== 0 ? (direction < 0 ? '-1' : '1') : VALUE;

/** An index, by its name or its key. */
function encodeHint(value: unknown, budget: Budget, depth: number): string {
  // The name of an index is the code's, whatever it looks like: whoever would drop it has to recognise it.
  if (typeof value !== 'string') return encodeSort(value, budget, depth);
  return value.length > LONGEST_NAME ? CUT : JSON.stringify(value);
}

/** Names alone, those that are left out with a `-`: it matters which fields are read. */
function encodeProjection(value: unknown, budget: Budget): string {
  if (!isPlain(value)) return VALUE;
  const names = budget.keysOf(value).filter(() => budget.take());
  const isLeftOut = (name: string) => value[name] === 0 || value[name] === false;
  return `[${names
    .sort()
    .map((name) => (isLeftOut(name) ? JSON.stringify(`-${pathOf(name)}`) : nameOf(name)))
    .join(',')}]`;
}

/** Names alone. */
function encodeNames(value: unknown, budget: Budget): string {
  if (!isPlain(value)) return VALUE;
  const names = budget.keysOf(value).filter(() => budget.take());
  return `[${names.sort().map(nameOf).join(',')}]`;
}

function encodeUpdate(value: unknown, budget: Budget, depth: number): string {
  if (!isPlain(value)) return VALUE;
  const { q, u, multi, upsert } = value;
  const flags = `${multi ? ',"multi":true' : ''}${upsert ? ',"upsert":true' : ''}${moreOf(value, budget, depth)}`;
  return `{"q":${encodeFilter(q, budget, depth + 1)},"u":${encodeChange(u, budget, depth + 1)}${flags}}`;
}

function encodeDelete(value: unknown, budget: Budget, depth: number): string {
  if (!isPlain(value)) return VALUE;
  const { q, limit } = value;
  return `{"q":${encodeFilter(q, budget, depth + 1)},"limit":${limit === 1 ? 1 : 0}${moreOf(value, budget, depth)}}`;
}

/** What else of a statement decides its plan. */
function moreOf({ hint, collation }: Record<string, unknown>, budget: Budget, depth: number): string {
  const encoded = hint === undefined || hint === null ? '' : `,"hint":${encodeHint(hint, budget, depth + 1)}`;
  return collation ? `${encoded},"collation":${VALUE}` : encoded;
}

/** Which fields a change touches, by operator; a pipeline or a whole document is a value. */
function encodeChange(value: unknown, budget: Budget, depth: number): string {
  if (!isPlain(value) || !Object.keys(value)[0]?.startsWith('$')) return VALUE;
  return encodeEntries(value, budget, depth, (_, fields, rest) => encodeNames(fields, rest));
}

/** Commands of many statements have the shape of the first: the driver batches what one call writes. */
function encodeFirst(encode: Encode): Encode {
  return (value, budget, depth) => (Array.isArray(value) ? encode(value[0], budget, depth) : VALUE);
}

function encodePipeline(value: unknown, budget: Budget, depth: number): string {
  if (!Array.isArray(value)) return VALUE;
  if (depth > DEEPEST) return CUT;
  const stages: string[] = [];
  let before: ReturnType<typeof branchIn>;
  for (const stage of value as unknown[]) {
    if (!budget.take()) {
      stages.push(CUT);
      break;
    }
    // Child lists are one branch per parent, all alike: looking at the first is enough.
    const branch = branchIn(stage);
    const isRepeated = isAlike(branch, before);
    before = branch;
    if (isRepeated) continue;
    const encoded = isPlain(stage) ? encodeEntries(stage, budget, depth, encodeStage) : VALUE;
    if (stages.at(-1) !== encoded) stages.push(encoded);
  }
  return `[${stages.join(',')}]`;
}

function encodeStage(stage: string, value: unknown, budget: Budget, depth: number): string {
  switch (stage) {
    case '$match':
      return encodeFilter(value, budget, depth);
    case '$sort':
      return encodeSort(value, budget, depth);
    case '$limit':
    case '$skip':
    case '$sample':
    case '$search':
    case '$searchMeta':
    case '$vectorSearch':
      return VALUE;
    case '$geoNear':
      return isPlain(value)
        ? encodeEntries(value, budget, depth, (key, part, rest, deeper) =>
            key === 'query' ? encodeFilter(part, rest, deeper) : VALUE,
          )
        : VALUE;
    case '$lookup':
    case '$unionWith':
    case '$graphLookup':
      return isPlain(value)
        ? encodeEntries(value, budget, depth, encodeJoin)
        : stage === '$unionWith'
          ? encodeName(value)
          : VALUE;
    case '$facet':
      return isPlain(value)
        ? encodeEntries(value, budget, depth, (_, pipeline, rest, deeper) =>
            encodePipeline(pipeline, rest, deeper),
          )
        : VALUE;
    case '$project':
      return isPlain(value)
        ? encodeEntries(
            value,
            budget,
            depth,
            // Whether an index alone can answer hangs on it.
            (key, part, rest, deeper) =>
              key === '_id' && (part === 0 || part === false) ? '0' : encodeExpression(part, rest, deeper),
            false,
          )
        : VALUE;
    default:
      return encodeExpression(value, budget, depth);
  }
}

function encodeName(value: unknown): string {
  return typeof value === 'string' ? nameOf(value) : VALUE;
}

/** Keys of a `$lookup` and its like whose strings are names. */
export const NAMED: ReadonlySet<string> = new Set([
  'from',
  'coll',
  'localField',
  'foreignField',
  'as',
  'connectFromField',
  'connectToField',
]);

function encodeJoin(key: string, value: unknown, budget: Budget, depth: number): string {
  if (key === 'pipeline') return encodePipeline(value, budget, depth);
  if (key === 'restrictSearchWithMatch') return encodeFilter(value, budget, depth);
  return NAMED.has(key) ? encodeName(value) : encodeExpression(value, budget, depth);
}

/** Paths and operators of an expression stay; literals are values. */
function encodeExpression(value: unknown, budget: Budget, depth: number): string {
  if (typeof value === 'string') return value.startsWith('$') ? nameOf(value) : VALUE;
  if (Array.isArray(value)) return encodeForms(value, budget, depth, encodeExpression);
  if (!isPlain(value)) return VALUE;
  return encodeEntries(
    value,
    budget,
    depth,
    (key, inner, rest, deeper) =>
      key === '$literal' || key === '$const' ? VALUE : encodeExpression(inner, rest, deeper),
    false,
  );
}
