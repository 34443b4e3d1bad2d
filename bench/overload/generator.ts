import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client.js';
import { openLoad, type OpenLoadOptions, type Sample } from '../open-load.js';

/** What the generator is asked for: as much as so many connections can get, or one open load after the other. */
export type Leg =
  | { readonly kind: 'closed'; readonly connections: number; readonly load: Omit<OpenLoadOptions, 'rate'> }
  | { readonly kind: 'open'; readonly loads: readonly OpenLoadOptions[] };

/** What it answers: a list of samples per load. */
export type LegResult = readonly (readonly Sample[])[];

async function closedLoad(
  connections: number,
  { address, products, body, seconds }: Omit<OpenLoadOptions, 'rate'>,
): Promise<Sample[]> {
  const client = new Client(address);
  const samples: Sample[] = [];
  const [product] = products as [string];
  const begin = performance.now();
  const elapsed = () => performance.now() - begin;
  const one = async () => {
    while (elapsed() < seconds * 1_000) {
      const dueMs = elapsed();
      const outcome = await client.send(product, body);
      samples.push({ product, dueMs, tookMs: elapsed() - dueMs, outcome });
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  client.close();
  return samples;
}

async function run(leg: Leg): Promise<LegResult> {
  if (leg.kind === 'closed') return [await closedLoad(leg.connections, leg.load)];
  const running: Promise<Sample[]>[] = [];
  for (const load of leg.loads) {
    // The next load begins when this one's last request is due, not when it is answered.
    running.push(openLoad(load));
    await sleep(load.seconds * 1_000);
  }
  return Promise.all(running);
}

process.on('message', (leg: Leg) => {
  void run(leg).then((result) => process.send!(result));
});
