import type { OperationCost } from './command-cost.js';

/** An operation, and where it is sent. */
export interface MeasuredOperation {
  /** Of a product's endpoint or the composed graph, such as `http://127.0.0.1:4000/graphql/shop`. */
  readonly url: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly token?: string;
}

/** The most that an operation may cost; what is left out is not looked at. In the composed graph, in all products. */
export type Budget = Partial<Omit<OperationCost, 'list'>>;

/**
 * Sends an operation and holds what it cost the database against a budget. The gateway tells that to anybody outside
 * production, and in production to operators. Each command is explained after the operation: of a write, the plan is that of
 * now, and documents examined are at least those that it has changed or deleted.
 *
 * @example await expectOperation({ url, query: '{ items { nodes { name } } }' }).toCost({ commands: 1, collectionScans: 0 })
 */
export const expectOperation = (operation: MeasuredOperation) => ({
  /** @throws Error that names every command, when the answer has errors or the budget is passed. */
  async toCost(budget: Budget): Promise<OperationCost> {
    const cost = await measure(operation);
    const unknown = Object.keys(budget).filter((key) => typeof cost[key as keyof Budget] !== 'number');
    if (unknown.length > 0)
      throw new TypeError(
        `A budget has no ${unknown.join(', ')}; it has ${Object.keys(cost)
          .filter((key) => key !== 'list')
          .join(', ')}.`,
      );
    const passed = Object.entries(budget).filter(
      ([key, most]) => most !== undefined && !(cost[key as keyof Budget] <= most),
    );
    if (passed.length === 0) return cost;
    const over = passed.map(
      ([key, most]) => `${key}: expected at most ${most}, got ${cost[key as keyof Budget]}`,
    );
    throw new Error(
      [`The operation costs more than its budget.`, ...over, ...cost.list.map(lineOf)].join('\n'),
    );
  },
});

async function measure({ url, query, variables, token }: MeasuredOperation): Promise<OperationCost> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      'bulkhead-cost': 'yes',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { errors, extensions } = (await response.json()) as {
    errors?: readonly { message: string }[];
    extensions?: { cost?: Readonly<Record<string, OperationCost>> };
  };
  if (errors)
    throw new Error(`The operation was not answered: ${errors.map(({ message }) => message).join(' ')}`);
  if (!extensions?.cost)
    throw new Error(
      'The gateway did not say what the operation costs: it does outside production and to operators, while BULKHEAD_MONITOR is on.',
    );
  const costs = Object.values(extensions.cost);
  const sum = (key: keyof Budget) => costs.reduce((total, cost) => total + cost[key], 0);
  return {
    commands: sum('commands'),
    documentsExamined: sum('documentsExamined'),
    keysExamined: sum('keysExamined'),
    collectionScans: sum('collectionScans'),
    inMemorySorts: sum('inMemorySorts'),
    list: costs.flatMap(({ list }) => list),
  };
}

const lineOf = (one: OperationCost['list'][number]): string =>
  `  ${one.field}: ${one.command} ${one.collection}, ${one.documentsExamined} documents and ${one.keysExamined} keys examined` +
  (one.indexes.length > 0 ? ` by ${one.indexes.join(', ')}` : '') +
  (one.collectionScan ? ', COLLECTION SCAN' : '') +
  (one.inMemorySort ? ', sorted in memory' : '');
