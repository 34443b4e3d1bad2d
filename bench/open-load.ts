import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Outcome } from './client.js';

/** One request of a load: when it was due, in milliseconds since the load began, how long its answer took from then, and what it was. */
export interface Sample {
  readonly product: string;
  readonly dueMs: number;
  readonly tookMs: number;
  readonly outcome: Outcome;
}

export interface OpenLoadOptions {
  readonly address: string;
  readonly products: readonly string[];
  readonly body: string;
  /** Requests a second to all products together. */
  readonly rate: number;
  readonly seconds: number;
}

const TICK_MS = 5;

/**
 * Sends requests at a fixed rate, to the products in turn, whether or not those before were answered: a slow server
 * cannot slow the load down, and latency counts from when a request was due.
 */
export async function openLoad(options: OpenLoadOptions): Promise<Sample[]> {
  const { address, products, body, rate, seconds } = options;
  const client = new Client(address);
  const samples: Sample[] = [];
  const pending = new Set<Promise<void>>();
  const begin = performance.now();
  const one = async (product: string, dueMs: number) => {
    const outcome = await client.send(product, body);
    samples.push({ product, dueMs, tookMs: performance.now() - begin - dueMs, outcome });
  };
  const count = Math.round(rate * seconds);
  for (let n = 0; n < count; await sleep(TICK_MS)) {
    for (; n < count && begin + (n * 1_000) / rate <= performance.now(); n += 1) {
      const asking = one(products[n % products.length]!, (n * 1_000) / rate);
      pending.add(asking);
      void asking.then(() => pending.delete(asking));
    }
  }
  await Promise.all(pending);
  client.close();
  return samples;
}
