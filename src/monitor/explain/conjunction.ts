/** Conditions of a shape, all of which have to be met. */
export type Filter = Readonly<Record<string, unknown>>;

/** A condition of a filter: a path and what is asked of it, or an operator such as `$or` and its branches. */
export type Condition = readonly [key: string, test: unknown];

const RANGES = new Set(['$gt', '$gte', '$lt', '$lte']);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Several filters of a shape as one, as the server plans them. What they ask of one path stands in one test, so that two
 * bounds are one range, whoever has set them (a client and the rule of its rows, two stages, an `$expr`). What one path
 * cannot be asked twice in one test, a second `$or`, and what is cut off stands in an `$and` beside the others.
 */
export function joined(filters: readonly Filter[]): Filter {
  const whole: Record<string, unknown> = {};
  const apart: Filter[] = [];
  const add = (filter: Filter): void => {
    for (const [key, test] of Object.entries(filter)) {
      if (key === '$and' && isFilters(test)) test.forEach(add);
      else if (key !== '$and' && !(key in whole)) whole[key] = within(key, test);
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

/** The conditions of a filter, those of every `$and` among them. */
export function conjunctionOf(filter: Filter): readonly Condition[] {
  const { $and: apart = [], ...whole } = joined([filter]);
  return [whole, ...(apart as readonly Filter[])].flatMap((one) => Object.entries(one));
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
