/** A condition of a filter: a path and what is asked of it, or an operator such as `$or` and its branches. */
export type Condition = readonly [key: string, test: unknown];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The conditions that all have to be met, as the server plans them: a filter's entries with those of every `$and`, and
 * the operators of one path in one test where none stands twice. Two bounds of one path are one range, wherever they
 * stand. What is cut off stays as it is.
 */
export function conjunctionOf(filter: Readonly<Record<string, unknown>>): readonly Condition[] {
  const joined: [string, unknown][] = [];
  for (const [key, test] of flat(filter)) {
    const before = joined.find(([other, so]) => other === key && areApart(so, test));
    if (before) before[1] = { ...(before[1] as object), ...(test as object) };
    else joined.push([key, test]);
  }
  return joined;
}

const flat = (filter: Readonly<Record<string, unknown>>): readonly Condition[] =>
  Object.entries(filter).flatMap(([key, test]): readonly Condition[] =>
    key === '$and' && Array.isArray(test) && test.length > 0 && test.every(isObject)
      ? test.flatMap(flat)
      : [[key, test]],
  );

/** Whether two tests are of operators, all different. */
const areApart = (one: unknown, other: unknown): boolean =>
  isObject(one) &&
  isObject(other) &&
  [...Object.keys(one), ...Object.keys(other)].every((operator) => operator.startsWith('$')) &&
  !Object.keys(one).some((operator) => operator in other);
