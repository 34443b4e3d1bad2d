import type { SampleBatch } from 'bulkhead';

/** All documents of a sample, by collection. Holds everything at once: for tests and small scales. */
export function collect(batches: Iterable<SampleBatch>): ReadonlyMap<string, Record<string, unknown>[]> {
  const all = new Map<string, Record<string, unknown>[]>();
  for (const { collection, documents } of batches) {
    const known = all.get(collection);
    if (known) known.push(...documents);
    else all.set(collection, [...documents]);
  }
  return all;
}
