import { type Filter, isRecord } from './conditions.js';

const RANGES = new Set(['$gt', '$gte', '$lt', '$lte']);

/**
 * Several filters of a shape as one. What they ask of one path stands in one test, so that two bounds are one range,
 * whoever has set them (a client and the rule of its rows, two stages, an `$expr`). What one path cannot be asked twice
 * in one test, and a second `$or`, stands in an `$and` beside the others.
 */
export function joined(filters: readonly Filter[]): Filter {
  const whole: Record<string, unknown> = {};
  const apart: Filter[] = [];
  const add = (filter: Filter): void => {
    for (const [key, test] of Object.entries(filter)) {
      if (key === '$and' && isFilters(test)) test.forEach(add);
      else if (!(key in whole)) whole[key] = within(key, test);
      else {
        const both = key.startsWith('$') ? undefined : inOne(whole[key], test);
        if (both) whole[key] = both;
        else apart.push({ [key]: within(key, test) });
      }
    }
  };
  filters.forEach(add);
  return apart.length > 0 ? { ...whole, $and: apart } : whole;
}

const isFilters = (value: unknown): value is Filter[] => Array.isArray(value) && value.every(isRecord);

/** The same for filters inside of a condition. */
function within(key: string, test: unknown): unknown {
  if (key === '$or' || key === '$nor') return isFilters(test) ? test.map((one) => joined([one])) : test;
  if (key.startsWith('$') || !isRecord(test) || !isRecord(test['$elemMatch'])) return test;
  const { $elemMatch } = test;
  const isFilter = !Object.keys($elemMatch)[0]?.startsWith('$') || '$and' in $elemMatch;
  return isFilter ? { ...test, $elemMatch: joined([$elemMatch]) } : test;
}

/** Two tests of one path as one; of two bounds on one side the narrower holds, and a shape has no values. */
function inOne(one: unknown, other: unknown): Filter | undefined {
  if (!isRecord(one) || !isRecord(other)) return undefined;
  const isTwice = Object.keys(other).some((operator) => operator in one && !RANGES.has(operator));
  return isTwice ? undefined : { ...one, ...other };
}
