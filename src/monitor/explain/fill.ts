import type { mongo } from 'mongoose';
import { conjunctionOf } from './conjunction.js';
import type { Sample, SampleValues } from './sample.js';

/** A shape that cannot be made a command again, and why, in words without a value. */
export class CannotRebuild extends Error {}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const LOWER = ['$gt', '$gte'] as const;
const UPPER = ['$lt', '$lte'] as const;

/** Puts a sample's values where a shape's filter has lost its own. @throws CannotRebuild */
export function fillFilter(filter: unknown, sample: Sample): mongo.Document {
  if (!isObject(filter)) throw new CannotRebuild('its filter is cut off or is a value');
  const filled: mongo.Document = {};
  const more: mongo.Document[] = [];
  for (const [key, test] of conjunctionOf(filter)) {
    if (key === '$comment') continue;
    const value = fillCondition(key, test, sample);
    if (key in filled) more.push({ [key]: value });
    else filled[key] = value;
  }
  return more.length > 0 ? { ...filled, $and: more } : filled;
}

function fillCondition(key: string, test: unknown, sample: Sample): unknown {
  if (test === '…' || key.split('.').some((segment) => segment === '…' || segment === '*'))
    throw new CannotRebuild('a part of it is cut off, or a field has a value in its name');
  if (key === '$and' || key === '$or' || key === '$nor') return fillBranches(key, test, sample);
  if (key === '$expr') return fillExpression(test);
  if (key.startsWith('$')) throw new CannotRebuild(`it uses ${key}`);
  return fillTest(test, sample.at(key));
}

function fillBranches(key: string, branches: unknown, sample: Sample): mongo.Document[] {
  if (!Array.isArray(branches) || branches.length === 0)
    throw new CannotRebuild('a part of it is cut off, or is a value');
  // Branches of one form are one in the shape; an `$or` of one is not planned as an `$or`.
  const forms: readonly unknown[] =
    key === '$or' && branches.length === 1 ? [branches[0], branches[0]] : branches;
  return forms.map((form, index) => fillFilter(form, sample.from(index)));
}

function fillTest(test: unknown, values: SampleValues): unknown {
  if (test === '?') return values.one;
  if (!isObject(test)) throw new CannotRebuild('a part of it is cut off');
  const isRange = LOWER.some((one) => one in test) && UPPER.some((one) => one in test);
  const filled: mongo.Document = {};
  for (const [operator, operand] of Object.entries(test)) {
    if (operator === '$options') continue;
    filled[operator] = fillOperator(operator, operand, values, isRange);
  }
  return filled;
}

function fillOperator(operator: string, operand: unknown, values: SampleValues, isRange: boolean): unknown {
  switch (operator) {
    case '$eq':
    case '$ne':
      return values.one;
    case '$gt':
    case '$gte':
      return values.bounds.lower ?? values.bound(isRange ? 0.25 : 0.5);
    case '$lt':
    case '$lte':
      return values.bounds.upper ?? values.bound(isRange ? 0.75 : 0.5);
    case '$in':
    case '$nin':
    case '$all':
      return values.some(Array.isArray(operand) ? operand.length : 1);
    case '$exists':
      return operand === true || operand === 'true';
    case '$regex':
      return operand === '^?' ? `^${values.piece(true)}` : values.piece(false);
    case '$not':
      return isObject(operand) ? fillTest(operand, values) : { $eq: values.one };
    case '$elemMatch':
      return isObject(operand) && Object.keys(operand)[0]?.startsWith('$')
        ? fillTest(operand, values)
        : fillFilter(operand, values.elements);
    case '$size':
      return 1;
    case '$mod':
      return [2, 0];
    default:
      throw new CannotRebuild(operator === '…' ? 'a part of it is cut off' : `it uses ${operator}`);
  }
}

/** What stands for a literal, by the name of the argument; elsewhere it is 1. */
const LITERALS: Readonly<Record<string, unknown>> = {
  format: '%Y-%m-%d',
  timezone: 'UTC',
  unit: 'day',
  startOfWeek: 'monday',
  $count: 'count',
};

/** What runs code, and what the server has for itself. */
const CODE = /^\$(?:function|accumulator|where|_.*)$/;

/** Puts literals into an expression that has lost its own. @throws CannotRebuild */
export function fillExpression(expression: unknown, name = ''): unknown {
  if (expression === '…') throw new CannotRebuild('a part of it is cut off');
  if (expression === '?') return LITERALS[name] ?? 1;
  if (Array.isArray(expression)) return expression.map((one) => fillExpression(one));
  if (!isObject(expression)) return expression;
  return Object.fromEntries(
    Object.entries(expression).map(([key, inner]) => {
      if (key === '…') throw new CannotRebuild('a part of it is cut off');
      // Code that somebody has stored does not run with this credential.
      if (CODE.test(key)) throw new CannotRebuild(`it uses ${key}`);
      return [key, fillExpression(inner, key)];
    }),
  );
}
