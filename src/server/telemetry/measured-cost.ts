import type { ExecutionResult } from 'graphql';
import { translating } from '../../database/driver-errors.js';
import type { OperationCost } from '../../monitor/command-cost.js';
import type { ProductRequest } from '../runtime/product-request.js';

/** The header that asks for what an operation costs; any value. */
export const COST_HEADER = 'bulkhead-cost';

/** An answer with what it cost in each product, where that was asked. */
export async function withCost(
  result: ExecutionResult,
  stays: Iterable<ProductRequest>,
): Promise<ExecutionResult> {
  const costs: Record<string, OperationCost> = {};
  for (const stay of stays) {
    const cost = await translating(() => stay.cost());
    if (cost) costs[stay.runtime.name] = cost;
  }
  if (Object.keys(costs).length === 0) return result;
  return { ...result, extensions: { ...result.extensions, cost: costs } };
}
