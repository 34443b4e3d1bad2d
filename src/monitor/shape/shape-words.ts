import { printable } from '../../config/printable.js';
import { parseShape, type ShapeText } from './shape.js';

const CUT = '…';

type Parts = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** A name; anything else is what was cut off. */
const nameOf = (value: unknown): string => (typeof value === 'string' ? value : CUT);
const entries = (value: unknown): [string, unknown][] => (isObject(value) ? Object.entries(value) : []);

/**
 * A shape as a person would write the query, without values: a field alone is equal to one. What a projection reads is
 * left out (`fieldsRead`). A text that is no shape is answered as it is. Neither holds what a terminal would obey.
 *
 * @example posts.find({status, publishedAt <}).sort({publishedAt: -1})
 */
export function wordsOf(text: ShapeText): string {
  let shape;
  try {
    shape = parseShape(text);
  } catch {
    return printable(text);
  }
  const { command, collection, parts } = shape;
  return printable(collection + (COMMANDS[command] ?? ((rest) => `.${command}()${after(rest)}`))(parts));
}

/** The fields that a shape's projection names; none where whole documents are read. */
export function fieldsRead(text: ShapeText): readonly string[] {
  try {
    return listOf(parseShape(text).parts['projection']).map((name) => printable(String(name)));
  } catch {
    return [];
  }
}

const COMMANDS: Readonly<Record<string, (parts: Parts) => string>> = {
  find: (parts) => `.find(${filterOf(parts['filter'])})${after(parts)}`,
  aggregate: (parts) => `.aggregate(${pipelineOf(parts['pipeline'])})${after(parts)}`,
  count: (parts) => `.count(${filterOf(parts['query'])})${after(parts)}`,
  distinct: ({ key, query, ...rest }) =>
    `.distinct(${[nameOf(key), filterOf(query)].filter(Boolean).join(', ')})${after(rest)}`,
  insert: () => '.insert()',
  update: ({ updates }) => {
    if (!isObject(updates)) return `.update(${CUT})`;
    const { q, u, multi, upsert } = updates;
    return `.${multi ? 'updateMany' : 'updateOne'}(${filterOf(q) || '{}'}, ${changeOf(u)}${upsert ? ', upsert' : ''})${after(updates)}`;
  },
  delete: ({ deletes }) => {
    if (!isObject(deletes)) return `.delete(${CUT})`;
    return `.${deletes['limit'] === 1 ? 'deleteOne' : 'deleteMany'}(${filterOf(deletes['q']) || '{}'})${after({ ...deletes, limit: undefined })}`;
  },
  findAndModify: (parts) => {
    const { query, update, remove } = parts;
    const what = remove ? '' : `, ${changeOf(update)}`;
    return `.${remove ? 'findOneAndDelete' : 'findOneAndUpdate'}(${filterOf(query) || '{}'}${what})${after(parts)}`;
  },
};

function after({ sort, hint, skip, limit, collation }: Parts): string {
  return [
    sort !== undefined && `.sort(${sortOf(sort)})`,
    skip !== undefined && '.skip()',
    limit !== undefined && '.limit()',
    hint !== undefined && `.hint(${typeof hint === 'string' ? hint : sortOf(hint)})`,
    collation !== undefined && '.collation()',
  ]
    .filter(Boolean)
    .join('');
}

const sortOf = (value: unknown): string =>
  isObject(value)
    ? `{${entries(value)
        .map(([path, direction]) => `${path}: ${String(direction)}`)
        .join(', ')}}`
    : CUT;

/** A filter with its braces; empty for none. */
function filterOf(value: unknown): string {
  if (value === undefined) return '';
  if (!isObject(value)) return CUT;
  const conditions = conditionsOf(value);
  return conditions.length > 0 ? `{${conditions.join(', ')}}` : '';
}

const conditionsOf = (filter: Parts): string[] =>
  entries(filter).flatMap(([key, value]) => {
    // All of several filters are one.
    if (key === '$and')
      return listOf(value).flatMap((one) => (isObject(one) ? conditionsOf(one) : [nameOf(one)]));
    if (key === '$or' || key === '$nor') {
      const branches = listOf(value).map((one) => filterOf(one) || '{}');
      // Branches of one form are counted once.
      const several = branches.length === 1 ? [...branches, CUT] : branches;
      return [`${key === '$nor' ? 'none of ' : ''}(${several.join(' or ')})`];
    }
    if (key === '$expr') return [`$expr ${expressionOf(value)}`];
    return testsOf(key, value);
  });

const SIGNS: Readonly<Record<string, string>> = { $lt: '<', $lte: '<=', $gt: '>', $gte: '>=', $ne: '!=' };

/** What is asked of one field. */
function testsOf(path: string, value: unknown): string[] {
  if (!isObject(value)) return [path];
  return entries(value).map(([operator, operand]) => {
    switch (operator) {
      case '$eq':
        return path;
      case '$in':
      case '$nin':
      case '$all':
        return `${path} ${{ $in: 'in', $nin: 'not in', $all: 'has all of' }[operator]} [${listOf(operand).length === 1 ? '?' : '?, …'}]`;
      case '$exists':
        return `${path} ${operand === false ? 'is missing' : 'exists'}`;
      case '$regex':
        return `${path} ${operand === '^?' ? 'begins with' : 'matches'} /…/`;
      case '$not':
        return `not (${testsOf(path, operand).join(', ')})`;
      case '$elemMatch':
        return `${path} has ${filterOf(operand) || CUT}`;
      default:
        return `${path} ${SIGNS[operator] ?? operator}`;
    }
  });
}

/** Operators of a change, with the fields that each touches. */
const changeOf = (value: unknown): string =>
  isObject(value)
    ? entries(value)
        .map(([operator, fields]) => `${operator} {${listOf(fields).join(', ')}}`)
        .join(', ')
    : CUT;

const pipelineOf = (value: unknown): string =>
  Array.isArray(value)
    ? value
        .flatMap((stage) =>
          isObject(stage)
            ? entries(stage).map(([name, content]) => `${name} ${stageOf(name, content)}`.trim())
            : [CUT],
        )
        .join(' → ')
    : CUT;

function stageOf(name: string, content: unknown): string {
  switch (name) {
    case '$match':
      return filterOf(content) || '{}';
    case '$sort':
      return sortOf(content);
    case '$group':
      return isObject(content) ? `by ${expressionOf(content['_id'])}` : '';
    case '$lookup':
    case '$graphLookup': {
      if (!isObject(content)) return CUT;
      const { from, localField, foreignField, pipeline } = content;
      const on = localField === undefined ? '' : ` by ${nameOf(localField)} = ${nameOf(foreignField)}`;
      return `${nameOf(from)}${on}${pipeline === undefined ? '' : ` (${pipelineOf(pipeline)})`}`;
    }
    case '$unionWith':
      return isObject(content)
        ? `${nameOf(content['coll'])} (${pipelineOf(content['pipeline'] ?? [])})`
        : nameOf(content);
    case '$facet':
      return entries(content)
        .map(([key, pipeline]) => `${key} (${pipelineOf(pipeline)})`)
        .join(', ');
    case '$unwind':
    case '$count':
    case '$sortByCount':
      return expressionOf(isObject(content) ? content['path'] : content);
    default:
      return isObject(content) ? `{${Object.keys(content).join(', ')}}` : '';
  }
}

/** Paths without their sign, operators by name, literals as `?`. */
function expressionOf(value: unknown): string {
  if (typeof value === 'string') return value.replace(/^\$/, '');
  if (Array.isArray(value)) return value.map(expressionOf).join(', ');
  if (!isObject(value)) return '?';
  const [[first, only] = ['', ''], ...others] = entries(value);
  if (others.length === 0 && first.startsWith('$')) return `${first}(${expressionOf(only)})`;
  return `{${entries(value)
    .map(([key, inner]) => `${key}: ${expressionOf(inner)}`)
    .join(', ')}}`;
}
