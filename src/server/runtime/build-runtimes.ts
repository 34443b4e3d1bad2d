import { checkContract } from '../../contract/check-contract.js';
import { StartError, UsageError } from '../../errors/bulkhead-error.js';
import type { Gateway } from '../../product/gateway.js';
import { ProductRuntime } from './product-runtime.js';

/** Builds every product; all faults of code in all of them are reported at once. */
export function buildRuntimes(gateway: Gateway, only?: readonly string[]): Map<string, ProductRuntime> {
  const unknown = (only ?? []).filter((name) => !Object.hasOwn(gateway.products, name));
  if (unknown.length > 0)
    throw new UsageError(
      unknown.map(
        (name) => `${name}: no such product; there are ${Object.keys(gateway.products).join(', ')}.`,
      ),
    );
  const problems: string[] = [];
  const runtimes = new Map<string, ProductRuntime>();
  for (const [name, product] of Object.entries(gateway.products)) {
    if (only && only.length > 0 && !only.includes(name)) continue;
    try {
      const runtime = new ProductRuntime(name, product);
      const { classes, resolvers, graph: isolated } = runtime;
      problems.push(...checkContract({ product: name, isolated, classes, resolvers }));
      runtimes.set(name, runtime);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      problems.push(...error.problems.map((problem) => `${name}: ${problem}`));
    }
  }
  if (problems.length > 0) throw new StartError([...new Set(problems)]);
  return runtimes;
}
